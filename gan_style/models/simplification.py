"""Simplification: a photograph in flat areas with edges between them, as printmakers and poster painters see it.

What a generator adds to a photograph leaves its textures standing, grass, bark and gravel, where a print has one tint.
So a generator may be shown, and add to, a photograph without them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SHARPNESS = 4
"""How much more the most even window counts than the others; without bounds it would be the only one."""


def simplified(picture: Tensor, radius: int) -> Tensor:
    """Replace every pixel by the mean of its most even neighbourhood (Kuwahara et al., 1976).

    Of the four square windows that have the pixel in a corner each counts by a power of its variance rather than the
    most even one alone (Papari et al., IEEE Transactions on Image Processing, 2007), so that edges are not ragged and
    a little noise changes little.

    Args:
        picture: (N, 3, H, W) in [-1, 1], RGB.
        radius: reach of the windows in pixels, 0 or more; 0 gives the picture back.

    Returns:
        Likewise, float32; pixels beyond the edge count as those at it.
    """
    picture = picture.float()
    if not radius:
        return picture
    height, width = picture.shape[-2:]
    around = F.pad(picture, (radius,) * 4, mode="replicate")
    means = F.avg_pool2d(around, radius + 1, 1)
    variances = (F.avg_pool2d(around.square(), radius + 1, 1) - means.square()).sum(1, keepdim=True).clamp_min(0) + 1e-4
    offsets = [(top, left) for top in (0, radius) for left in (0, radius)]
    even, windows = (
        torch.stack([one[..., top : top + height, left : left + width] for top, left in offsets])
        for one in (variances, means)
    )
    weights = (even.amin(0) / even) ** SHARPNESS
    return (weights * windows).sum(0) / weights.sum(0)
