"""Which painting a photograph is judged beside: one of like content.

Photographs show more empty sky than paintings do. A discriminator that sees both at random learns that, and the
generator answers with masts and trees in the sky. Beside crops that show the like, only the manner is left to be told
apart (Richter, AlHaija and Koltun, "Enhancing Photorealism Enhancement", TPAMI 2022, who match patches likewise).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.training.data import PictureSet, Place

Describe = Callable[[Tensor], Tensor]
"""(N, 3, H, W), 0..255, to what the crops show, (N, D) on any device."""

GRID = 2
"""Parts each way in which a crop is described, so that what is above and what is below are told apart."""


class Catalogue:
    """Crops of one set, and what they show."""

    def __init__(self, pictures: PictureSet, size: int, margin: int) -> None:
        """Begin without crops.

        Args:
            pictures: to crop.
            size: side of a crop in pixels.
            margin: pixels around the part of it that is described.
        """
        self.pictures, self.size, self.margin = pictures, size, margin
        self.places: list[Place] = []
        self.described: list[Tensor] = []

    def grow(self, count: int, describe: Describe, random: np.random.Generator) -> None:
        """Add random crops."""
        places = [self.pictures.place(self.size, random) for _ in range(count)]
        inner = slice(self.margin, self.size - self.margin)
        self.described.append(describe(self.pictures.cut(places, self.size)[..., inner, inner]).cpu())
        self.places += places

    def directions(self) -> Tensor:
        """(N, D) of length 1. What all crops of the set have in common, its manner, is taken out."""
        described = torch.cat(self.described)
        spread, mean = torch.std_mean(described, 0, correction=0)
        return F.normalize((described - mean) / (spread + 1e-6), dim=1)

    def crops(self, chosen: list[int], random: np.random.Generator) -> Tensor:
        """Crops at the chosen places or a little beside, half of them mirrored: (N, 3, size, size), uint8."""
        places = [self.pictures.near(self.places[index], self.size, self.size // 16, random) for index in chosen]
        crops = self.pictures.cut(places, self.size)
        mirrored = torch.from_numpy(random.integers(2, size=len(places)).astype(bool))
        return torch.where(mirrored[:, None, None, None], crops.flip(3), crops)


class Matches:
    """Pairs of crops that show the like.

    Both catalogues grow with every batch that is drawn until they are full, so that there is nothing to wait for.
    """

    CAPACITY = 4096
    """Crops in a full catalogue."""

    FIRST = 256
    """Crops before the first batch."""

    STEP = 32
    """Most crops that are described at a time."""

    NEIGHBOURS = 10
    """By how many nearest crops it is judged how easily a crop is near to others."""

    def __init__(
        self,
        photos: PictureSet,
        paintings: PictureSet,
        describe: Describe,
        *,
        crop: int,
        context: int,
        share: float,
        random: np.random.Generator,
    ) -> None:
        """Describe the first crops.

        Args:
            photos: photographs.
            paintings: paintings.
            describe: what crops show.
            crop: side of a crop in pixels.
            context: pixels around a photograph's crop that come with it.
            share: of the paintings' crops from which a photograph's partner is drawn, the most alike; 1 draws any.
            random: source of all choices.
        """
        self.photos = Catalogue(photos, crop + 2 * context, context)
        self.paintings = Catalogue(paintings, crop, 0)
        self.describe, self.share, self.random = describe, share, random
        self.table: Tensor = torch.empty(0, 0, dtype=torch.long)
        while len(self.table) < self.FIRST:
            self.grow(self.STEP)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """So many photographs with their surroundings, and a painting for each, both uint8."""
        if len(self.photos.places) < self.CAPACITY:
            self.grow(min(count, self.STEP))
        chosen = self.random.integers(len(self.table), size=count).tolist()
        partners = [int(self.table[index, self.random.integers(self.table.shape[1])]) for index in chosen]
        return self.photos.crops(chosen, self.random), self.paintings.crops(partners, self.random)

    def grow(self, count: int) -> None:
        """Describe more crops of both sets; match anew when there are an eighth more than last time."""
        for catalogue in (self.photos, self.paintings):
            catalogue.grow(count, self.describe, self.random)
        known = len(self.photos.places)
        if known >= self.CAPACITY or known >= max(self.FIRST, len(self.table) * 9 / 8):
            self.table = self.match()

    def match(self) -> Tensor:
        """For every photograph's crop the most alike crops of paintings, (N, K) of their numbers.

        A crop that is near to everything would be drawn all the time, so likeness counts beyond what a crop has to its
        nearest ones anyway (Conneau et al., "Word Translation Without Parallel Data", ICLR 2018).
        """
        likeness = self.photos.directions() @ self.paintings.directions().T
        near = min(self.NEIGHBOURS, len(likeness))
        likeness = 2 * likeness - likeness.topk(near, 0).values.mean(0)  # Rows need no such term to be ordered.
        return likeness.topk(max(1, round(self.share * likeness.shape[1])), 1).indices


def layout(features: Tensor) -> Tensor:
    """Feature maps (N, C, H, W) to (N, C * GRID * GRID): what is where, coarsely."""
    return F.adaptive_avg_pool2d(features, GRID).flatten(1)
