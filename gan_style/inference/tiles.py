"""Overlapping windows of a large picture with reflection padding at the border."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_style.imaging.canvas import Raster
from gan_style.imaging.tensors import to_unit


@dataclass(frozen=True)
class Box:
    """Rectangle of pixels; bottom and right are exclusive. It may extend beyond the picture."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    def grown(self, margin: int, multiple: int = 1) -> Box:
        """Return the box grown by ``margin`` on every side, then right and down to a size that is a ``multiple``."""
        top, left = self.top - margin, self.left - margin
        height, width = (-(-(side + 2 * margin) // multiple) * multiple for side in (self.height, self.width))
        return Box(top, left, top + height, left + width)

    def halved(self) -> Box:
        """Return the smallest box at half the resolution that covers this one."""
        return Box(self.top // 2, self.left // 2, -(-self.bottom // 2), -(-self.right // 2))

    def inside(self, outer: Box) -> tuple[slice, slice]:
        """Return the slices of this box in an array that covers ``outer``."""
        top, left = self.top - outer.top, self.left - outer.left
        return slice(top, top + self.height), slice(left, left + self.width)


def split(height: int, width: int, tile: int) -> Iterator[Box]:
    """Yield boxes of at most ``tile`` x ``tile`` pixels that cover a picture, row by row."""
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            yield Box(top, left, min(top + tile, height), min(left + tile, width))


def view(raster: Raster, box: Box) -> Tensor:
    """Extract a box from a picture with reflection padding.

    Args:
        raster: (H, W, 3 or more), uint8, uint16, or floating point in [-1, 1]; channels after the third are ignored.
        box: any box, even entirely outside the picture.

    Returns:
        (1, 3, box.height, box.width), float32 in [-1, 1].
    """
    rows = mirrored(box.top, box.bottom, raster.shape[0])
    columns = mirrored(box.left, box.right, raster.shape[1])
    top, left = int(rows.min()), int(columns.min())
    first = raster[top : int(rows.max()) + 1, left : int(columns.max()) + 1]
    part = first[rows - top][:, columns - left, :3]
    if part.dtype == np.uint16:  # PyTorch supports few operations on uint16.
        return torch.from_numpy(part.astype(np.float32)).permute(2, 0, 1)[None] / 32767.5 - 1
    pixels = torch.from_numpy(part).permute(2, 0, 1)[None]
    return to_unit(pixels) if part.dtype == np.uint8 else pixels.float()


def mirrored(start: int, stop: int, size: int) -> npt.NDArray[np.intp]:
    """Reflect positions ``start`` to ``stop`` into 0..size-1; the border pixel is repeated once."""
    positions = np.arange(start, stop) % (2 * size)
    return np.minimum(positions, 2 * size - 1 - positions)
