"""Familiarity: a discriminator of paintings says little of what no painter among them painted.

It asks a face for foliage where its painters painted foliage. So the patches of photographs that resemble nothing in
the paintings take less of what the discriminator says about their motifs; what it says about brushwork stays.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_style.losses.quantiles import LEVELS, interpolated, quantile_levels

REMEMBERED = 4096
"""Patches of paintings with which those of photographs are compared."""

AT_ONCE = REMEMBERED // 32
"""Of those, new ones in a step."""

KNOWN = 0.5
"""Share of the patches of photographs, the most familiar ones, that take all that the discriminator says."""


class PatchFamiliarity(nn.Module):
    """How familiar patches of photographs are to whoever has seen the paintings.

    Attributes:
        remembered: (``REMEMBERED``, C) features of patches of paintings, of length one; zero before there are so many.
        place: the row of that at which the next patches are remembered.
        distances: (``LEVELS``,) levels of the distance of a photograph's patch from the nearest, a running mean.
        least: what the least familiar patches take, 0..1.
    """

    remembered: Tensor
    place: Tensor
    distances: Tensor

    def __init__(self, channels: int, least: float) -> None:
        super().__init__()
        self.register_buffer("remembered", torch.zeros(REMEMBERED, channels))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))
        self.register_buffer("distances", torch.linspace(0, 1, LEVELS))
        self.least = least

    @torch.no_grad()
    def forward(self, photos: Tensor, paintings: Tensor, pace: float | Tensor) -> Tensor:
        """Remember patches of paintings, and weigh those of photographs.

        Args:
            photos: (N, C, H, W), a feature map of photographs.
            paintings: (N, C, H, W), the same map of paintings.
            pace: how far the running mean goes towards this batch, 0..1.

        Returns:
            (N, 1, H, W) in ``least``..1.
        """
        patches = F.normalize(paintings.float(), dim=1).permute(0, 2, 3, 1).flatten(0, 2)
        # Neighbors are alike: a few of each painting, so that many paintings are remembered.
        count = min(len(patches), AT_ONCE)
        some = patches[torch.randint(len(patches), (count,), device=patches.device)]
        self.remembered[(torch.arange(count, device=patches.device) + self.place) % REMEMBERED] = some
        self.place.add_(count).remainder_(REMEMBERED)
        ours = F.normalize(photos.float(), dim=1).permute(0, 2, 3, 1)
        distance = 1 - (ours.flatten(0, 2) @ self.remembered.T).amax(1)
        self.distances.lerp_(quantile_levels(distance), pace)
        rank = interpolated(distance, self.distances, torch.linspace(0, 1, LEVELS, device=distance.device))
        strange = ((rank - KNOWN) / (1 - KNOWN)).clamp(0, 1)
        return (1 - (1 - self.least) * strange).view(*ours.shape[:3])[:, None]


def weighted_scores(scores: list[Tensor], weights: Tensor) -> list[Tensor]:
    """Scores whose gradients are multiplied by weights, the values left as they are.

    Args:
        scores: (N, 1, h, w) of neighbourhoods, or (N, 1) of whole pictures.
        weights: (N, 1, H, W); their means count for whole pictures.
    """
    return [one + (share(weights, one) - 1) * (one - one.detach()) for one in scores]


def share(weights: Tensor, scores: Tensor) -> Tensor:
    """Weights in the shape of scores."""
    if scores.dim() == 2:
        return weights.mean((1, 2, 3))[:, None].to(scores.dtype)
    return F.interpolate(weights, scores.shape[-2:], mode="bilinear", align_corners=False).to(scores.dtype)
