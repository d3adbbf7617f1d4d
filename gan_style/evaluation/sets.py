"""One set of pictures as evaluation sees it: vectors and patches, added picture by picture, the pictures let go."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_style.imaging.decoding import Pixels
from gan_style.metrics.distances import Features
from gan_style.metrics.features import FeatureSpace, Seen, central_square
from gan_style.metrics.patches import Floats, PatchConfig, draw_patches

PATCH_SIDE = 256
"""Pixels of the central square from which patches are drawn, so that those of all sets are of one scale."""


class Measured:
    """What is kept of a set."""

    def __init__(self, space: FeatureSpace, config: PatchConfig) -> None:
        self.space, self.config = space, config
        self.rows: list[npt.NDArray[np.float32]] = []
        self.drawn: list[list[Floats]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, rgb: Pixels) -> Seen:
        """Take note of a picture of any size, (H, W, 3), and tell what the network saw."""
        seen = self.space(rgb)
        square = central_square(rgb, PATCH_SIDE)
        self.drawn.append(draw_patches(square, self.config, len(self.rows)))
        self.rows.append(seen.vector)
        return seen

    @property
    def vectors(self) -> Features:
        """(N, D)."""
        return np.stack(self.rows)

    def patches(self, level: int) -> Floats:
        """(N, P, PATCH * PATCH * 3) of one level of the pyramid."""
        return np.stack([levels[level] for levels in self.drawn])

    def part(self, members: list[int]) -> Measured:
        """Some of the pictures."""
        result = Measured(self.space, self.config)
        result.rows = [self.rows[index] for index in members]
        result.drawn = [self.drawn[index] for index in members]
        return result


def scale_of(vectors: Features) -> float:
    """Root mean square of real paintings' features: the unit in which all sets are measured."""
    return float(np.sqrt(np.square(vectors, dtype=np.float64).mean())) or 1.0
