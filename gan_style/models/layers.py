"""Layers and initialization shared by the networks."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2


def leaky(x: Tensor, *, inplace: bool = False) -> Tensor:
    """LeakyReLU with the slope used throughout this package; in place if its input is not needed again."""
    return F.leaky_relu(x, SLOPE, inplace)


def conv3x3(inputs: int, outputs: int) -> nn.Conv2d:
    """Build a 3x3 convolution that keeps the size."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def initialize_weights(network: nn.Module) -> None:
    """Set Kaiming-normal weights (He et al., ICCV 2015) and zero biases: PyTorch's defaults starve shallow networks."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, a=SLOPE)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
