"""Measure how much, and in how many directions, the latent vector changes the paintings of a style.

    python benchmarks/variations.py STYLE PHOTOS [--pictures 16] [--seeds 8] [--sheet FILE]

For every photograph, paintings with several seeds are compared in pairs: mean absolute difference of pixels, and
distance between pooled features of a network that training does not use (EfficientNet-Lite2), as a share of the
distance between photograph and painting. Directions: the participation ratio of the covariance of those features over
seeds, 1 if all lie on a line, at most the number of seeds less one. Palette: what share of the pixels'
difference is left when every painting is given the mean color of the others.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
from PIL import Image

import gan_style
from gan_style.imaging.finding import find_pictures
from gan_style.metrics.features import choose_features


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("style")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--sheet", type=Path, help="output file for a sheet with one row per photograph")
    options = parser.parse_args()
    style, space = gan_style.load_style(options.style), choose_features()
    found = list(find_pictures(options.photos))
    chosen = [found[index] for index in np.linspace(0, len(found) - 1, options.pictures).astype(int)]
    pixels, textures, distances, deviations, rows = [], [], [], [], []
    for path in chosen:
        with Image.open(path) as image:
            photo = np.asarray(image.convert("RGB"))
        middle = np.asarray(style.paint(photo))
        painted = [np.asarray(style.paint(photo, seed=seed)) for seed in range(options.seeds)]
        rows.append(np.concatenate([photo, middle, *painted], 1))
        features = np.stack([space(one).vector for one in painted])
        moved = float(np.linalg.norm(space(middle).vector - space(photo).vector))
        for first, second in itertools.combinations(range(options.seeds), 2):
            difference = painted[first].astype(float) - painted[second]
            pixels.append(np.abs(difference).mean())
            textures.append(np.abs(difference - difference.mean((0, 1))).mean())
            distances.append(float(np.linalg.norm(features[first] - features[second])) / moved)
        deviations.append(features - features.mean(0))
    spectra = [np.linalg.svd(one, compute_uv=False) ** 2 for one in deviations]
    directions = [float(one.sum() ** 2 / np.square(one).sum()) for one in spectra]
    print(f"{len(chosen)} photographs, {options.seeds} seeds")
    print(f"pixels      {np.mean(pixels):.1f} / 255 between two paintings of one photograph")
    print(f"palette     {100 * np.mean(textures) / np.mean(pixels):.0f} % of that remain without the mean color")
    print(f"features    {np.mean(distances):.2f} of the distance between photograph and painting")
    print(f"directions  {np.mean(directions):.1f}")
    if options.sheet:
        height, width = min(row.shape[0] for row in rows), min(row.shape[1] for row in rows)
        Image.fromarray(np.concatenate([row[:height, :width] for row in rows])).save(options.sheet)


if __name__ == "__main__":
    main()
