"""Painting a picture coarse to fine, each level in tiles, with no more than one level beside the picture in memory."""

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
    """One tile of one level of a pyramid.

    Attributes:
        level: of the pyramid, 0 for the coarsest.
        box: where it lies in that level.
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
        """What a window of the photograph shows beyond the coarser level: (1, 3, window.height, window.width)."""
        assert self.below is not None
        return view(self.photo, window) - enlarged(self.below, window)

    def base(self, window: Box) -> Tensor:
        """What a window of the painting so far shows, enlarged: (1, 3, window.height, window.width)."""
        assert self.coarse is not None
        return enlarged(self.coarse, window)


class TiledPyramid:
    """The tiles of a picture in the order in which they are to be painted; each is written before the next is taken.

    >>> for tile in pyramid:
    ...     pyramid.write(tile, paint(tile))

    Attributes:
        canvas: the painting, finished once the last tile is written.
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
        """Prepare.

        Args:
            photos: the photograph at every level, as :func:`pyramid` gives it; the first may have another size.
            size: height and width of the painting.
            options: how a painting is laid over its photograph.
            side: of a tile.
            canvas: where to paint.
            top: the row of that at which to begin.
            progress: called with the share of the work that is done.
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
                # The photograph at this level as it was before its size was made exact.
                below = photo if photo.shape[:2] == exact else halved(self.photos[index + 1])

    def write(self, tile: Tile, painted: Tensor) -> None:
        """Keep what was painted of a tile, (1, 3, tile.box.height, tile.box.width) on the CPU."""
        box = tile.box
        if self.level is not None:
            self.level[box.top : box.bottom, box.left : box.right] = painted[0].permute(1, 2, 0).half().numpy()
        else:
            mixed = to_pixels(self.options.mix(view(tile.photo, box), painted), self.canvas.dtype)
            # What was added to make the sides divisible is left out.
            bottom, right = (
                max(low, min(high, side))
                for low, high, side in zip((box.top, box.left), (box.bottom, box.right), self.size, strict=True)
            )
            rows = slice(self.top + box.top, self.top + bottom)
            self.canvas[rows, box.left : right] = mixed[: bottom - box.top, : right - box.left]
        self.done += box.height * box.width
        self.progress(self.done / self.total)


def enlarged(coarse: Raster, window: Box) -> Tensor:
    """What a window shows of a picture of half its resolution: (1, 3, window.height, window.width)."""
    # One more pixel on each side, so that enlarging has neighbours everywhere inside the window.
    return enlarge(view(coarse, window.halved().grown(1)))[..., 2:-2, 2:-2]
