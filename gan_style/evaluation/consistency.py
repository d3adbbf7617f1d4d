"""Consistency checks: tiled against whole painting, and shift equivariance."""

from __future__ import annotations

import dataclasses

import numpy as np

from gan_style.imaging.types import Pixels
from gan_style.inference.options import StylizeOptions
from gan_style.inference.painter import Painter


def tile_difference(painter: Painter, photo: Pixels, precision: str, tile: int = 64) -> int:
    """Return the largest difference, in 1/255, between painting in tiles and as a whole at the given precision."""
    compute = dataclasses.replace(painter.compute, precision=precision)
    tiled, whole = (
        Painter(painter.generator, painter.size, compute, side, painter.refiner) for side in (tile, painter.tile)
    )
    return int(np.abs(tiled.paint(photo).astype(int) - whole.paint(photo)).max())


def flicker(painter: Painter, photo: Pixels) -> float:
    """Measure how much a painting changes, apart from the shift, if its photograph shifts left by one pixel.

    Returns:
        Mean absolute difference in 1/255; 0 for a shift-equivariant painter.
    """
    options = StylizeOptions()
    still, moved = painter.paint(photo, options)[:, 1:], painter.paint(np.ascontiguousarray(photo[:, 1:]), options)
    return float(np.abs(still.astype(int) - moved).mean())
