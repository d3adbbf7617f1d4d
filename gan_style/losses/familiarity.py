"""Patch familiarity: reduces the discriminator's influence where a photograph shows what no painting shows.

A discriminator asks for foliage in a face if its paintings show foliage. So patches of photographs that are unlike any
patch of the paintings get a smaller weight in the scores of motifs; scores of brushwork keep their weight.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_style.losses.quantiles import LEVELS, interpolated, quantile_levels

REMEMBERED = 4096
"""Size of the memory of patches of paintings."""

AT_ONCE = REMEMBERED // 32
"""Number of patches added to it per step."""

KNOWN = 0.5
"""Share of the patches of photographs, the most familiar ones, that get full weight."""


class PatchFamiliarity(nn.Module):
    """Weights patches of photographs by their similarity to patches of the paintings.

    Attributes:
        remembered: (``REMEMBERED``, C) unit-length features of patches of paintings; zero until filled.
        place: row of the next patch to store.
        distances: (``LEVELS``,) running quantiles of the distance of a photograph's patch from the nearest one.
        least: weight of the least familiar patches, 0..1.
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
        """Store patches of paintings, and weight those of photographs.

        Args:
            photos: (N, C, H, W), a feature map of photographs.
            paintings: (N, C, H, W), the same map of paintings.
            pace: update rate of the running quantiles, 0..1.

        Returns:
            (N, 1, H, W) in ``least``..1.
        """
        patches = F.normalize(paintings.float(), dim=1).permute(0, 2, 3, 1).flatten(0, 2)
        # Neighbors are similar: only a few patches of each painting, so that the memory covers many paintings.
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
    """Multiply the gradients of scores by weights, without changing their values.

    Args:
        scores: (N, 1, h, w) of patches, or (N, 1) of whole pictures.
        weights: (N, 1, H, W); for whole pictures their means are used.
    """
    return [one + (share(weights, one) - 1) * (one - one.detach()) for one in scores]


def share(weights: Tensor, scores: Tensor) -> Tensor:
    """Resize weights to the shape of scores."""
    if scores.dim() == 2:
        return weights.mean((1, 2, 3))[:, None].to(scores.dtype)
    return F.interpolate(weights, scores.shape[-2:], mode="bilinear", align_corners=False).to(scores.dtype)
