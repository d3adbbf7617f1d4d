"""The content term: it preserves the layout of the photograph, but not its colors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm


def self_similarity(maps: Sequence[Tensor], reference: Sequence[Tensor], positions: int = 192) -> Tensor:
    """Compute the self-similarity distance of two pictures.

    The cosine similarities between features at random positions tell which areas of a picture are alike, but not what
    they look like, so a painter may change all colors and still preserve them (Kolkin et al., "Style Transfer by
    Relaxed Optimal Transport and Self-Similarity", CVPR 2019).

    Args:
        maps: feature maps (N, C, H, W) of the paintings, through which gradients flow.
        reference: feature maps of the photographs, of the same shapes.
        positions: number of random positions per map; all of them if a map has fewer.

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
    """Return a random permutation of ``count`` integers."""
    if device.type == "cpu":
        return torch.randperm(count, device=device)
    # Computed on the device alone, so that a CUDA graph can capture it.
    return torch.rand(count, device=device).argsort()


def similarities(features: Tensor) -> Tensor:
    """(N, C, P) features at P positions -> (N, P, P) cosine similarities."""
    unit = F.normalize(features, dim=1)
    return unit.transpose(1, 2) @ unit


class ContentTerm(LossTerm):
    """Preserves the self-similarity of the photograph, with an adaptive weight, see ``AdaptiveWeight``.

    Attributes:
        maps: indices of the feature maps to compare.
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
        """Return the distance between paintings and photographs, given all feature maps of both; a scalar in [0, 2]."""
        ours, theirs = ([some[index] for index in self.maps] for some in (features, photo_features))
        return self_similarity(ours, theirs)

    def weighted(self, value: Tensor, context: Context) -> Tensor:
        """Apply the current weight."""
        return context.scheduled("content") * value
