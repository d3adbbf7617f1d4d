"""Paintings at the resolution at which their strokes show: which they are, and random crops of them on a device."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.data.picture_set import load_pictures
from gan_style.errors import DataError
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.tensors import to_unit

LARGE, LARGEST = 1.75, 4
"""Short sides, as multiples of that at which a style learns, from which strokes show, and to which scans are shrunk."""

ENOUGH, MOST = 12, 96
"""Scans from which a refiner learns strokes rather than one canvas, and how many of more are taken."""

TRIED = 4 * MOST
"""Paintings that are looked at at most."""


def find_scans(
    paths: Sequence[Path], size: int, smallest: int, *, trim: bool, seed: int, progress: Callable[[int, int], object]
) -> list[Pixels]:
    """The paintings that are large enough to show single strokes, or some of them, by chance.

    Args:
        paths: of the paintings.
        size: short side in pixels at which the style learns.
        smallest: short side in pixels that they must have at any rate.
        trim: cut margins and frames off first.
        seed: of the choice.
        progress: called with how many were read, and of how many.

    Returns:
        Pixels, (H, W, 3) in 0..255, or none where too few are large enough.
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
    """Random crops of pictures at several scales, cut on the device.

    The same brush leaves marks of every size in scans of different sizes; whoever has learnt them at one scale only
    paints them at that one, and something else beside.
    """

    def __init__(
        self,
        pictures: Sequence[Pixels],
        largest: int,
        device: torch.device,
        scales: Sequence[float] = (1.0,),
        seed: int = 0,
    ) -> None:
        """Place the pictures.

        Args:
            pictures: (H, W, 3), 0..255, of any sizes.
            largest: side in pixels of the largest crop that will be cut.
            device: where they lie.
            scales: factors on the size of the pictures, at most 1; one at which a picture is smaller than a crop is
                left out.
            seed: of what is drawn.

        Raises:
            DataError: no picture is large enough for a crop.
        """
        self.random, self.scales = np.random.default_rng(seed), sorted(scales, reverse=True)
        self.pictures = [
            torch.from_numpy(np.array(rgb)).permute(2, 0, 1).to(device)
            for rgb in pictures
            if min(rgb.shape[:2]) * self.scales[0] >= largest
        ]
        if not self.pictures:
            raise DataError(f"No picture has a shorter side of {largest} pixels or more; give larger scans.")

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
    """(N, 3, S, S) in [-1, 1] at another size."""
    if crop.shape[-1] == side:
        return crop
    smaller = F.interpolate(crop, [side, side], mode="bicubic", antialias=True, align_corners=False)
    return smaller.clamp(-1, 1)
