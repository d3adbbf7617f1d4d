"""EfficientNet-Lite0's trunk: the frozen eyes of the discriminator and of the content term.

EfficientNet (Tan & Le, ICML 2019) without squeeze-and-excitation and with ReLU6, as published by Google in 2020.
Batch norms are folded into the convolutions, since the weights never change. Only the stages that are tapped are built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """One row of the architecture table: ``repeats`` inverted residual blocks of which the first may shrink the map."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STEM_CHANNELS = 32
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


@dataclass(frozen=True)
class BackboneConfig:
    """Which stages of ``STAGES`` are tapped. The default taps the maps at strides 2, 4, 8 and 16."""

    taps: tuple[int, ...] = (0, 1, 2, 4)

    def __post_init__(self) -> None:
        if not self.taps or list(self.taps) != sorted({*self.taps} & {*range(len(STAGES))}):
            raise ValueError(f"backbone taps must be rising stage numbers below {len(STAGES)}, not {self.taps}")

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of each tapped map."""
        return tuple(STAGES[tap].channels for tap in self.taps)

    @property
    def strides(self) -> tuple[int, ...]:
        """Pixels of the picture for one cell of each tapped map."""
        total, strides = 2, []
        for stage in STAGES:
            total *= stage.stride
            strides.append(total)
        return tuple(strides[tap] for tap in self.taps)


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, which at stride 2 pads more on the right and below."""

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
    """Frozen feature maps of a picture at several strides."""

    def __init__(self, config: BackboneConfig | None = None) -> None:
        super().__init__()
        self.config = config or BackboneConfig()
        self.stem = SameConv(3, STEM_CHANNELS, 3, 2)
        self.stages = nn.ModuleList()
        inputs = STEM_CHANNELS
        for stage in STAGES[: self.config.taps[-1] + 1]:
            blocks = []
            for repeat in range(stage.repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(InvertedResidual(inputs, stage.channels, stage.kernel, stride, stage.expansion))
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))
        self.requires_grad_(False).eval()

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Feature maps, finest first.

        Args:
            picture: (N, 3, H, W) in [-1, 1], RGB. The network was trained on (x - 127) / 128 for x in 0..255.

        Returns:
            One (N, C, H / s, W / s) map for each tap, in the dtype of the weights.
        """
        x = (picture * 127.5 + 0.5) / 128
        x = F.relu6(self.stem(x.to(self.stem.weight.dtype)))
        maps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.config.taps:
                maps.append(x)
        return maps


def fold_batch_norm(weight: Tensor, norm: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that does what ``weight`` followed by the batch norm ``norm`` did."""
    scale = norm["weight"] / torch.sqrt(norm["running_var"] + BATCH_NORM_EPSILON)
    return weight * scale[:, None, None, None], norm["bias"] - norm["running_mean"] * scale
