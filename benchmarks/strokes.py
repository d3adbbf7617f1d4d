"""Share of the style gap closed at full resolution: random crops of paintings against random crops of scans.

    python benchmarks/strokes.py PHOTOS SCANS OTHER_SCANS PAINTED... --crops DIR

PHOTOS are large photographs, PAINTED folders of their paintings, SCANS held-out high-resolution scans of real
paintings, and OTHER_SCANS more by the same painter. Crops of --side pixels are taken from all of them, at the same
places in a photograph and its paintings. The distance is the unbiased kernel inception distance (KID) in
EfficientNet-Lite2, which is not used in training; the closed share is where the painted crops lie between the
photographs' own (0 %) and the other scans' (100 %). --crops keeps the crops as files for other metrics.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels
from gan_style.metrics.distances import Features, gap_closed, kernel_distance
from gan_style.metrics.features import choose_features


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("scans", type=Path)
    parser.add_argument("others", type=Path, metavar="OTHER_SCANS")
    parser.add_argument("painted", type=Path, nargs="+")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--count", type=int, default=200, help="number of crops per set")
    parser.add_argument("--features", default="lite2")
    parser.add_argument("--crops", type=Path, help="output folder for the crops")
    options = parser.parse_args()
    look = choose_features(options.features)

    def features(name: str, folder: Path) -> Features:
        crops = cut(folder, options.count, options.side)
        if options.crops:
            target = options.crops / name
            target.mkdir(parents=True, exist_ok=True)
            for index, crop in enumerate(crops):
                Image.fromarray(crop).save(target / f"{index:04}.png")
        return np.stack([look(crop).vector for crop in crops])

    photos, scans = features("photos", options.photos), features("scans", options.scans)
    others = features("others", options.others)
    scale = float(np.sqrt(np.square(others).mean()))
    photos, scans, others = photos / scale, scans / scale, others / scale
    floor = kernel_distance(others, scans).value
    print(f"photographs {1e3 * kernel_distance(photos, scans).value:.0f}, other scans {1e3 * floor:.0f} (KID x 1000)")
    for folder in options.painted:
        painted = features(folder.name, folder) / scale
        closed = gap_closed(photos, painted, scans, floor).estimate
        distance = 1e3 * kernel_distance(painted, scans).value
        print(f"{folder}: {distance:.0f}, closed {100 * closed.value:.1f} % +- {100 * closed.margin:.1f}")


def cut(folder: Path, count: int, side: int) -> list[Pixels]:
    """Random crops, as many of each picture; where they lie depends on its size and its place in the order of names."""
    paths = sorted(find_pictures(folder), key=lambda path: path.name)
    if not paths:
        raise SystemExit(f"{folder} holds no pictures")
    crops = []
    for index, path in enumerate(paths):
        rgb = read_picture(path).rgb
        seed = hashlib.sha256(f"{index} {rgb.shape}".encode()).digest()
        random = np.random.default_rng(np.frombuffer(seed, np.uint32))
        # The first pictures have one more where it does not come out even.
        for _ in range(len(range(index, count, len(paths)))):
            top, left = (int(random.integers(max(1, length - side + 1))) for length in rgb.shape[:2])
            crops.append(rgb[top : top + side, left : left + side])
    return crops


if __name__ == "__main__":
    main()
