"""EfficientNet-Lite backbones: frozen feature extractors of the discriminator, the loss terms and the evaluation.

EfficientNet (Tan & Le, ICML 2019) without squeeze-and-excitation and with ReLU6, as published by Google in 2020.
Batch norms are folded into the convolutions, since the weights never change. Stages after the last tap are not built.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """One row of the architecture table: ``repeats`` inverted residual blocks, the first of which has the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STEM_CHANNELS = 32
SMALLEST = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def scaled(width: float, depth: float) -> tuple[Stage, ...]:
    """Scale the table to a larger variant: wider everywhere, deeper between the first stage and the last."""
    return tuple(
        dataclasses.replace(
            stage,
            repeats=stage.repeats if stage in (SMALLEST[0], SMALLEST[-1]) else math.ceil(depth * stage.repeats),
            channels=round_channels(width * stage.channels),
        )
        for stage in SMALLEST
    )


def round_channels(channels: float) -> int:
    """Round to a multiple of eight, but not down by more than a tenth."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


VARIANTS = {"lite0": SMALLEST, "lite1": scaled(1.0, 1.1), "lite2": scaled(1.1, 1.2)}


@dataclass(frozen=True)
class BackboneConfig:
    """The networks and the stages whose output is used. The default taps Lite0's maps at strides 2, 4, 8 and 16.

    Attributes:
        taps: stage numbers, the same for each network.
        variant: the first network, whose maps come first; content terms use these.
        beside: additional variants, whose maps follow; different backbones detect different flaws, as in StyleGAN-XL
            (Sauer et al., SIGGRAPH 2022).

    Raises:
        ValueError: a variant is unknown or duplicate, or the taps are not ascending stage numbers.
    """

    taps: tuple[int, ...] = (0, 1, 2, 4)
    variant: str = "lite0"
    beside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.beside, tuple):
            raise ValueError(f"additional backbones must be a tuple of variants, not {self.beside!r}")
        for variant in self.variants:
            if variant not in [*VARIANTS]:
                raise ValueError(f"backbone variant must be one of {', '.join(VARIANTS)}, not {variant!r}")
        if len({*self.variants}) < len(self.variants):
            raise ValueError(f"backbones must be different, not {', '.join(self.variants)}")
        if not self.taps or list(self.taps) != sorted({*self.taps} & {*range(len(self.stages))}):
            raise ValueError(f"backbone taps must be ascending stage numbers below {len(self.stages)}, not {self.taps}")

    @property
    def variants(self) -> tuple[str, ...]:
        """All variants, in the order of their maps."""
        return (self.variant, *self.beside)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The architecture table of the first network."""
        return VARIANTS[self.variant]

    @property
    def channels(self) -> tuple[int, ...]:
        """Number of channels of each tapped map."""
        return tuple(VARIANTS[variant][tap].channels for variant in self.variants for tap in self.taps)

    @property
    def strides(self) -> tuple[int, ...]:
        """Stride of each tapped map in pixels; the same for all variants."""
        total, strides = 2, []
        for stage in self.stages:
            total *= stage.stride
            strides.append(total)
        return tuple(strides[tap] for tap in self.taps) * len(self.variants)


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, which at stride 2 pads more on the right and at the bottom."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', ceil(H / stride), ceil(W / stride))."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return F.conv2d(x, self.weight, self.bias, 1, kernel // 2, 1, self.groups)
        down, right = ((-(-size // stride) - 1) * stride + kernel - size for size in x.shape[-2:])
        padded = F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
        return F.conv2d(padded, self.weight, self.bias, stride, 0, 1, self.groups)


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise convolution, linear 1x1 projection (Sandler et al., CVPR 2018)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = SameConv(inputs, hidden, 1) if expansion > 1 else None
        self.depthwise = SameConv(hidden, hidden, kernel, stride, groups=hidden)
        self.project = SameConv(hidden, outputs, 1)
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / stride, W / stride)."""
        y: Tensor = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.skip else y


class Backbone(nn.Module):
    """Extracts feature maps at several strides; the weights are frozen."""

    def __init__(self, config: BackboneConfig | None = None) -> None:
        super().__init__()
        self.config = config or BackboneConfig()
        self.stem = SameConv(3, STEM_CHANNELS, 3, 2)
        self.stages = nn.ModuleList()
        inputs = STEM_CHANNELS
        for stage in self.config.stages[: self.config.taps[-1] + 1]:
            blocks = []
            for repeat in range(stage.repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(InvertedResidual(inputs, stage.channels, stage.kernel, stride, stage.expansion))
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))
        self.beside = nn.ModuleList(
            Backbone(BackboneConfig(self.config.taps, variant)) for variant in self.config.beside
        )
        self.requires_grad_(False).eval()

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Extract feature maps, finest first, network by network.

        Args:
            picture: (N, 3, H, W) in [-1, 1], RGB. The network was trained on (x - 127) / 128 for x in 0..255.

        Returns:
            One (N, C, H / s, W / s) map for each tap of each network, in the dtype of the weights.
        """
        x = (picture * 127.5 + 0.5) / 128
        x = F.relu6(self.stem(x.to(self.stem.weight.dtype)))
        maps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.config.taps:
                maps.append(x)
        return maps + [features for other in self.beside for features in other(picture)]


class PooledFeatures(Backbone):
    """The whole network up to its classifier, frozen: maps at strides 2 to 32, and one vector per picture."""

    TAPS = (0, 1, 2, 4, 6)
    CHANNELS = 1280

    def __init__(self, variant: str) -> None:
        super().__init__(BackboneConfig(self.TAPS, variant))
        self.head = SameConv(self.config.channels[-1], self.CHANNELS, 1)
        self.requires_grad_(False)

    def pool(self, last: Tensor) -> Tensor:
        """Pool the last map -> (N, CHANNELS)."""
        return F.relu6(self.head(last)).mean((2, 3))


def fold_batch_norm(weight: Tensor, norm: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Fold a batch norm into the preceding convolution; return its new weight and bias."""
    scale = norm["weight"] / torch.sqrt(norm["running_var"] + BATCH_NORM_EPSILON)
    return weight * scale[:, None, None, None], norm["bias"] - norm["running_mean"] * scale
