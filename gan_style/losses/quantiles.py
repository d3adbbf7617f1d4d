"""Ranks: where a part of a picture stands among the parts of its kind, and how far up it may come when painted.

Matching histograms would give every part of a painting what a real one has at its rank. The terms that use this ask
for less: a part may come up to there, and some ranks further, and need not.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Context, move_towards

LEVELS = 21
"""Quantiles that describe what parts of pictures have of something, from the least to the most."""


def quantile_levels(parts: Tensor) -> Tensor:
    """The (``LEVELS``,) quantiles, evenly spaced from the smallest to the largest, of any number of parts."""
    return torch.quantile(parts.flatten(), torch.linspace(0, 1, LEVELS, device=parts.device))


def follow(levels: Tensor, photos: Tensor, paintings: Tensor, context: Context) -> None:
    """Move running levels towards those of a batch.

    Args:
        levels: (2, ``LEVELS``), of photographs and of paintings.
        photos: what the parts of photographs have, (N, h, w).
        paintings: likewise of paintings.
        context: of the step.
    """
    both = [quantile_levels(context.processes.gather(parts)) for parts in (photos, paintings)]
    move_towards(levels, torch.stack(both), context.scheduled("pace"))


@torch.no_grad()
def allowed_level(before: Tensor, photos: Tensor, paintings: Tensor, slack: float) -> Tensor:
    """How much each part of a photograph may have of something once it is painted.

    Args:
        before: what it has, of any shape.
        photos: (``LEVELS``,) levels of photographs, see :func:`quantile_levels`.
        paintings: likewise of paintings.
        slack: ranks, 0..1, by which a part may rise.

    Returns:
        As ``before``: what paintings have at that rank, and never less than the photograph has.
    """
    ranks = torch.linspace(0, 1, LEVELS, device=before.device)
    rank = interpolated(before, photos, ranks)
    return torch.maximum(interpolated((rank + slack).clamp(max=1), ranks, paintings), before)


def rank_increase(after: Tensor, before: Tensor, photos: Tensor, paintings: Tensor, slack: float) -> Tensor:
    """How much more than it may each part has of something once it is painted.

    Args:
        after: what it has then, of any shape.
        before: what it had.
        photos: (``LEVELS``,) levels of photographs, see :func:`quantile_levels`.
        paintings: likewise of paintings.
        slack: ranks, 0..1, by which a part may rise.

    Returns:
        As ``after``, 0 or more.
    """
    return F.relu(after - allowed_level(before, photos, paintings, slack))


def interpolated(x: Tensor, knots: Tensor, values: Tensor) -> Tensor:
    """The value at every ``x`` of a function linear between its values at knots, which rise, and constant beyond."""
    right = torch.searchsorted(knots, x.contiguous()).clamp(1, len(knots) - 1)
    low, high = knots[right - 1], knots[right]
    share = ((x - low) / (high - low).clamp_min(1e-12)).clamp(0, 1)
    return torch.lerp(values[right - 1], values[right], share)
