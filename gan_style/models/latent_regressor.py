"""Predicts the latent vector of a painting.

A latent vector that can be predicted must be visible, and each of its dimensions in a different way: the variational
bound on mutual information of InfoGAN (Chen et al., NeurIPS 2016), used in image-to-image generators by BicycleGAN (Zhu
et al., NeurIPS 2017) as latent regression.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_style.models.backbone import BackboneConfig
from gan_style.models.layers import SLOPE, initialize_weights

FINEST = 4
"""Stride of the finest map used; in finer ones, the latent vector could be encoded invisibly."""


class LatentRegressor(nn.Module):
    """A small MLP on the change that painting makes to the mean of each feature map."""

    def __init__(self, noise: int, backbone: BackboneConfig | None = None, width: int = 64) -> None:
        super().__init__()
        backbone = backbone or BackboneConfig()
        self.maps = [index for index, stride in enumerate(backbone.strides) if stride >= FINEST]
        inputs = sum(backbone.channels[index] for index in self.maps)
        self.read = nn.Sequential(nn.Linear(inputs, width), nn.LeakyReLU(SLOPE), nn.Linear(width, noise))
        initialize_weights(self)

    def forward(self, painted: list[Tensor], photo: list[Tensor]) -> Tensor:
        """Predict the latent vector.

        Args:
            painted: the backbone's feature maps of the painting, (N, C, H, W) each.
            photo: feature maps of the photograph.

        Returns:
            (N, Z), float32.
        """
        changes = [(painted[index].float() - photo[index].float()).mean((2, 3)) for index in self.maps]
        guess: Tensor = self.read(torch.cat(changes, 1))
        return guess
