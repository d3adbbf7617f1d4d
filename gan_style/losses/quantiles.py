"""Ranks of picture areas, and limits on their increase by painting.

Histogram matching would give every area of a painting the value of a real painting at the same rank. The terms that use
this module are weaker: an area may reach that value, plus some slack in rank, but need not.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Context, move_towards

LEVELS = 21
"""Number of quantiles, from the minimum to the maximum, that describe a distribution over areas."""


def quantile_levels(parts: Tensor) -> Tensor:
    """Compute ``LEVELS`` evenly spaced quantiles, from the minimum to the maximum, of any number of values."""
    return torch.quantile(parts.flatten(), torch.linspace(0, 1, LEVELS, device=parts.device))


def follow(levels: Tensor, photos: Tensor, paintings: Tensor, context: Context) -> None:
    """Update running quantiles with those of a batch.

    Args:
        levels: (2, ``LEVELS``), running quantiles of photographs and of paintings.
        photos: (N, h, w), values of areas of photographs.
        paintings: (N, h, w), values of areas of paintings.
        context: context of the step.
    """
    both = [quantile_levels(context.processes.gather(parts)) for parts in (photos, paintings)]
    move_towards(levels, torch.stack(both), context.scheduled("pace"))


@torch.no_grad()
def allowed_level(before: Tensor, photos: Tensor, paintings: Tensor, slack: float) -> Tensor:
    """Return the highest allowed value of each area of a photograph after painting.

    Args:
        before: values of the photograph, of any shape.
        photos: (``LEVELS``,) quantiles of photographs, see :func:`quantile_levels`.
        paintings: (``LEVELS``,) quantiles of paintings.
        slack: increase in rank, 0..1, that is allowed.

    Returns:
        In the shape of ``before``: the value of paintings at that rank, but at least the value of the photograph.
    """
    ranks = torch.linspace(0, 1, LEVELS, device=before.device)
    rank = interpolated(before, photos, ranks)
    return torch.maximum(interpolated((rank + slack).clamp(max=1), ranks, paintings), before)


def rank_increase(after: Tensor, before: Tensor, photos: Tensor, paintings: Tensor, slack: float) -> Tensor:
    """Return the excess of each area over its highest allowed value.

    Args:
        after: values of the painting, of any shape.
        before: values of the photograph.
        photos: (``LEVELS``,) quantiles of photographs, see :func:`quantile_levels`.
        paintings: (``LEVELS``,) quantiles of paintings.
        slack: increase in rank, 0..1, that is allowed.

    Returns:
        In the shape of ``after``, 0 or more.
    """
    return F.relu(after - allowed_level(before, photos, paintings, slack))


def interpolated(x: Tensor, knots: Tensor, values: Tensor) -> Tensor:
    """Interpolate linearly between values at ascending knots; constant beyond the ends."""
    right = torch.searchsorted(knots, x.contiguous()).clamp(1, len(knots) - 1)
    low, high = knots[right - 1], knots[right]
    share = ((x - low) / (high - low).clamp_min(1e-12)).clamp(0, 1)
    return torch.lerp(values[right - 1], values[right], share)
