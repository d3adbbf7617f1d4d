"""The calm term: blank areas of a photograph become no rougher than the calm areas of paintings.

The content term compares positions within one picture, so it does not penalize a texture that evenly covers a night
sky; and since no painting is as blank as a night sky, the discriminator rewards such a texture.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm, move_towards

STROKE = 4
"""Side in pixels of the squares averaged first, so that single strokes are not penalized."""


def roughness(picture: Tensor, cell: int = 32) -> Tensor:
    """Compute the roughness of each area of a picture: the deviation of its colors, with strokes averaged out.

    Args:
        picture: (N, 3, H, W), H and W multiples of ``STROKE`` and at least ``cell``.
        cell: side in pixels of the areas, which overlap by half.

    Returns:
        (N, h, w) standard deviations over positions, combined over channels as a root of summed squares; in units of
        ``picture``.
    """
    small, side = F.avg_pool2d(picture.float(), STROKE), cell // STROKE
    means = F.avg_pool2d(small, side, side // 2)
    variance = F.avg_pool2d(small.square(), side, side // 2) - means.square()
    return (variance.clamp_min(0).sum(1) + 1e-6).sqrt()


def calm_excess(painted: Tensor, photo: Tensor, calm: float | Tensor) -> Tensor:
    """Return the roughness in excess of that of the photograph and of calm areas of paintings combined.

    Args:
        painted: (N, 3, H, W).
        photo: (N, 3, H, W), the input photograph.
        calm: roughness of calm areas of real paintings.

    Returns:
        The mean over all areas, a scalar >= 0.
    """
    allowed = (roughness(photo).square() + calm**2).sqrt()
    return F.relu(roughness(painted) - allowed).mean()


def calm_threshold(parts: Tensor, share: float) -> Tensor:
    """Return the roughness that a ``share`` of ``parts``, areas of real paintings, stay below; a scalar."""
    return torch.quantile(parts, share)


class CalmTerm(LossTerm):
    """Keeps blank areas of a photograph as calm as the calm areas of paintings.

    Attributes:
        share: share of all areas of real paintings that count as calm.
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
