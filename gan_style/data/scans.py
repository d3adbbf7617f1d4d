"""High-resolution paintings that show single strokes: selection, and random crops on a device."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.data.loading import load_pictures
from gan_style.errors import DataError
from gan_style.imaging.tensors import to_unit
from gan_style.imaging.types import Pixels

LARGE, LARGEST = 1.75, 4
"""Smallest short side that shows strokes, and short side to which scans are downscaled, in units of a style's size."""

ENOUGH, MOST = 12, 96
"""Fewest scans from which a refiner learns strokes rather than a single canvas, and most that are used."""

TRIED = 4 * MOST
"""Most paintings that are examined."""


def find_scans(
    paths: Sequence[Path], size: int, smallest: int, *, trim: bool, seed: int, progress: Callable[[int, int], object]
) -> list[Pixels]:
    """Select the paintings, or a random subset of them, that are large enough to show single strokes.

    Args:
        paths: files of the paintings.
        size: short side in pixels at which the style is trained.
        smallest: lower bound on the short side in pixels.
        trim: crop margins and frames first.
        seed: seed of the random subset.
        progress: called with the number of files read and the total.

    Returns:
        Pixels, (H, W, 3) in 0..255; empty if too few paintings are large enough.
    """
    chosen = random.Random(seed).sample(list(paths), min(len(paths), TRIED))
    found: list[Pixels] = []
    for first in range(0, len(chosen), MOST):

        def told(done: int, first: int = first) -> None:
            progress(first + done, len(chosen))

        read = load_pictures(chosen[first : first + MOST], LARGEST * size, trim=trim, progress=told)
        found += [rgb for rgb in read.pictures if min(rgb.shape[:2]) >= max(LARGE * size, smallest)]
        if len(found) >= MOST:
            break
    return found[:MOST] if len(found) >= ENOUGH else []


class CropBank:
    """Cuts random crops of pictures at several scales, on the device.

    Scans of different sizes show the same brush at different scales; a refiner trained at only one of them would paint
    strokes of that size only, and artifacts besides.
    """

    def __init__(
        self,
        pictures: Sequence[Pixels],
        largest: int,
        device: torch.device,
        scales: Sequence[float] = (1.0,),
        seed: int = 0,
    ) -> None:
        """Move the pictures to the device.

        Args:
            pictures: (H, W, 3), 0..255, of any size.
            largest: side in pixels of the largest crop.
            device: device of the pictures and crops.
            scales: factors on the size of the pictures, at most 1; a scale at which a picture is smaller than the crop
                is skipped for it.
            seed: random seed.

        Raises:
            DataError: no picture is large enough.
        """
        self.random, self.scales = np.random.default_rng(seed), sorted(scales, reverse=True)
        self.pictures = [
            torch.from_numpy(np.array(rgb)).permute(2, 0, 1).to(device)
            for rgb in pictures
            if min(rgb.shape[:2]) * self.scales[0] >= largest
        ]
        if not self.pictures:
            raise DataError(f"No picture has a short side of at least {largest} pixels; use larger scans.")

    def __len__(self) -> int:
        return len(self.pictures)

    def draw(self, count: int, side: int) -> Tensor:
        """Cut crops, half of them mirrored: (count, 3, side, side), float32 in [-1, 1]."""
        crops = []
        for _ in range(count):
            picture = self.pictures[self.random.integers(len(self.pictures))]
            height, width = picture.shape[1:]
            scales = [scale for scale in self.scales if round(side / scale) <= min(height, width)]
            whole = round(side / scales[self.random.integers(len(scales))])
            top, left = (int(self.random.integers(length - whole + 1)) for length in (height, width))
            crop = resized(to_unit(picture[None, :, top : top + whole, left : left + whole]), side)[0]
            crops.append(crop.flip(2) if self.random.integers(2) else crop)
        return torch.stack(crops)


def resized(crop: Tensor, side: int) -> Tensor:
    """Resize (N, 3, S, S) in [-1, 1]."""
    if crop.shape[-1] == side:
        return crop
    smaller = F.interpolate(crop, [side, side], mode="bicubic", antialias=True, align_corners=False)
    return smaller.clamp(-1, 1)
