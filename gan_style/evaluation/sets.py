"""Features and patches of a set of pictures, added one by one; the pictures themselves are not stored."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_style.imaging.types import Pixels
from gan_style.metrics.distances import Features
from gan_style.metrics.features import FeatureSpace, Seen, central_square
from gan_style.metrics.patches import Floats, PatchConfig, draw_patches

PATCH_SIDE = 256
"""Side in pixels of the central square from which patches are drawn, so that all sets have the same scale."""


class Measured:
    """Feature vectors and patches of a set."""

    def __init__(self, space: FeatureSpace, config: PatchConfig) -> None:
        self.space, self.config = space, config
        self.rows: list[npt.NDArray[np.float32]] = []
        self.drawn: list[list[Floats]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, rgb: Pixels) -> Seen:
        """Add a picture of any size, (H, W, 3), and return its features."""
        seen = self.space(rgb)
        square = central_square(rgb, PATCH_SIDE)
        self.drawn.append(draw_patches(square, self.config, len(self.rows)))
        self.rows.append(seen.vector)
        return seen

    @property
    def vectors(self) -> Features:
        """Feature vectors, (N, D)."""
        return np.stack(self.rows)

    def patches(self, level: int) -> Floats:
        """Return the patches of one pyramid level, (N, P, PATCH * PATCH * 3)."""
        return np.stack([levels[level] for levels in self.drawn])

    def part(self, members: list[int]) -> Measured:
        """Return a subset, by indices."""
        result = Measured(self.space, self.config)
        result.rows = [self.rows[index] for index in members]
        result.drawn = [self.drawn[index] for index in members]
        return result


def scale_of(vectors: Features) -> float:
    """Return the root mean square of the real paintings' features, by which all sets are normalized."""
    return float(np.sqrt(np.square(vectors, dtype=np.float64).mean())) or 1.0
