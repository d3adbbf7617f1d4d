"""Simplification of photographs to flat areas with edges between them, for styles such as prints and posters.

A generator that only adds to a photograph keeps its textures, such as grass, bark and gravel, where a print has a flat
color. So a generator may be given, and add to, a photograph without them. Isolated details of the same size, such as
an eye, a mast or a distant walker, are not textures and stay.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.edge_flow import box_blur

SHARPNESS = 4
"""Exponent that favors the most uniform window; as it grows, only that window counts."""

KEPT = (0.9, 1.5)
"""Strength of a detail, relative to its surroundings, from which it is partly kept, and fully kept."""

FAINT = 1e-4
"""Variance below which windows are uniform and details negligible; slightly more than that of a gray level."""


def kuwahara_filter(picture: Tensor, radius: int) -> Tensor:
    """Flatten textures, and keep edges and prominent details.

    Each pixel becomes the mean of its most uniform neighborhood (:func:`flattened`), and regains the lost detail to the
    extent that it is stronger than the detail lost around it: grass is lost among grass, but an eye in a face stays.

    Args:
        picture: (N, 3, H, W) in [-1, 1], RGB.
        radius: radius of the windows in pixels, 0 or more; 0 returns the picture unchanged.

    Returns:
        The same shape, float32; the border is replicated.
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
    """Replace each pixel by the mean of its most uniform neighborhood (Kuwahara et al., 1976).

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
    """Return the receptive field radius of :func:`kuwahara_filter` in pixels."""
    return 5 * radius
