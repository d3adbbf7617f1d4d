"""Reads from a painting with which noise it was painted.

What can be read must show, and every dimension of the noise in a way of its own: the variational bound on mutual
information of InfoGAN (Chen et al., NeurIPS 2016), used on image-to-image generators by BicycleGAN (Zhu et al., NeurIPS
2017) as latent regression.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_style.models.backbone import BackboneConfig
from gan_style.models.layers import SLOPE, initialise

FINEST = 4
"""Stride of the finest map that is read; in finer ones noise could be told by what nobody sees."""


class LatentRegressor(nn.Module):
    """A small perceptron on what painting changed in the mean of each feature map."""

    def __init__(self, noise: int, backbone: BackboneConfig | None = None, width: int = 64) -> None:
        super().__init__()
        backbone = backbone or BackboneConfig()
        self.maps = [index for index, stride in enumerate(backbone.strides) if stride >= FINEST]
        inputs = sum(backbone.channels[index] for index in self.maps)
        self.read = nn.Sequential(nn.Linear(inputs, width), nn.LeakyReLU(SLOPE), nn.Linear(width, noise))
        initialise(self)

    def forward(self, painted: list[Tensor], photo: list[Tensor]) -> Tensor:
        """Guess the noise.

        Args:
            painted: the backbone's feature maps of the painting, (N, C, H, W) each.
            photo: of the photograph.

        Returns:
            (N, Z), float32.
        """
        changes = [(painted[index].float() - photo[index].float()).mean((2, 3)) for index in self.maps]
        guess: Tensor = self.read(torch.cat(changes, 1))
        return guess
