"""Simplification: a photograph in flat areas with edges between them, as printmakers and poster painters see it.

What a generator adds to a photograph leaves its textures standing, grass, bark and gravel, where a print has one tint.
So a generator may be shown, and add to, a photograph without them. What is as small and stands alone, an eye, a mast, a
walker on a slope, is no texture and stays.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.edge_flow import box_blur

SHARPNESS = 4
"""How much more the most even window counts than the others; without bounds it would be the only one."""

KEPT = (0.9, 1.5)
"""How many times as strong as around it a detail is where some of it stays, and where all of it does."""

FAINT = 1e-4
"""Variance below which windows are even and details nothing; a bit more than that of a grey level."""


def kuwahara_filter(picture: Tensor, radius: int) -> Tensor:
    """Flatten textures, and keep edges and what stands out.

    Every pixel becomes the mean of its most even neighbourhood (:func:`flattened`), and gets back what it lost by that
    as far as this is stronger than what was lost around it: grass is lost among grass, an eye is alone in a face.

    Args:
        picture: (N, 3, H, W) in [-1, 1], RGB.
        radius: reach of the windows in pixels, 0 or more; 0 gives the picture back.

    Returns:
        Likewise, float32; pixels beyond the edge count as those at it.
    """
    picture = picture.float()
    if not radius:
        return picture
    flat = flattened(picture, radius)
    detail = picture - flat
    strength = detail.square().mean(1, keepdim=True)
    near, far = box_blur(strength, 1, 2), box_blur(strength, 4 * radius)
    low, high = KEPT
    share = (((near / (far + FAINT)).sqrt() - low) / (high - low)).clamp(0, 1)
    return flat + share.square() * (3 - 2 * share) * detail


def flattened(picture: Tensor, radius: int) -> Tensor:
    """Replace every pixel by the mean of its most even neighbourhood (Kuwahara et al., 1976).

    Of the four square windows that have the pixel in a corner each counts by a power of its variance rather than the
    most even one alone (Papari et al., IEEE Transactions on Image Processing, 2007), so that edges are not ragged and
    a little noise changes little. Arguments and result are those of :func:`kuwahara_filter`, ``radius`` at least 1.
    """
    height, width = picture.shape[-2:]
    around = F.pad(picture, (radius,) * 4, mode="replicate")
    means = F.avg_pool2d(around, radius + 1, 1)
    squares = F.avg_pool2d(around.square(), radius + 1, 1)
    variances = (squares - means.square()).sum(1, keepdim=True).clamp_min(0) + FAINT
    offsets = [(top, left) for top in (0, radius) for left in (0, radius)]
    even, windows = (
        torch.stack([one[..., top : top + height, left : left + width] for top, left in offsets])
        for one in (variances, means)
    )
    weights = (even.amin(0) / even) ** SHARPNESS
    return (weights * windows).sum(0) / weights.sum(0)


def reach_of(radius: int) -> int:
    """Pixels beyond which nothing influences what :func:`kuwahara_filter` makes of a pixel."""
    return 5 * radius
