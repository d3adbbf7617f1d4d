"""Split the remaining style gap into strokes and colors versus composition, by shuffling tiles.

    python benchmarks/arrangement.py PHOTOS PAINTINGS LEARNT --styles monet mine.safetensors --sets other/paintings

The central square of 256 pixels of every picture is cut into tiles, which are shuffled. A shuffled picture keeps what
is smaller than a tile (strokes and colors) and loses what is larger (composition and subject). Prints, for each tile
size, the share of the gap between PHOTOS and PAINTINGS (two held-out sets) that is closed by each style, and by each
additional set of pictures without painting it, for example works of another painter. LEARNT, other paintings by the
same painter, gives the floor. Distances are KID x 1000 in the unit of ``gan-style eval``, which subtracts no floor.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import gan_style
from gan_style.evaluation.sets import scale_of
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels
from gan_style.metrics.distances import Features, gap_closed, kernel_distance
from gan_style.metrics.features import FeatureSpace, central_square, choose_features

SIDE = 256
TILES = (256, 128, 64, 32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("learnt", type=Path)
    parser.add_argument("--styles", nargs="*", default=[])
    parser.add_argument("--sets", nargs="*", type=Path, default=[])
    parser.add_argument("--features", default="auto")
    options = parser.parse_args()
    space = choose_features(options.features)
    photos = pictures(options.photos)
    paintings, learnt = squares(pictures(options.paintings)), squares(pictures(options.learnt))
    others = {folder.as_posix(): squares(pictures(folder)) for folder in options.sets}
    painted = {}
    for name in options.styles:
        painter = gan_style.load_style(name).painter
        painted[name] = squares(painter.paint(rgb) for rgb in photos)
    before = squares(photos)
    print(f"{space.name}\n")
    columns = [*painted, *others]
    print(f"| tiles | photographs | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}")
    for tile in TILES:
        here, there, known = (vectors(some, tile, space) for some in (before, paintings, learnt))
        unit = scale_of(there)
        here, there, known = here / unit, there / unit, known / unit
        start = kernel_distance(here, there).value
        floor = kernel_distance(known, there).value
        cells = [f"{1000 * start:.0f}"]
        for some in painted.values():
            closed = gap_closed(here, vectors(some, tile, space) / unit, there, floor).estimate
            cells.append(f"{100 * closed.value:.1f} % ± {100 * closed.margin:.1f}")
        for some in others.values():
            distance = kernel_distance(vectors(some, tile, space) / unit, there).value
            cells.append(f"{100 * (1 - (distance - floor) / (start - floor)):.1f} %")
        print(f"| {tile} | {' | '.join(cells)} |", flush=True)


def pictures(folder: Path) -> list[Pixels]:
    """Read all pictures of a folder, with a short side of at most 256 pixels."""
    return [read_picture(path, SIDE).rgb for path in find_pictures(folder)]


def squares(some: Iterable[Pixels]) -> list[Pixels]:
    """Crop the central squares."""
    return [central_square(rgb, SIDE) for rgb in some]


def vectors(some: list[Pixels], tile: int, space: FeatureSpace) -> Features:
    """Features, (N, D), of pictures with shuffled tiles, in a different order for each picture."""
    draw = np.random.default_rng(0)
    return np.stack([space(shuffled(rgb, tile, draw)).vector for rgb in some])


def shuffled(rgb: Pixels, tile: int, draw: np.random.Generator) -> Pixels:
    """Shuffle the tiles of a square picture."""
    count = SIDE // tile
    tiles = rgb.reshape(count, tile, count, tile, 3).swapaxes(1, 2).reshape(-1, tile, tile, 3)
    mixed: Pixels = draw.permutation(tiles).reshape(count, count, tile, tile, 3).swapaxes(1, 2).reshape(rgb.shape)
    return mixed


if __name__ == "__main__":
    main()
