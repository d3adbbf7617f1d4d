"""Pictures that are there more than once, whether byte by byte or scanned, resized and saved again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_style.imaging.decoding import Pixels

SIDE = 16
"""Of the small grey pictures that are compared."""

ALIKE = 0.99
"""Correlation of these from which two pictures are the same."""

BLOCK = 4096
"""Pictures that are compared with all others at a time."""

Prints = npt.NDArray[np.float32]


def fingerprint(rgb: Pixels) -> Prints:
    """A small grey picture, (SIDE * SIDE,), with mean 0 and length 1; zeros for a flat one."""
    small = Image.fromarray(rgb).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    values = np.asarray(small, np.float32).ravel()
    values = values - values.mean()
    length = float(np.linalg.norm(values))
    return values / length if length > SIDE else np.zeros_like(values)


def find_distinct(prints: Sequence[Prints]) -> list[int]:
    """Places of the pictures that show something, each of several that are the same once.

    Of a slow turn of the camera, where every picture is like its neighbours, some are left.

    Args:
        prints: of every picture, see :func:`fingerprint`.

    Returns:
        Places in rising order; the first alone where no picture shows anything.
    """
    kept: list[int] = []
    for place, one in enumerate(prints):
        if one.any() and not any(float(one @ prints[other]) > ALIKE for other in kept):
            kept.append(place)
    return kept or [0]


def find_duplicates(prints: Sequence[Prints]) -> list[list[int]]:
    """Groups of pictures that are the same.

    Args:
        prints: of every picture, see :func:`fingerprint`.

    Returns:
        Groups of two or more, each in rising order.
    """
    table = np.stack(prints) if prints else np.zeros((0, SIDE * SIDE), np.float32)
    first = list(range(len(table)))

    def root(index: int) -> int:
        while first[index] != index:
            index = first[index]
        return index

    for start in range(0, len(table), BLOCK):
        for other in range(0, start + 1, BLOCK):
            likeness = table[start : start + BLOCK] @ table[other : other + BLOCK].T
            for row, column in np.argwhere(likeness > ALIKE):
                older, newer = sorted((root(start + int(row)), root(other + int(column))))
                first[newer] = older
    groups: dict[int, list[int]] = defaultdict(list)
    for index in range(len(table)):
        groups[root(index)].append(index)
    return [group for group in groups.values() if len(group) > 1]
