"""Flaws of single paintings that distances between sets do not show: lattices, faded or inverted colors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_style.imaging.tensors import to_tensor
from gan_style.imaging.types import Pixels
from gan_style.losses.lattice import lattice_energy
from gan_style.metrics.content import luminance

FLAT = 0.02
"""Standard deviation of luminance, 0..1, below which a picture cannot be inverted."""

GRAY = 0.25
"""Share of its photograph's saturation below which a painting counts as faded."""


@dataclass(frozen=True)
class PictureHealth:
    """Metrics of one painting and its photograph.

    Attributes:
        saturation: mean difference between the largest and the smallest of red, green and blue, 0..1.
        drained: whether the painting has less than a quarter of the photograph's saturation.
        inverted: whether the luminance is anticorrelated with that of the photograph, unless the photograph is flat.
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
            drained=before > 0.05 and after < GRAY * before,
            inverted=bool(theirs.std() > FLAT and (deviations[0] * deviations[1]).mean() < 0),
        )


def saturation(rgb: Pixels) -> float:
    """Compute the mean chroma of a picture, 0..1."""
    return float((rgb.max(2).astype(np.float64) - rgb.min(2)).mean() / 255)


def lattice(rgb: Pixels) -> tuple[float, float]:
    """Compute the energy of patterns of 2 and of 4 pixels, for values in [-1, 1], over whole blocks of 32 pixels."""
    height, width = (side // 32 * 32 for side in rgb.shape[:2])
    if not height or not width:
        return 0.0, 0.0
    picture = to_tensor(rgb[:height, :width].copy())
    return float(lattice_energy(picture, 2)), float(lattice_energy(picture, 4))
