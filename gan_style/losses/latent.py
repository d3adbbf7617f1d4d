"""The latent term: the painting must reflect the latent vector (InfoGAN; Chen et al., NeurIPS 2016)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm


class LatentTerm(LossTerm):
    """Makes the latent vector predictable from the painting and its photograph.

    Attributes:
        limit: mean squared error, where 1 is a guess, below which there is no loss.
    """

    name = "noise"

    def __init__(self, weight: float, limit: float) -> None:
        super().__init__(weight)
        self.limit = limit

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """Mean squared error of the predicted latent vector, a scalar >= 0."""
        return F.mse_loss(context.predict_latent(batch.features, batch.photo_features), batch.latent)

    def weighted(self, value: Tensor, context: Context) -> Tensor:
        """Zero if the error is below the limit."""
        return super().weighted(value, context) * (context.processes.mean(value) > self.limit)
