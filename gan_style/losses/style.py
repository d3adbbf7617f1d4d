"""Style terms: differences in style between two pictures, whatever their content.

They compare feature statistics, for training on or imitating a single painting, too few data for a discriminator.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm


def gram(maps: Tensor) -> Tensor:
    """Compute Gram matrices, the co-occurrence of features (Gatys et al., "Image Style Transfer", CVPR 2016).

    Args:
        maps: (N, C, H, W).

    Returns:
        (N, C, C): products of channels, averaged over positions.
    """
    flat = maps.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def gram_difference(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Tensor:
    """Compute the relative difference of Gram matrices.

    Args:
        ours: (N, C, C) for each feature map; gradients flow through.
        theirs: (1, C, C) or (N, C, C) for each feature map.

    Returns:
        A scalar >= 0: the squared relative distance, averaged over pictures and maps; 0 if all are equal, 1 if ``ours``
        is zero.
    """
    shares = []
    for own, other in zip(ours, theirs, strict=True):
        distance = (own - other).square().sum((1, 2))
        shares.append((distance / other.square().sum((1, 2)).clamp_min(1e-12)).mean())
    return torch.stack(shares).mean()


def feature_difference(maps: Sequence[Tensor], reference: Sequence[Tensor]) -> Tensor:
    """Compute the relative difference of features (Johnson et al., "Perceptual Losses", ECCV 2016).

    Args:
        maps: feature maps (N, C, H, W); gradients flow through.
        reference: feature maps of the same shapes.

    Returns:
        A scalar >= 0: mean squared differences as a share of the mean square of the reference, averaged over maps.
    """
    shares = [
        (ours.float() - theirs.float()).square().mean() / theirs.float().square().mean().clamp_min(1e-12)
        for ours, theirs in zip(maps, reference, strict=True)
    ]
    return torch.stack(shares).mean()


def relative_difference(maps: Sequence[Tensor], reference: Sequence[Tensor]) -> Tensor:
    """Like :func:`feature_difference`, but of absolute differences relative to the reference's mean; a scalar >= 0."""
    shares = [
        (ours.float() - theirs.float()).abs().mean() / theirs.float().abs().mean().clamp_min(1e-6)
        for ours, theirs in zip(maps, reference, strict=True)
    ]
    return torch.stack(shares).mean()


def hypercolumns(maps: Sequence[Tensor], places: Tensor) -> Tensor:
    """Sample all maps at given positions and concatenate the channels (Hariharan et al., CVPR 2015).

    Args:
        maps: (1, C, H, W), of any sizes.
        places: (P, 2) positions, vertical and horizontal, in 0..1.

    Returns:
        (P, sum of C), interpolated bilinearly.
    """
    grid = (2 * places - 1).flip(1)[None, None]
    columns = [
        F.grid_sample(one.float(), grid, mode="bilinear", padding_mode="border", align_corners=False)[0, :, 0].T
        for one in maps
    ]
    return torch.cat(columns, 1)


def relaxed_transport(costs: Tensor) -> Tensor:
    """Compute the relaxed earth mover's distance (Kusner et al., ICML 2015), as Kolkin et al. (CVPR 2019) use it.

    Args:
        costs: (P, Q): cost of moving each of P samples to each of Q others.

    Returns:
        A scalar: the mean cost of moving each sample to its nearest one, in the direction in which it is larger.
    """
    return torch.maximum(costs.amin(0).mean(), costs.amin(1).mean())


def cosine_costs(ours: Tensor, theirs: Tensor) -> Tensor:
    """Compute cosine distances: (P, C) and (Q, C) -> (P, Q); 0 for equal directions, 2 for opposite ones."""
    return 1 - F.normalize(ours, dim=1) @ F.normalize(theirs, dim=1).T


def distance_costs(ours: Tensor, theirs: Tensor) -> Tensor:
    """Compute root mean square differences: (P, C) and (Q, C) -> (P, Q)."""
    squares = ours.square().sum(1)[:, None] + theirs.square().sum(1) - 2 * ours @ theirs.T
    return (squares.clamp_min(0) / ours.shape[1] + 1e-8).sqrt()


def moment_difference(ours: Tensor, theirs: Tensor) -> Tensor:
    """Compute the difference of mean and covariance of samples, (P, C) and (Q, C); a scalar >= 0.

    It covers the magnitude of features, which :func:`cosine_costs` ignores.
    """
    means = (ours.mean(0) - theirs.mean(0)).abs().mean()
    return means + (torch.cov(ours.T) - torch.cov(theirs.T)).abs().mean()


def total_variation(picture: Tensor) -> Tensor:
    """Compute the mean absolute difference of vertical and horizontal neighbors of (N, C, H, W); a scalar >= 0."""
    down, across = (picture.diff(dim=axis).abs().mean() for axis in (2, 3))
    return down + across


class GramTerm(LossTerm):
    """Matches the Gram matrices of painted crops to those of the paintings."""

    name = "gram"

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """See :func:`gram_difference`, from the mean over all paintings."""
        theirs = [context.processes.mean(gram(one).mean(0, keepdim=True)) for one in batch.painting_features]
        return gram_difference([gram(one) for one in batch.features], theirs)


class FeatureTerm(LossTerm):
    """Keeps features close to those of the photograph.

    Attributes:
        maps: indices of the feature maps to compare.
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
