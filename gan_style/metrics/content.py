"""How well a painting preserves the content of its photograph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.imaging.tensors import LUMINANCE
from gan_style.imaging.types import Pixels

WINDOW, SPREAD = 11, 1.5
"""Side in pixels and standard deviation of the SSIM window."""


def luminance(rgb: Pixels) -> npt.NDArray[np.float64]:
    """Compute luminance: (H, W, 3) bytes -> (H, W) in 0..1."""
    return np.asarray(rgb @ np.array(LUMINANCE) / 255, np.float64)


def feature_distance(first: list[Tensor], second: list[Tensor]) -> float:
    """Compute the perceptual distance of two pictures with the same content, position by position.

    The unweighted form of LPIPS (Zhang et al., CVPR 2018): squared differences of features scaled to unit length,
    averaged over positions and then over maps.

    Returns:
        0 for equal pictures, at most 4.
    """
    distances = [
        (F.normalize(one, dim=1) - F.normalize(other, dim=1)).square().sum(1).mean()
        for one, other in zip(first, second, strict=True)
    ]
    return float(torch.stack(distances).mean())


def structural_similarity(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    """Mean structural similarity (SSIM; Wang et al., IEEE TIP 2004) of two pictures.

    Args:
        first: (H, W) in 0..1, sides of at least ``WINDOW``.
        second: of the same shape.

    Returns:
        1 for equal pictures; the mean over windows that lie entirely inside.
    """
    offsets = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    bell = torch.exp(-offsets.square() / (2 * SPREAD**2))
    bell = bell / bell.sum()

    def average(values: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(values, bell.view(1, 1, -1, 1)), bell.view(1, 1, 1, -1))

    x, y = (torch.from_numpy(one)[None, None] for one in (first, second))
    mean_x, mean_y = average(x), average(y)
    variance_x, variance_y = average(x * x) - mean_x**2, average(y * y) - mean_y**2
    covariance = average(x * y) - mean_x * mean_y
    small, smaller = 0.01**2, 0.03**2
    score = ((2 * mean_x * mean_y + small) * (2 * covariance + smaller)) / (
        (mean_x**2 + mean_y**2 + small) * (variance_x + variance_y + smaller)
    )
    return float(score.mean())
