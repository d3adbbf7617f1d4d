"""Discriminators: a projected one, on the feature maps of a frozen network, and a PatchGAN on pixels.

The projected discriminator has a small head on each feature map, and a small PatchGAN on pixels. A head scores each
patch of its map, and the map as a whole by the mean and the deviation of its features: patches that look real one by
one may still be too similar to each other, which only these statistics show.

Sauer et al., "Projected GANs Converge Faster" (NeurIPS 2021); PatchGAN: Isola et al. (CVPR 2017).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from gan_style.errors import UsageError
from gan_style.models.backbone import BackboneConfig
from gan_style.models.layers import SLOPE, initialize_weights

PROJECTED, PATCH = "projected", "patch"
KINDS = (PROJECTED, PATCH)


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Shape of a discriminator.

    Attributes:
        kind: "projected", or "patch" for four strided convolutions on pixels only.
        widths: channels of these convolutions.
        head_channels: width of the head on each feature map.
        patch_channels: width of the first layer of the PatchGAN on pixels; 0 removes it.
        fine_stride: heads on maps of this stride and finer use only every second position.
        standardised: whether feature maps are standardized to mean 0 and deviation 1 before the heads, which then learn
            faster; requires :meth:`ProjectedDiscriminator.fit` before training.
    """

    kind: str = PROJECTED
    widths: tuple[int, ...] = (64, 128, 256, 512)
    head_channels: int = 64
    patch_channels: int = 32
    fine_stride: int = 4
    standardised: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"discriminator must be one of {', '.join(KINDS)}, not {self.kind}.")


class Standardization(nn.Module):
    """Standardizes channels to mean 0 and deviation 1, with statistics from before training.

    The maps of a frozen network have deviations of any size, and heads that must first adapt to them learn slowly. The
    statistics are constants, unlike in batch normalization, so that pictures are scored independently.
    """

    mean: Tensor
    spread: Tensor

    FLOOR = 1e-4
    """Smallest deviation, for constant channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, channels, 1, 1))
        self.register_buffer("spread", torch.ones(1, channels, 1, 1))

    def fit(self, mean: Tensor, square: Tensor) -> None:
        """Set mean and deviation from each channel's mean and mean square, (1, C, 1, 1) in float64 each."""
        self.mean.copy_(mean)
        self.spread.copy_((square - mean.square()).clamp_min(0).sqrt().clamp_min(self.FLOOR))

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        return (features - self.mean) / self.spread


