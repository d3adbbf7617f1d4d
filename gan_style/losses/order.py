"""The order term: what is softer than most in a photograph shall not be among the sharpest in its painting.

A discriminator judges neighbourhoods. Little dark things, of which many painters are fond, please it in a soft cloud as
they do where there is something to outline; and a content term, which compares features of places, hardly notices rows
of sails and flocks of birds there. So sharpness is ranked, as in histogram matching but only ever downwards: a part of
a photograph that is sharper than a tenth of all parts of photographs may become as sharp as a tenth of all parts of
paintings, and some more.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

BLUR = 5
"""Pixels; what is left of a picture without its means over so many is details."""

LEVELS = 21
"""Quantiles that describe how sharp the parts of pictures are, from the softest to the sharpest."""


def sharpness(picture: Tensor, cell: int = 16) -> Tensor:
    """How strong the details of each part of a picture are.

    Args:
        picture: (N, 3, H, W), RGB, H and W at least ``cell``.
        cell: side in pixels of the parts, which overlap by half.

    Returns:
        (N, h, w) root mean squares of luminance (Rec. 601) without its local mean; in units of ``picture``.
    """
    picture = picture.float()
    grey = (picture * picture.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    around = F.pad(grey, (BLUR // 2,) * 4, mode="reflect")
    details = grey - F.avg_pool2d(around, BLUR, 1)
    return (F.avg_pool2d(details.square(), cell, cell // 2)[:, 0] + 1e-6).sqrt()


def levels_of(parts: Tensor) -> Tensor:
    """The (``LEVELS``,) quantiles, evenly spaced from the smallest to the largest, of any number of parts."""
    return torch.quantile(parts.flatten(), torch.linspace(0, 1, LEVELS, device=parts.device))


def invented(painted: Tensor, photo: Tensor, photos: Tensor, paintings: Tensor, slack: float) -> Tensor:
    """Sharpness beyond that which the photograph has there and that which paintings have at its rank.

    Args:
        painted: (N, 3, H, W).
        photo: likewise, what was painted.
        photos: (``LEVELS``,) levels of photographs, see :func:`levels_of`.
        paintings: likewise of paintings.
        slack: ranks, 0..1, by which a part may rise.

    Returns:
        The mean over all parts, a scalar >= 0, in units of ``painted``.
    """
    with torch.no_grad():
        before = sharpness(photo)
        ranks = torch.linspace(0, 1, LEVELS, device=photo.device)
        rank = interpolated(before, photos, ranks)
        allowed = torch.maximum(interpolated((rank + slack).clamp(max=1), ranks, paintings), before)
    return F.relu(sharpness(painted) - allowed).mean()


def interpolated(x: Tensor, knots: Tensor, values: Tensor) -> Tensor:
    """The value at every ``x`` of a function linear between its values at knots, which rise, and constant beyond."""
    right = torch.searchsorted(knots, x.contiguous()).clamp(1, len(knots) - 1)
    low, high = knots[right - 1], knots[right]
    share = ((x - low) / (high - low).clamp_min(1e-12)).clamp(0, 1)
    return torch.lerp(values[right - 1], values[right], share)
