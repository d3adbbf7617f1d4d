"""Differentiable augmentation, which keeps the discriminator from overfitting to a small set of paintings.

Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training" (NeurIPS 2020). Translation and cutout only:
color is part of the style and is never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

ENOUGH = 150
"""Number of paintings from which augmentation has its default strength."""

STRONGEST = 1.5
"""Largest factor, for very few paintings: cutout then covers half of the side, as in the paper."""


@dataclass(frozen=True)
class AugmentationConfig:
    """Strength of the augmentation.

    Attributes:
        translation: largest shift, as a share of the side.
        cutout: side of the square that is blanked, as a share of the side.
    """

    translation: float = 1 / 8
    cutout: float = 1 / 3

    @classmethod
    def for_count(cls, paintings: int) -> AugmentationConfig:
        """Return the strength for a number of paintings: the fewer there are, the stronger."""
        return cls().times(min(max((ENOUGH / paintings) ** 0.5, 1.0), STRONGEST))

    def times(self, factor: float) -> AugmentationConfig:
        """Scale the strength, up to a limit beyond which too little of a picture is visible."""
        return AugmentationConfig(min(factor * self.translation, 1 / 3), min(factor * self.cutout, 2 / 3))


@dataclass(frozen=True)
class Augmentation:
    """Random shifts and cutouts for a batch, which can be applied to several matching batches.

    Attributes:
        rows: (N, H) source row of each row, or H if it is outside.
        columns: (N, W) likewise for columns.
        keep: (N, 1, H, W), 0 inside the cutout, 1 elsewhere.
    """

    rows: Tensor
    columns: Tensor
    keep: Tensor

    def part(self, which: slice) -> Augmentation:
        """Select the augmentation of some of the pictures."""
        return Augmentation(self.rows[which], self.columns[which], self.keep[which])

    @classmethod
    def draw(cls, shape: Sequence[int], device: torch.device, config: AugmentationConfig) -> Augmentation:
        """Draw for a batch of ``shape`` (N, C, H, W)."""
        count, _, height, width = shape
        rows, columns = (source_positions(count, side, config.translation, device) for side in (height, width))
        high, wide = (cut_positions(count, side, config.cutout, device) for side in (height, width))
        keep = ~(high[:, :, None] & wide[:, None, :])
        return cls(rows, columns, keep[:, None].float())

    def __call__(self, picture: Tensor) -> Tensor:
        """Shift and cut (N, C, H, W); the rest is zero (mid-gray)."""
        batch = torch.arange(picture.shape[0], device=picture.device)[:, None, None]
        padded = torch.nn.functional.pad(picture, (0, 1, 0, 1))
        shifted = padded.permute(0, 2, 3, 1)[batch, self.rows[:, :, None], self.columns[:, None, :]]
        return shifted.permute(0, 3, 1, 2) * self.keep.to(picture.dtype)


def source_positions(count: int, side: int, share: float, device: torch.device) -> Tensor:
    """Return (count, side) positions, each row shifted by up to ``share`` of the side; ``side`` if outside."""
    reach = int(side * share + 0.5)
    shift = torch.randint(-reach, reach + 1, (count, 1), device=device)
    positions = torch.arange(side, device=device) + shift
    return torch.where((positions < 0) | (positions >= side), side, positions)


def cut_positions(count: int, side: int, share: float, device: torch.device) -> Tensor:
    """Return (count, side) booleans, true along a random interval of ``share`` of the side that may extend outside."""
    length = int(side * share + 0.5)
    start = torch.randint(-(length // 2), side - length // 2 + 1, (count, 1), device=device)
    positions = torch.arange(side, device=device)
    return (positions >= start) & (positions < start + length)
