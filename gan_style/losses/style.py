"""Style terms: how differently two pictures are painted, whatever they show.

For learning or imitating one painting, where a discriminator has little to compare: the statistics of its features.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm


def gram(maps: Tensor) -> Tensor:
    """How features occur together, wherever they do (Gatys et al., "Image Style Transfer", CVPR 2016).

    Args:
        maps: (N, C, H, W).

    Returns:
        (N, C, C): products of channels, averaged over positions.
    """
    flat = maps.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def gram_difference(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Tensor:
    """How far Gram matrices are from others, as a share of these.

    Args:
        ours: (N, C, C) for each feature map; gradients flow here.
        theirs: (1, C, C) or (N, C, C) likewise.

    Returns:
        A scalar >= 0: the squared relative distance, averaged over pictures and maps; 0 where all are equal, and 1
        where ours are zero.
    """
    shares = []
    for own, other in zip(ours, theirs, strict=True):
        distance = (own - other).square().sum((1, 2))
        shares.append((distance / other.square().sum((1, 2)).clamp_min(1e-12)).mean())
    return torch.stack(shares).mean()


def feature_difference(maps: Sequence[Tensor], reference: Sequence[Tensor]) -> Tensor:
    """How far features are from those of another picture (Johnson et al., "Perceptual Losses", ECCV 2016).

    Args:
        maps: feature maps (N, C, H, W); gradients flow here.
        reference: likewise, of the same shapes.

    Returns:
        A scalar >= 0: mean squared differences as a share of the mean square of the reference, averaged over maps.
    """
    shares = [
        (ours.float() - theirs.float()).square().mean() / theirs.float().square().mean().clamp_min(1e-12)
        for ours, theirs in zip(maps, reference, strict=True)
    ]
    return torch.stack(shares).mean()


def relative_difference(maps: Sequence[Tensor], reference: Sequence[Tensor]) -> Tensor:
    """Like :func:`feature_difference`, of absolute differences, as a share of the reference's mean: a scalar >= 0."""
    shares = [
        (ours.float() - theirs.float()).abs().mean() / theirs.float().abs().mean().clamp_min(1e-6)
        for ours, theirs in zip(maps, reference, strict=True)
    ]
    return torch.stack(shares).mean()


def hypercolumns(maps: Sequence[Tensor], places: Tensor) -> Tensor:
    """What all maps hold at some places, one below the other (Hariharan et al., CVPR 2015).

    Args:
        maps: (1, C, H, W), of any sizes.
        places: (P, 2), down and across, in 0..1.

    Returns:
        (P, sum of C), interpolated.
    """
    grid = (2 * places - 1).flip(1)[None, None]
    columns = [
        F.grid_sample(one.float(), grid, mode="bilinear", padding_mode="border", align_corners=False)[0, :, 0].T
        for one in maps
    ]
    return torch.cat(columns, 1)


def relaxed_transport(costs: Tensor) -> Tensor:
    """The relaxed earth mover's distance (Kusner et al., ICML 2015), as Kolkin et al. (CVPR 2019) use it for style.

    Args:
        costs: (P, Q): what it costs to turn each of P samples into each of Q others.

    Returns:
        A scalar: every sample goes to its cheapest counterpart, in the dearer of both directions.
    """
    return torch.maximum(costs.amin(0).mean(), costs.amin(1).mean())


def cosine_costs(ours: Tensor, theirs: Tensor) -> Tensor:
    """(P, C) and (Q, C) to (P, Q), 0 for the same direction and 2 for the opposite one."""
    return 1 - F.normalize(ours, dim=1) @ F.normalize(theirs, dim=1).T


def distance_costs(ours: Tensor, theirs: Tensor) -> Tensor:
    """(P, C) and (Q, C) to (P, Q): root mean square differences."""
    squares = ours.square().sum(1)[:, None] + theirs.square().sum(1) - 2 * ours @ theirs.T
    return (squares.clamp_min(0) / ours.shape[1] + 1e-8).sqrt()


def moment_difference(ours: Tensor, theirs: Tensor) -> Tensor:
    """How far mean and covariance of samples, (P, C) and (Q, C), are from each other; a scalar >= 0.

    Directions alone, which :func:`cosine_costs` compares, leave it open how strong a feature is.
    """
    means = (ours.mean(0) - theirs.mean(0)).abs().mean()
    return means + (torch.cov(ours.T) - torch.cov(theirs.T)).abs().mean()


def total_variation(picture: Tensor) -> Tensor:
    """(N, C, H, W): mean absolute difference of neighbours, down and across; a scalar >= 0."""
    down, across = (picture.diff(dim=axis).abs().mean() for axis in (2, 3))
    return down + across


class GramTerm(LossTerm):
    """Painted crops have the Gram matrices of the paintings."""

    name = "gram"

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """See :func:`gram_difference`, from the mean over all paintings."""
        theirs = [context.processes.mean(gram(one).mean(0, keepdim=True)) for one in batch.painting_features]
        return gram_difference([gram(one) for one in batch.features], theirs)


class FeatureTerm(LossTerm):
    """Features stay those of the photograph.

    Attributes:
        maps: which of the feature maps are compared.
    """

    name = "feature"

    def __init__(self, weight: float, maps: Sequence[int]) -> None:
        super().__init__(weight)
        self.maps = tuple(maps)

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """See :func:`feature_difference`."""
        del context
        ours, theirs = ([some[index] for index in self.maps] for some in (batch.features, batch.photo_features))
        return feature_difference(ours, theirs)
