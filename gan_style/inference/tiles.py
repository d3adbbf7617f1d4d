"""Looking at a large picture through windows that overlap, with its mirror image beyond the border."""

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
    """A rectangle of pixels; bottom and right are outside. It may reach beyond the picture."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    def grown(self, margin: int, multiple: int = 1) -> Box:
        """Larger by ``margin`` on every side and then, to the right and below, up to a size that is a ``multiple``."""
        top, left = self.top - margin, self.left - margin
        height, width = (-(-(side + 2 * margin) // multiple) * multiple for side in (self.height, self.width))
        return Box(top, left, top + height, left + width)

    def halved(self) -> Box:
        """The smallest box at half the resolution that covers this one."""
        return Box(self.top // 2, self.left // 2, -(-self.bottom // 2), -(-self.right // 2))

    def inside(self, outer: Box) -> tuple[slice, slice]:
        """Where this box lies in an array of what ``outer`` shows."""
        top, left = self.top - outer.top, self.left - outer.left
        return slice(top, top + self.height), slice(left, left + self.width)


def split(height: int, width: int, tile: int) -> Iterator[Box]:
    """Boxes of at most ``tile`` x ``tile`` pixels that cover a picture, row by row."""
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            yield Box(top, left, min(top + tile, height), min(left + tile, width))


def view(raster: Raster, box: Box) -> Tensor:
    """What a box shows of a picture that goes on as its own mirror image in all directions.

    Args:
        raster: (H, W, 3 or more), uint8, uint16, or floating point in [-1, 1]; channels after the third are left out.
        box: any box, however far outside.

    Returns:
        (1, 3, box.height, box.width), float32 in [-1, 1].
    """
    rows = mirrored(box.top, box.bottom, raster.shape[0])
    columns = mirrored(box.left, box.right, raster.shape[1])
    top, left = int(rows.min()), int(columns.min())
    first = raster[top : int(rows.max()) + 1, left : int(columns.max()) + 1]
    part = first[rows - top][:, columns - left, :3]
    if part.dtype == np.uint16:  # PyTorch does little with these.
        return torch.from_numpy(part.astype(np.float32)).permute(2, 0, 1)[None] / 32767.5 - 1
    pixels = torch.from_numpy(part).permute(2, 0, 1)[None]
    return to_unit(pixels) if part.dtype == np.uint8 else pixels.float()


def mirrored(start: int, stop: int, size: int) -> npt.NDArray[np.intp]:
    """Positions ``start`` to ``stop`` folded back into 0..size-1, the border pixel repeated once."""
    positions = np.arange(start, stop) % (2 * size)
    return np.minimum(positions, 2 * size - 1 - positions)
