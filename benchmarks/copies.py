"""Test a style for memorization: are its outputs nearer to its training paintings than to others?

    python benchmarks/copies.py mine.safetensors PHOTOS LEARNT OTHERS

LEARNT has the training paintings of the style, OTHERS more paintings by the same painter. Prints the mean distance of
painted photographs from their nearest neighbor in LEARNT, and in as many random samples of OTHERS, with the range of
95 % of 200 draws; then the same for the photographs themselves. Distances are one minus the cosine similarity of pooled
EfficientNet-Lite2 features.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

import gan_style
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels
from gan_style.metrics.features import FeatureSpace, choose_features

SIDE, DRAWS = 256, 200

Vectors = npt.NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("style")
    parser.add_argument("photos", type=Path)
    parser.add_argument("learnt", type=Path)
    parser.add_argument("others", type=Path)
    options = parser.parse_args()
    style, space = gan_style.load_style(options.style), choose_features()
    photos, learnt, others = (
        [read_picture(path, SIDE).rgb for path in find_pictures(folder)]
        for folder in (options.photos, options.learnt, options.others)
    )
    known, unknown = vectors(learnt, space), vectors(others, space)
    draw = np.random.default_rng(0)
    draws = [unknown[draw.permutation(len(unknown))[: len(known)]] for _ in range(DRAWS)]
    painted = (style.painter.paint(rgb) for rgb in photos)
    for name, some in (("painted", vectors(painted, space)), ("photographs", vectors(photos, space))):
        away = [nearest(some, drawn) for drawn in draws]
        low, high = np.quantile(away, [0.025, 0.975])
        print(
            f"{name}: {nearest(some, known):.4f} to the nearest of {len(known)} learnt from, {np.mean(away):.4f} "
            f"({low:.4f} to {high:.4f}) to the nearest of as many others"
        )


def vectors(pictures: Iterable[Pixels], space: FeatureSpace) -> Vectors:
    """Features, (N, D), normalized to unit length."""
    rows = np.stack([space(rgb).vector.astype(np.float64) for rgb in pictures])
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def nearest(some: Vectors, others: Vectors) -> float:
    """Mean distance from the nearest neighbor."""
    return float((1 - (some @ others.T).max(1)).mean())


if __name__ == "__main__":
    main()
