"""Color transfer: a baseline that changes only the palette.

Reinhard et al., "Color Transfer between Images" (IEEE Computer Graphics and Applications, 2001), in the decorrelated
color space of Ruderman et al. (JOSA A, 1998), whose axes can be changed independently for natural pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_style.imaging.types import Pixels

TO_CONES = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
TO_OPPONENT = np.diag([3**-0.5, 6**-0.5, 2**-0.5]) @ np.array([[1.0, 1.0, 1.0], [1.0, 1.0, -2.0], [1.0, -1.0, 0.0]])
SMALLEST = 1 / 255
"""Lower bound on cone responses, since the logarithm of black would dominate a whole picture."""


def to_opponent(rgb: Pixels) -> npt.NDArray[np.float64]:
    """Convert (H, W, 3) bytes to logarithmic lightness, yellow-blue and red-green."""
    cones = np.maximum(rgb / 255.0, SMALLEST) @ TO_CONES.T
    return np.asarray(np.log10(cones) @ TO_OPPONENT.T, np.float64)


def from_opponent(opponent: npt.NDArray[np.float64]) -> Pixels:
    """Invert :func:`to_opponent`, clipped at black and white."""
    rgb = 10 ** (opponent @ np.linalg.inv(TO_OPPONENT).T) @ np.linalg.inv(TO_CONES).T
    return np.asarray(rgb.clip(0, 1) * 255 + 0.5, np.uint8)


@dataclass(frozen=True)
class Palette:
    """Color statistics of a picture.

    Attributes:
        mean: (3,) means of the opponent channels.
        spread: (3,) standard deviations.
    """

    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]

    @classmethod
    def of(cls, picture: Pixels) -> Palette:
        """Measure a picture, (H, W, 3)."""
        opponent = to_opponent(picture)
        return cls(opponent.mean((0, 1)), opponent.std((0, 1)))


def transfer_colors(picture: Pixels, palette: Palette) -> Pixels:
    """Transfer the mean and deviation of another picture's colors to a picture, (H, W, 3)."""
    source = to_opponent(picture)
    mean, spread = source.mean((0, 1)), source.std((0, 1))
    return from_opponent((source - mean) * (palette.spread / np.maximum(spread, 1e-6)) + palette.mean)
