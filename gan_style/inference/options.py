"""Options that control how a photograph is painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_style.defaults import DETAIL, KEEP_COLORS, STRENGTH, STROKE
from gan_style.errors import UsageError
from gan_style.imaging.tensors import luminance

Progress = Callable[[float], object]
"""Callback that receives the completed fraction, 0..1."""


@dataclass(frozen=True)
class StylizeOptions:
    """Options for painting one photograph.

    Attributes:
        strength: 0 returns the photograph, 1 the painting; up to 1.5 exaggerates.
        detail: 0..1, how much of the photograph's fine detail to restore at every finer pyramid level.
        stroke: relative stroke size of the coarsest level, 1/4..4; 1 paints it at the scale of the training pictures.
        keep_colors: 0..1, how much of the photograph's chroma to keep; 1 transfers brushwork only (luminance only, as
            in Gatys et al., "Preserving Color in Neural Artistic Style Transfer", 2016).
        seed: seed of the latent vector, 0 or more; None derives the vector from the photograph.
    """

    strength: float = STRENGTH
    detail: float = DETAIL
    stroke: float = STROKE
    keep_colors: float = KEEP_COLORS
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1.5:
            raise UsageError(f"strength must be from 0 to 1.5, not {self.strength}.")
        if not 0 <= self.detail <= 1:
            raise UsageError(f"detail must be from 0 to 1, not {self.detail}.")
        if not 1 / 4 <= self.stroke <= 4:
            raise UsageError(f"stroke must be from 0.25 to 4, not {self.stroke}.")
        if not 0 <= self.keep_colors <= 1:
            raise UsageError(f"keep_colors must be from 0 to 1, not {self.keep_colors}.")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"seed must be 0 or more, not {self.seed}.")

    def mix(self, photo: Tensor, painted: Tensor) -> Tensor:
        """Blend a painting with its photograph by strength and keep_colors; both (N, 3, H, W)."""
        change = painted - photo
        return photo + self.strength * torch.lerp(change, luminance(change).expand_as(change), self.keep_colors)
