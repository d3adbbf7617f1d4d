"""Detection of duplicate pictures, whether exact copies or rescanned, resized or recompressed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_style.imaging.types import Pixels

SIDE = 16
"""Side in pixels of the grayscale thumbnails that are compared."""

ALIKE = 0.99
"""Correlation of thumbnails from which two pictures count as duplicates."""

BLOCK = 4096
"""Number of pictures compared with all others at a time."""

Prints = npt.NDArray[np.float32]


def fingerprint(rgb: Pixels) -> Prints:
    """Return a normalized grayscale thumbnail, (SIDE * SIDE,), with mean 0 and length 1; zeros for a flat picture."""
    small = Image.fromarray(rgb).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    values = np.asarray(small, np.float32).ravel()
    values = values - values.mean()
    length = float(np.linalg.norm(values))
    return values / length if length > SIDE else np.zeros_like(values)


def find_distinct(prints: Sequence[Prints]) -> list[int]:
    """Return the indices of pictures without blank ones and duplicates.

    Of a slow camera pan, in which consecutive frames are similar, some frames remain.

    Args:
        prints: fingerprints of all pictures, see :func:`fingerprint`.

    Returns:
        Indices in ascending order; only the first if all pictures are blank.
    """
    kept: list[int] = []
    for place, one in enumerate(prints):
        if one.any() and not any(float(one @ prints[other]) > ALIKE for other in kept):
            kept.append(place)
    return kept or [0]


def find_duplicates(prints: Sequence[Prints]) -> list[list[int]]:
    """Find groups of duplicates.

    Args:
        prints: fingerprints of all pictures, see :func:`fingerprint`.

    Returns:
        Groups of two or more indices, each in ascending order.
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
