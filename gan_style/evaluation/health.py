"""What spoils a painting and no distance between sets tells: lattices, drained or inverted colours, seams, flicker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_style.evaluation.content import luminance
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.tensors import to_tensor
from gan_style.inference.painter import Brush, Painter
from gan_style.losses.lattice import lattice_energy

GREY = 0.25
"""Share of its photograph's saturation below which a painting counts as drained."""


@dataclass(frozen=True)
class PictureHealth:
    """Figures of one painting beside its photograph.

    Attributes:
        saturation: mean difference of the largest and the smallest of red, green and blue, 0..1.
        drained: whether less than a quarter of the photograph's saturation is left.
        inverted: whether the luminance runs against the photograph's.
    """

    saturation: float
    drained: bool
    inverted: bool

    @classmethod
    def of(cls, photo: Pixels, painting: Pixels) -> PictureHealth:
        """Measure a painting, (H, W, 3), against its photograph of the same size."""
        ours, theirs = luminance(painting), luminance(photo)
        before = saturation(photo)
        after = saturation(painting)
        deviations = ours - ours.mean(), theirs - theirs.mean()
        return cls(
            saturation=after,
            drained=before > 0.05 and after < GREY * before,
            inverted=bool((deviations[0] * deviations[1]).mean() < 0),
        )


def saturation(rgb: Pixels) -> float:
    """Mean chroma of a picture, 0..1."""
    return float((rgb.max(2).astype(np.float64) - rgb.min(2)).mean() / 255)


def lattice(rgb: Pixels) -> tuple[float, float]:
    """Energy of patterns of 2 and of 4 pixels, in squares of values in [-1, 1], over whole blocks of 32 pixels."""
    height, width = (side // 32 * 32 for side in rgb.shape[:2])
    if not height or not width:
        return 0.0, 0.0
    picture = to_tensor(rgb[:height, :width].copy())
    return float(lattice_energy(picture, 2)), float(lattice_energy(picture, 4))


def tile_difference(painter: Painter, photo: Pixels, tile: int = 64) -> int:
    """Largest difference, in 1/255, between a picture painted in tiles and painted whole."""
    tiled = Painter(painter.generator, painter.size, painter.compute, tile)
    return int(np.abs(tiled.paint(photo).astype(int) - painter.paint(photo)).max())


def flicker(painter: Painter, photo: Pixels) -> float:
    """How much a painting changes, beyond moving along, when its photograph moves by one pixel to the left.

    Returns:
        Mean absolute difference in 1/255; 0 for a painter that knows no grid.
    """
    brush = Brush()
    still, moved = painter.paint(photo, brush)[:, 1:], painter.paint(np.ascontiguousarray(photo[:, 1:]), brush)
    return float(np.abs(still.astype(int) - moved).mean())
