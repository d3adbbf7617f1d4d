"""What is left of the gap between painted photographs and paintings: strokes and colours, or what is where?

    python benchmarks/arrangement.py PHOTOS PAINTINGS LEARNT --styles monet mine.safetensors --sets other/paintings

Every picture is cut to its central square of 256 pixels, that into tiles, and these are shuffled. A shuffled picture
keeps what is smaller than a tile, strokes and colours, and loses what is larger, composition and subject. Prints, for
each size of tile, the share of the gap closed between PHOTOS and PAINTINGS (two sets that nothing was learnt from) by
each style, and by each further set of pictures as it is: paintings by somebody else, say. LEARNT, other paintings by
the same painter, tells what cannot be closed. Distances are KID x 1000 in the unit of ``gan-style eval``, which takes
no such floor off.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import gan_style
from gan_style.evaluation.sets import scale_of
from gan_style.imaging.decoding import Pixels, read_picture
from gan_style.imaging.finding import find_pictures
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
    """All pictures of a folder, their short side at most 256 pixels."""
    return [read_picture(path, SIDE).rgb for path in find_pictures(folder)]


def squares(some: Iterable[Pixels]) -> list[Pixels]:
    """Their central squares."""
    return [central_square(rgb, SIDE) for rgb in some]


def vectors(some: list[Pixels], tile: int, space: FeatureSpace) -> Features:
    """(N, D) of pictures whose tiles are shuffled, each in an order of its own."""
    draw = np.random.default_rng(0)
    return np.stack([space(shuffled(rgb, tile, draw)).vector for rgb in some])


def shuffled(rgb: Pixels, tile: int, draw: np.random.Generator) -> Pixels:
    """The same square with its tiles in another order."""
    count = SIDE // tile
    tiles = rgb.reshape(count, tile, count, tile, 3).swapaxes(1, 2).reshape(-1, tile, tile, 3)
    mixed: Pixels = draw.permutation(tiles).reshape(count, count, tile, tile, 3).swapaxes(1, 2).reshape(rgb.shape)
    return mixed


if __name__ == "__main__":
    main()
