"""The calm term: where a photograph shows nothing, a painting shall be no rougher than the calm parts of paintings.

The content term compares places of one picture with each other; a texture that covers a night sky evenly costs nothing
there, and since no painting is as empty as a night sky, the discriminator asks for one.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm, move_towards

STROKE = 4
"""Pixels that are averaged first: single strokes are wanted."""


def roughness(picture: Tensor, cell: int = 32) -> Tensor:
    """How much colours differ within each part of a picture, strokes averaged.

    Args:
        picture: (N, 3, H, W), H and W multiples of ``STROKE`` and at least ``cell``.
        cell: side in pixels of the parts, which overlap by half.

    Returns:
        (N, h, w) standard deviations over positions, summed over channels as squares; in units of ``picture``.
    """
    small, side = F.avg_pool2d(picture.float(), STROKE), cell // STROKE
    means = F.avg_pool2d(small, side, side // 2)
    variance = F.avg_pool2d(small.square(), side, side // 2) - means.square()
    return (variance.clamp_min(0).sum(1) + 1e-6).sqrt()


def calm_excess(painted: Tensor, photo: Tensor, calm: float | Tensor) -> Tensor:
    """Roughness beyond that of the photograph and that of calm parts of paintings together.

    Args:
        painted: (N, 3, H, W).
        photo: likewise, what was painted.
        calm: roughness of calm parts of real paintings.

    Returns:
        The mean over all parts, a scalar >= 0.
    """
    allowed = (roughness(photo).square() + calm**2).sqrt()
    return F.relu(roughness(painted) - allowed).mean()


def calm_threshold(parts: Tensor, share: float) -> Tensor:
    """Roughness that ``share`` of the parts of real paintings, of which it is given, stay below; a scalar."""
    return torch.quantile(parts, share)


class CalmTerm(LossTerm):
    """Empty parts of a photograph stay as calm as the calm parts of paintings.

    Attributes:
        share: share of all parts of real paintings that count as calm.
        threshold: roughness that these stay below, a running mean.
    """

    name = "calm"
    threshold: Tensor

    def __init__(self, weight: float, share: float) -> None:
        super().__init__(weight)
        self.share = share
        self.register_buffer("threshold", torch.zeros(()))

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """See :func:`calm_excess`."""
        parts = context.processes.gather(roughness(batch.paintings))
        move_towards(self.threshold, calm_threshold(parts, self.share), context.scheduled("calm"))
        return calm_excess(batch.painted, batch.photos, self.threshold)
