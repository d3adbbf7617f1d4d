"""Paintings at the resolution at which their strokes show, resident on a device, served as random crops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.errors import DataError
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.tensors import to_unit


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
            scales: factors on the size of the pictures; one at which a picture is smaller than a crop is left out.
            seed: of what is drawn.

        Raises:
            DataError: no picture is large enough for a crop.
        """
        self.random = np.random.default_rng(seed)
        self.pictures: list[list[Tensor]] = []
        for rgb in pictures:
            whole = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)
            versions = [scaled(whole, scale).to(device) for scale in scales if min(rgb.shape[:2]) * scale >= largest]
            if versions:
                self.pictures.append(versions)
        if not self.pictures:
            raise DataError(f"No picture has a shorter side of {largest} pixels or more; give larger scans.")

    def __len__(self) -> int:
        return len(self.pictures)

    def draw(self, count: int, side: int) -> Tensor:
        """Cut crops, half of them mirrored: (count, 3, side, side), float32 in [-1, 1]."""
        crops = []
        for _ in range(count):
            versions = self.pictures[self.random.integers(len(self.pictures))]
            picture = versions[self.random.integers(len(versions))]
            top, left = (int(self.random.integers(length - side + 1)) for length in picture.shape[1:])
            crop = picture[:, top : top + side, left : left + side]
            crops.append(crop.flip(2) if self.random.integers(2) else crop)
        return to_unit(torch.stack(crops))


def scaled(picture: Tensor, scale: float) -> Tensor:
    """(3, H, W), uint8, at another size."""
    if scale == 1:
        return picture
    size = [max(1, round(side * scale)) for side in picture.shape[1:]]
    smaller = F.interpolate(picture[None].float(), size, mode="bicubic", antialias=True, align_corners=False)
    return smaller[0].round().clamp(0, 255).byte()
