"""Tiled coarse-to-fine painting that keeps at most one pyramid level in memory besides the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from gan_style.imaging.canvas import Canvas, Raster
from gan_style.imaging.tensors import enlarge, to_pixels
from gan_style.inference.options import Progress, StylizeOptions
from gan_style.inference.pyramid import halved, resampled
from gan_style.inference.tiles import Box, split, view


@dataclass(frozen=True)
class Tile:
    """One tile of one pyramid level.

    Attributes:
        level: index of the pyramid level, 0 for the coarsest.
        box: position within that level.
        photo: the photograph at this level.
        below: the photograph at the next coarser level, None at the coarsest.
        coarse: the painting at the next coarser level, None at the coarsest.
    """

    level: int
    box: Box
    photo: Raster
    below: Raster | None
    coarse: Raster | None

    def detail(self, window: Box) -> Tensor:
        """Return the photograph's detail beyond the coarser level, (1, 3, window.height, window.width)."""
        assert self.below is not None
        return view(self.photo, window) - enlarged(self.below, window)

    def base(self, window: Box) -> Tensor:
        """Return the painting of the coarser level, upsampled: (1, 3, window.height, window.width)."""
        assert self.coarse is not None
        return enlarged(self.coarse, window)


class TiledPyramid:
    """Iterable of tiles in painting order; write each tile before taking the next.

    >>> for tile in pyramid:
    ...     pyramid.write(tile, paint(tile))

    Attributes:
        canvas: the painting, complete after the last tile is written.
    """

    def __init__(
        self,
        photos: Sequence[Raster],
        size: tuple[int, ...],
        options: StylizeOptions,
        side: int,
        canvas: Canvas,
        top: int = 0,
        progress: Progress = lambda _: None,
    ) -> None:
        """Initialize.

        Args:
            photos: the photograph at every level, from :func:`pyramid`; the first may have another size.
            size: height and width of the painting.
            options: how to blend the painting with the photograph.
            side: side of a tile.
            canvas: canvas to paint on.
            top: first row to paint on.
            progress: progress callback.
        """
        self.photos, self.size, self.options, self.side = photos, size, options, side
        self.canvas, self.top, self.progress = canvas, top, progress
        self.total, self.done = sum(one.shape[0] * one.shape[1] for one in photos), 0
        self.level: Canvas | None = None

    def __iter__(self) -> Iterator[Tile]:
        finest = self.photos[-1].shape[:2]
        last = len(self.photos) - 1
        below: Raster | None = None
        coarse: Raster | None = None
        for index, photo in enumerate(self.photos):
            self.level = Canvas((*photo.shape[:2], 3), np.float16) if index < last else None
            for box in split(photo.shape[0], photo.shape[1], self.side):
                yield Tile(index, box, photo, below, coarse)
            if self.level is not None:
                exact = tuple(side >> (last - index) for side in finest)
                coarse = resampled(self.level, exact)
                # The photograph at this level before it was resized to the stroke scale.
                below = photo if photo.shape[:2] == exact else halved(self.photos[index + 1])

    def write(self, tile: Tile, painted: Tensor) -> None:
        """Store a painted tile, (1, 3, tile.box.height, tile.box.width) on the CPU."""
        box = tile.box
        if self.level is not None:
            self.level[box.top : box.bottom, box.left : box.right] = painted[0].permute(1, 2, 0).half().numpy()
        else:
            mixed = to_pixels(self.options.mix(view(tile.photo, box), painted), self.canvas.dtype)
            # Crop the padding that makes the sides divisible.
            bottom, right = (
                max(low, min(high, side))
                for low, high, side in zip((box.top, box.left), (box.bottom, box.right), self.size, strict=True)
            )
            rows = slice(self.top + box.top, self.top + bottom)
            self.canvas[rows, box.left : right] = mixed[: bottom - box.top, : right - box.left]
        self.done += box.height * box.width
        self.progress(self.done / self.total)


def enlarged(coarse: Raster, window: Box) -> Tensor:
    """Upsample a window from a picture of half its resolution: (1, 3, window.height, window.width)."""
    # One more pixel per side, so that upsampling has neighbors everywhere inside the window.
    return enlarge(view(coarse, window.halved().grown(1)))[..., 2:-2, 2:-2]