class Head(nn.Module):
    """Scores one feature map."""

    VARIANCE_FLOOR = 1e-6
    """Keeps the gradient of the deviation finite for constant maps."""

    def __init__(self, inputs: int, width: int, stride: int, *, standardised: bool = False) -> None:
        super().__init__()
        self.standardise = Standardization(inputs) if standardised else nn.Identity()
        self.look = nn.Sequential(
            nn.Conv2d(inputs, width, 1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(width, width, 3, stride, 1),
            nn.LeakyReLU(SLOPE),
        )
        self.patch = nn.Conv2d(width, 1, 3, 1, 1)
        self.gather = nn.Sequential(nn.Linear(2 * width, width), nn.LeakyReLU(SLOPE))
        self.whole = nn.Linear(width, 1)

    def reset_parameters(self) -> None:
        """Initialize the score of the whole map to zero: its statistics vary more by picture than by painter."""
        nn.init.zeros_(self.whole.weight)
        nn.init.zeros_(self.whole.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) -> scores (N, 1, h, w) of patches and (N, 1) of the whole map."""
        seen = self.look(self.standardise(features))
        flat = seen.float().flatten(2)
        spread = (flat.var(2, correction=0) + self.VARIANCE_FLOOR).sqrt()
        return self.patch(seen), self.whole(self.gather(torch.cat([flat.mean(2), spread], 1)))


class ProjectedDiscriminator(nn.Module):
    """Scores patches, at several scales, and the whole picture by how much they look like a painting."""

    def __init__(self, config: DiscriminatorConfig | None = None, backbone: BackboneConfig | None = None) -> None:
        super().__init__()
        self.config = config or DiscriminatorConfig()
        backbone = backbone or BackboneConfig()
        width = self.config.head_channels
        self.heads = nn.ModuleList(
            Head(channels, width, 2 if stride <= self.config.fine_stride else 1, standardised=self.config.standardised)
            for channels, stride in zip(backbone.channels, backbone.strides, strict=True)
        )
        self.patch = patch_gan(self.config.patch_channels) if self.config.patch_channels else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialize with Kaiming-normal weights; last layers near zero."""
        begin_undecided(self)
        for module in self.modules():
            if isinstance(module, Head):
                module.reset_parameters()

    def fit(self, looks: Iterable[list[Tensor]]) -> None:
        """Compute the statistics of the feature maps before training.

        Args:
            looks: batches of maps of photographs and paintings, (N, C, H, W) each, finest first; all of the same size.
        """
        count, sums = 0, [torch.zeros(())] * 2 * len(self.heads)
        for maps in looks:
            count += 1
            doubles = [features.double() for features in maps]
            moments = [power.mean((0, 2, 3), keepdim=True) for one in doubles for power in (one, one.square())]
            sums = [before.to(now) + now for before, now in zip(sums, moments, strict=True)]
        for index, head in enumerate(self.heads):
            cast("Standardization", head.standardise).fit(sums[2 * index] / count, sums[2 * index + 1] / count)

    def forward(self, picture: Tensor, maps: list[Tensor]) -> list[Tensor]:
        """Score one batch.

        Args:
            picture: (N, 3, H, W) in [-1, 1].
            maps: the backbone's feature maps of ``picture``.

        Returns:
            For each head, (N, 1, h, w) unbounded scores of patches and (N, 1) of the whole; and finally (N, 1, h, w) of
            pixels. High scores mean painting.
        """
        scores = [score for one, features in zip(self.heads, maps, strict=True) for score in one(features)]
        if self.patch is not None:
            scores.append(self.patch(picture))
        return scores


class PatchDiscriminator(nn.Module):
    """Strided 4x4 convolutions on pixels with a score for each patch, of 94 pixels with the default widths.

    The discriminator of Radford et al. (ICLR 2016) as used by Isola et al. (CVPR 2017), without batch normalization:
    a gradient penalty requires pictures to be scored independently.
    """

    def __init__(self, config: DiscriminatorConfig | None = None) -> None:
        super().__init__()
        self.config = config or DiscriminatorConfig(PATCH)
        layers: list[nn.Module] = []
        for inputs, width in pairwise((3, *self.config.widths)):
            layers += [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(self.config.widths[-1], 1, 4, 1, 1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialize with Kaiming-normal weights; the last layer near zero."""
        begin_undecided(self)

    def forward(self, picture: Tensor, maps: list[Tensor]) -> list[Tensor]:  # noqa: ARG002 - common signature
        """Score one batch.

        Args:
            picture: (N, 3, H, W) in [-1, 1], H and W 32 or more.
            maps: unused.

        Returns:
            One tensor (N, 1, h, w) of unbounded scores, one per patch: the sigmoid of a score is the probability that
            the patch is from a painting.
        """
        return [self.layers(picture)]


def build_discriminator(config: DiscriminatorConfig, backbone: BackboneConfig) -> nn.Module:
    """Build the discriminator of a config; ``backbone`` describes the feature maps of a projected one."""
    return PatchDiscriminator(config) if config.kind == PATCH else ProjectedDiscriminator(config, backbone)


def begin_undecided(network: nn.Module) -> None:
    """Initialize with Kaiming-normal weights; convolutions that output scores near zero."""
    initialize_weights(network)
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.out_channels == 1:
            with torch.no_grad():
                module.weight.mul_(0.1)


def patch_gan(width: int) -> nn.Sequential:
    """Build a PatchGAN of two strided 4x4 convolutions: patches of 22 pixels, for grain that feature maps miss."""
    return nn.Sequential(
        nn.Conv2d(3, width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, 2 * width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(2 * width, 1, 4, 1, 1),
    )
