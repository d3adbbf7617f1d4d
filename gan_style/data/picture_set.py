"""Training pictures: decoded once, stored as bytes, served as random crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_style.data.prefetch import LazyPictures
from gan_style.imaging.types import Pixels


@dataclass(frozen=True)
class Crop:
    """A random crop of a picture.

    Attributes:
        picture: index of the picture.
        down: vertical position within the available range, 0..1.
        across: horizontal position, likewise.
        mirrored: whether the crop is flipped horizontally.
        short_side: short side in pixels to which a larger picture is first resized; 0 keeps its size.
    """

    picture: int
    down: float
    across: float
    mirrored: bool
    short_side: int = 0


@dataclass
class PictureSet:
    """Decoded pictures of one folder.

    Attributes:
        pictures: (H, W, 3) uint8 arrays, in memory, memory-mapped, or decoded on demand.
        paths: the source file of each picture.
        failures: a message for each file that cannot be used.
        fingerprint: hash of all decoded pixels, independent of file names; of the file names if pictures are decoded on
            demand.
        reported: number of failures already reported.
        short_sides: short sides in pixels to which pictures are resized before cropping, one drawn at random for each
            crop; if empty, pictures keep their size.
    """

    pictures: Sequence[Pixels] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    fingerprint: str = ""
    reported: int = 0
    short_sides: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def single(self) -> bool:
        """Whether all pictures are copies of one file at several scales."""
        return len(self.paths) > 1 and len(set(self.paths)) == 1

    def part(self, places: Sequence[int]) -> PictureSet:
        """Select some of the pictures; the fingerprint remains that of the whole set."""
        if isinstance(self.pictures, LazyPictures):
            pictures: Sequence[Pixels] = self.pictures.part(places)
        else:
            pictures = [self.pictures[place] for place in places]
        paths = [self.paths[place] for place in places]
        return PictureSet(pictures, paths, self.failures, self.fingerprint, self.reported, self.short_sides)

    def usable(self, index: int) -> bool:
        """Return whether a picture is itself, and not a substitute for an unusable file."""
        return not isinstance(self.pictures, LazyPictures) or self.pictures.usable(index)

    def unreported(self) -> list[str]:
        """Return failures that have not been reported yet."""
        reported, self.reported = self.reported, len(self.failures)
        return self.failures[reported : self.reported]

    def draw(self, count: int, generator: np.random.Generator) -> list[Crop]:
        """Draw random crops of random pictures, half of them mirrored.

        Raises:
            ValueError: the set is empty.
        """
        indices = generator.integers(len(self.pictures), size=count).tolist()
        places, mirrored = generator.random((count, 2)).tolist(), generator.integers(2, size=count).tolist()
        sides = generator.choice(self.short_sides, count).tolist() if self.short_sides else [0] * count
        return [
            Crop(index, down, across, bool(side), short_side)
            for index, (down, across), side, short_side in zip(indices, places, mirrored, sides, strict=True)
        ]

    def expect(self, crops: Sequence[Crop]) -> None:
        """Start decoding the pictures of upcoming crops."""
        if isinstance(self.pictures, LazyPictures):
            self.pictures.expect([crop.picture for crop in crops])

    def cut(self, crops: Sequence[Crop], size: int) -> Tensor:
        """Cut crops out of their pictures.

        Args:
            crops: crops from :meth:`draw`.
            size: side in pixels.

        Returns:
            (N, 3, size, size), uint8, in channels-last memory.

        Raises:
            ValueError: a picture is smaller than a crop.
        """
        batch = np.empty((len(crops), size, size, 3), np.uint8)
        for slot, crop in enumerate(crops):
            picture = self.pictures[crop.picture]
            short = min(picture.shape[:2])
            # A crop of a downscaled picture covers more of the original; nothing is upscaled.
            whole = size if not crop.short_side else min(max(size, round(size * short / crop.short_side)), short)
            room = [side - whole + 1 for side in picture.shape[:2]]
            if min(room) < 1 or whole < size:
                raise ValueError(f"a picture of {picture.shape[1]}x{picture.shape[0]} has no crop of {size} pixels")
            top, left = int(crop.down * room[0]), int(crop.across * room[1])
            part = picture[top : top + whole, left : left + whole]
            if whole > size:
                part = np.asarray(Image.fromarray(part).resize((size, size), Image.Resampling.BICUBIC))
            batch[slot] = part[:, ::-1] if crop.mirrored else part
        return torch.from_numpy(batch).permute(0, 3, 1, 2)
