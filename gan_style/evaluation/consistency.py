"""What a painter that knew no grid would do: paint in tiles as whole, and a moved photograph as the still one."""

from __future__ import annotations

import dataclasses

import numpy as np

from gan_style.imaging.decoding import Pixels
from gan_style.inference.options import StylizeOptions
from gan_style.inference.painter import Painter


def tile_difference(painter: Painter, photo: Pixels, precision: str, tile: int = 64) -> int:
    """Largest difference, in 1/255, between a picture painted in tiles and painted whole, in one precision."""
    compute = dataclasses.replace(painter.compute, precision=precision)
    tiled, whole = (
        Painter(painter.generator, painter.size, compute, side, painter.refiner) for side in (tile, painter.tile)
    )
    return int(np.abs(tiled.paint(photo).astype(int) - whole.paint(photo)).max())


def flicker(painter: Painter, photo: Pixels) -> float:
    """How much a painting changes, beyond moving along, when its photograph moves by one pixel to the left.

    Returns:
        Mean absolute difference in 1/255; 0 for a painter that knows no grid.
    """
    options = StylizeOptions()
    still, moved = painter.paint(photo, options)[:, 1:], painter.paint(np.ascontiguousarray(photo[:, 1:]), options)
    return float(np.abs(still.astype(int) - moved).mean())
