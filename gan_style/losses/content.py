"""Content terms: what must stay where it was, whatever its colours become."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm


def self_similarity(maps: Sequence[Tensor], reference: Sequence[Tensor], positions: int = 192) -> Tensor:
    """How differently two pictures resemble themselves.

    The cosine similarities between features at random positions say which parts of a picture are alike, not what
    they look like, so a painter may change every colour and still keep them (Kolkin et al., "Style Transfer by
    Relaxed Optimal Transport and Self-Similarity", CVPR 2019).

    Args:
        maps: feature maps (N, C, H, W) of the paintings; gradients flow here.
        reference: feature maps of the photographs, of the same shapes.
        positions: how many random positions of each map are compared; all of them where it has fewer.

    Returns:
        A scalar in [0, 2]: mean absolute difference of the similarity matrices, averaged over maps.
    """
    distances = []
    for ours, theirs in zip(maps, reference, strict=True):
        ours, theirs = ours.float().flatten(2), theirs.float().flatten(2)
        chosen = shuffled(ours.shape[2], ours.device)[:positions]
        distances.append((similarities(ours[:, :, chosen]) - similarities(theirs[:, :, chosen])).abs().mean())
    return torch.stack(distances).mean()


def shuffled(count: int, device: torch.device) -> Tensor:
    """(count,): the numbers below it in random order."""
    if device.type == "cpu":
        return torch.randperm(count, device=device)
    # Without a word from the host, so that a graph may hold it.
    return torch.rand(count, device=device).argsort()


def similarities(features: Tensor) -> Tensor:
    """(N, C, P) features at P positions -> (N, P, P) cosine similarities."""
    unit = F.normalize(features, dim=1)
    return unit.transpose(1, 2) @ unit


class ContentTerm(LossTerm):
    """Things stay where they are. The weight follows the distance, see ``AdaptiveWeight``.

    Attributes:
        maps: which of the feature maps are compared.
    """

    name, always = "content", True

    def __init__(self, weight: float, maps: Sequence[int]) -> None:
        super().__init__(weight)
        self.maps = tuple(maps)

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """See :func:`self_similarity`."""
        del context
        return self.distance(batch.features, batch.photo_features)

    def distance(self, features: Sequence[Tensor], photo_features: Sequence[Tensor]) -> Tensor:
        """The distance between paintings and photographs, given all feature maps of both; a scalar in [0, 2]."""
        ours, theirs = ([some[index] for index in self.maps] for some in (features, photo_features))
        return self_similarity(ours, theirs)

    def weighted(self, value: Tensor, context: Context) -> Tensor:
        """With the weight of this step."""
        return context.scheduled("content") * value
