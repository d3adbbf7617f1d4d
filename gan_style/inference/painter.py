"""Painting one picture of any size: exact tiles, and a large brush before a small one."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan_style.defaults import DETAIL, KEEP_COLORS, STRENGTH, STROKE
from gan_style.device import Compute, memory_errors
from gan_style.edge_flow import box_blur
from gan_style.errors import UsageError
from gan_style.imaging.canvas import Canvas, Raster
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.latent import latent_of_picture, latent_of_seed
from gan_style.imaging.tensors import cell_grain, enlarge, grain, luma, shrink, to_pixels
from gan_style.inference.pyramid import halved, pyramid, resampled, to_short_side
from gan_style.inference.tiles import Box, split, view
from gan_style.models.generator import Generator
from gan_style.models.refiner import Refiner

logger = logging.getLogger(__name__)

TILE = 1024
"""Side of a tile. Larger tiles waste less on their margins and need more memory: about 0.3 GB at this size."""

REFILTER = 4
"""Pixels around a tile that shrinking and enlarging looks at, rounded up to keep tiles on the generator's grid."""

BRUSHES = 2
"""How many brushes of the generator itself a style with a refiner uses at most; all finer strokes are the refiner's."""

STRUCTURE = 0.06
"""How strong the detail of a photograph is, in units of a picture in [-1, 1], where half of it comes back."""

NEIGHBORHOOD = 3
"""Half width in pixels of the squares, two times one after the other, in which that is judged."""

FORM_RADIUS = 8
"""Half width in pixels of the squares, two times one after the other, whose means a small brush keeps of a large one's
painting. Forms of up to about their size, such as small faces and lettering, are the small brush's alone."""

FORM_NEIGHBORHOOD = 6
"""Half width in pixels of the squares, likewise, in which it is judged whether a small brush is needed."""

FORM_CONTRAST = 0.04
"""How strong forms are, in units of a picture in [-1, 1], where half of the painting is the small brush's."""

TEXTURE = 3.0
"""How many times the variance of a photograph's finest detail that of its forms has in a mere texture at most: grass
and distant trees have 1 to 2 times, faces in crowds, clothes and animals 6 to 12."""

LEAST_SHARE = 0.02
"""Where the small brush would have less than this of every pixel of a tile, it does not paint."""

Progress = Callable[[float], object]


@dataclass(frozen=True)
class StylizeOptions:
    """How to paint.

    Attributes:
        strength: 0 gives the photograph back, 1 the painting; up to 1.5 exaggerates.
        detail: 0..1, how much of the photograph's fine detail comes back with every finer brush.
        stroke: size of the largest brush, 1/4..4; at 1 it sees the picture at the scale at which strokes were learnt.
        keep_colors: 0..1, how much of the photograph's chroma stays; 1 lends it brushwork and nothing else (luminance
            only, as in Gatys et al., "Preserving Color in Neural Artistic Style Transfer", 2016).
        seed: of the noise that chooses the manner of painting, 0 or more; None for a manner of the photograph's own.
    """

    strength: float = STRENGTH
    detail: float = DETAIL
    stroke: float = STROKE
    keep_colors: float = KEEP_COLORS
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1.5:
            raise UsageError(f"strength must be from 0 to 1.5, not {self.strength}.")
        if not 0 <= self.detail <= 1:
            raise UsageError(f"detail must be from 0 to 1, not {self.detail}.")
        if not 1 / 4 <= self.stroke <= 4:
            raise UsageError(f"stroke must be from 0.25 to 4, not {self.stroke}.")
        if not 0 <= self.keep_colors <= 1:
            raise UsageError(f"keep_colors must be from 0 to 1, not {self.keep_colors}.")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"seed must be 0 or more, not {self.seed}.")

    def mix(self, photo: Tensor, painted: Tensor) -> Tensor:
        """What of a painting is laid over its photograph; both (N, 3, H, W)."""
        change = painted - photo
        return photo + self.strength * torch.lerp(change, luma(change).expand_as(change), self.keep_colors)


class Painter:
    """Paints pictures with one generator on one device."""

    def __init__(
        self, generator: Generator, size: int, compute: Compute, tile: int = TILE, refiner: Refiner | None = None
    ) -> None:
        """Place the networks.

        Args:
            generator: the network.
            size: short side in pixels at which its strokes were learnt.
            compute: where and in which precision it runs.
            tile: side of a tile, a multiple of 8.
            refiner: the network that adds finer strokes to an enlarged painting; None to leave them to the generator.
        """
        if tile < 8 or tile % 8:
            raise UsageError(f"tile must be a multiple of 8, not {tile}.")
        self.generator = compute.place(generator)
        self.refiner = None if refiner is None else compute.place(refiner)
        self.size, self.compute, self.tile = size, compute, tile

    def levels(self, height: int, width: int, stroke: float = STROKE) -> int:
        """How many brushes follow the largest, each half the size of the one before."""
        return max(0, round(math.log2(min(height, width) / self.size * stroke)))

    def paint(self, rgb: Pixels, options: StylizeOptions | None = None, progress: Progress = lambda _: None) -> Pixels:
        """Paint a picture in memory, (H, W, 3) in 0..255, as :meth:`paint_raster` does."""
        painted: Pixels = self.paint_raster(rgb, options, progress)[:, :].astype(np.uint8)
        return painted

    def paint_raster(
        self,
        photo: Raster,
        options: StylizeOptions | None = None,
        progress: Progress = lambda _: None,
        *,
        noise: Tensor | None = None,
        onto: Canvas | None = None,
        top: int = 0,
    ) -> Canvas:
        """Paint a picture.

        The coarsest level is painted first. Each finer level is offered the painting so far, enlarged, with the detail
        of the photograph that appears at that level; of what the generator makes of it, only what the coarser level
        could not hold is kept. So strokes come in every size and the palette is chosen once. Forms that are too fine
        for the largest brush, such as small faces and lettering, are painted by the second one alone
        (:meth:`structured_box`). Where there is a refiner, the finest levels are its own: what is offered to it is the
        painting with what stands out of the photograph.

        Args:
            photo: (H, W, 3 or more), uint8 or uint16; channels after the third are not looked at.
            options: how to paint.
            progress: called with the share of the work that is done, 0..1.
            noise: (1, Z), as :meth:`noise` gives it, for pictures to be painted in one manner; by default this
                picture's.
            onto: where to paint, (at least top + H, W, 3), as deep as the photograph; a canvas of its size by default.
            top: the row of that at which to begin.

        Returns:
            The canvas.

        Raises:
            UsageError: the brush has a seed and the generator knows one manner only.
            ResourceError: there is not enough memory, or not enough space for temporary files.
        """
        options = options or StylizeOptions()
        height, width = photo.shape[:2]
        photos = pyramid(photo, self.levels(height, width, options.stroke))
        noise = self.noise(photos[0], options) if noise is None else noise
        if len(photos) > 1:
            # Halving alone would leave the largest brush up to 1.4 times too large or too small.
            photos[0] = to_short_side(photos[0], max(1, round(self.size / options.stroke)))
        result = Canvas((height, width, 3), photo.dtype) if onto is None else onto
        for one in photos:
            tiles = len(list(split(one.shape[0], one.shape[1], self.tile)))
            logger.debug(
                "painting at %d x %d pixels, in %d tile%s", one.shape[1], one.shape[0], tiles, "s"[: tiles > 1]
            )

        largest = photos[min(BRUSHES, len(photos)) - 1].shape[0]

        def paint_box(photo: Raster, below: Raster | None, coarse: Raster | None, box: Box) -> Tensor:
            if below is not None and coarse is not None:
                if self.refiner is not None and photo.shape[0] > largest:
                    return self.refine_box(self.refiner, photo, below, coarse, box, options.detail)
                if photo is photos[1]:
                    return self.structured_box(photo, below, coarse, box, options.detail, noise)
            return self.paint_box(photo, below, coarse, box, options.detail, noise)

        return paint_levels(photos, (height, width), options, self.tile, paint_box, progress, result, top)

    def paint_box(
        self,
        photo: Raster,
        below: Raster | None,
        coarse: Raster | None,
        box: Box,
        detail: float,
        noise: Tensor | None,
    ) -> Tensor:
        """Paint one tile of one level: (1, 3, box.height, box.width) on the CPU.

        Args:
            photo: the photograph at this level.
            below: the photograph at the next coarser level, None at the coarsest.
            coarse: the painting at the next coarser level, None at the coarsest.
            box: the tile.
            detail: see :class:`StylizeOptions`.
            noise: (1, Z), or None.
        """
        config = self.generator.config
        window = box.grown(config.margin + REFILTER, 2 * config.STRIDE)
        if below is None or coarse is None:
            return self.generate(view(photo, window), window, noise)[(..., *box.inside(window))]
        base, photo_base = enlarged(coarse, window), enlarged(below, window)
        painted = self.generate(base + detail * (view(photo, window) - photo_base), window, noise)
        strokes = painted - enlarge(shrink(painted))
        return (base + strokes)[(..., *box.inside(window))]

    def structured_box(
        self, photo: Raster, below: Raster, coarse: Raster, box: Box, detail: float, noise: Tensor | None
    ) -> Tensor:
        """Paint one tile of the second level, fine forms of the photograph afresh; as :meth:`paint_box`.

        The largest brush is too large for a face in a crowd, and a finer one that only adds to its painting leaves the
        face smudged. So where the photograph has :func:`forms`, the generator paints the photograph itself, and of that
        everything is kept that is smaller than ``FORM_RADIUS``: the palette stays that of the coarser level.
        """
        window = box.grown(2 * FORM_RADIUS, 2 * self.generator.config.STRIDE)
        painted = self.paint_box(photo, below, coarse, window, detail, noise)
        wide = window.grown(max(self.generator.config.margin, 4 * FORM_NEIGHBORHOOD), 2 * self.generator.config.STRIDE)
        seen = view(photo, wide)
        share = detail * forms(seen, enlarged(below, wide))[(..., *window.inside(wide))]
        if share.max() >= LEAST_SHARE:
            change = self.generate(seen, wide, noise)[(..., *window.inside(wide))] - painted
            painted = painted + share * (change - box_blur(change, FORM_RADIUS, 2))
        return painted[(..., *box.inside(window))]

    def refine_box(
        self, refiner: Refiner, photo: Raster, below: Raster, coarse: Raster, box: Box, detail: float
    ) -> Tensor:
        """Refine one tile of one level; arguments and result are those of :meth:`paint_box`."""
        window = box.grown(refiner.margin + REFILTER + 2 * NEIGHBORHOOD, 2 * refiner.config.STRIDE)
        fine = view(photo, window) - enlarged(below, window)
        offered = enlarged(coarse, window) + detail * structure(fine) * fine
        return self.generate(offered, window, None, refiner)[(..., *box.inside(window))]

    def manner(self, photo: Raster, options: StylizeOptions) -> Tensor | None:
        """The noise that a picture is painted with where it is given none: see :meth:`noise`."""
        return self.noise(pyramid(photo, self.levels(photo.shape[0], photo.shape[1], options.stroke))[0], options)

    def noise(self, coarsest: Raster, options: StylizeOptions) -> Tensor | None:
        """(1, Z) on the device, or None where the generator takes none.

        Args:
            coarsest: the photograph at the coarsest level.
            options: with a seed, or without for a manner of the photograph's own.

        Raises:
            UsageError: it takes none and the brush has a seed.
        """
        dimensions = self.generator.config.noise
        if not dimensions and options.seed is None:
            return None
        if not dimensions:
            raise UsageError("This style knows one manner of painting only, whatever the seed; leave the seed out.")
        if options.seed is None:
            noise = latent_of_picture(eight_bit(coarsest), dimensions)
        else:
            noise = latent_of_seed(options.seed, dimensions)
        return noise.to(self.compute.device)

    def generate(self, picture: Tensor, window: Box, noise: Tensor | None, network: Generator | None = None) -> Tensor:
        """One pass of a network, the generator by default, over a window, (1, 3, H, W) on the CPU to the same."""
        place = (window.top, window.left, window.height, window.width)
        fine, cells = grain(*place), cell_grain(*place).to(self.compute.device)
        picture = (picture + fine).to(self.compute.device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), self.compute.autocast(), memory_errors("Use smaller pictures or --device cpu."):
            network = network or self.generator
            painted: Tensor = network(picture, noise, cells)
        return painted.cpu() - fine if network.config.residual else painted.cpu()


def paint_levels(
    photos: Sequence[Raster],
    size: tuple[int, ...],
    options: StylizeOptions,
    tile: int,
    paint_box: Callable[[Raster, Raster | None, Raster | None, Box], Tensor],
    progress: Progress,
    result: Canvas,
    top: int,
) -> Canvas:
    """Paint a pyramid level by level, coarsest first, each in tiles.

    Args:
        photos: the photograph at every level, as :func:`pyramid` gives it; the first may have been brought to another
            size.
        size: height and width of the painting.
        options: how a painting is laid over its photograph.
        tile: side of a tile.
        paint_box: paints one tile, given the level's photograph, the next coarser one and its painting, if there are
            any, and the tile: (1, 3, box.height, box.width) on the CPU.
        progress: called with the share of the work that is done, 0..1.
        result: where to paint.
        top: the row of that at which to begin.

    Returns:
        The canvas.
    """
    height, width = size
    finest = photos[-1].shape[:2]
    sizes = [tuple(side >> level for side in finest) for level in reversed(range(len(photos)))]
    total = sum(one.shape[0] * one.shape[1] for one in photos)
    done = 0
    below: Raster | None = None
    coarse: Raster | None = None
    for index, one in enumerate(photos):
        last = index == len(photos) - 1
        level = Canvas((*one.shape[:2], 3), np.float16) if not last else None
        for box in split(one.shape[0], one.shape[1], tile):
            painted = paint_box(one, below, coarse, box)
            if level is not None:
                level[box.top : box.bottom, box.left : box.right] = painted[0].permute(1, 2, 0).half().numpy()
            else:
                mixed = to_pixels(options.mix(view(one, box), painted), result.dtype)
                # What was added to make the sides divisible is left out.
                bottom, right = (
                    max(low, min(high, side))
                    for low, high, side in ((box.top, box.bottom, height), (box.left, box.right, width))
                )
                rows = slice(top + box.top, top + bottom)
                result[rows, box.left : right] = mixed[: bottom - box.top, : right - box.left]
            done += box.height * box.width
            progress(done / total)
        if level is not None:
            coarse = resampled(level, sizes[index])
            # The photograph at this level as it was before its size was made exact.
            below = one if one.shape[:2] == sizes[index] else halved(photos[index + 1])
    return result


def enlarged(coarse: Raster, window: Box) -> Tensor:
    """What a window shows of a picture of half its resolution: (1, 3, window.height, window.width)."""
    # One more pixel on each side, so that enlarging has neighbours everywhere inside the window.
    return enlarge(view(coarse, window.halved().grown(1)))[..., 2:-2, 2:-2]


def structure(fine: Tensor) -> Tensor:
    """How much of a photograph's detail, (N, 3, H, W), is more than noise or texture: (N, 1, H, W) in 0..1."""
    strength = variance(fine, NEIGHBORHOOD)
    return strength / (strength + STRUCTURE**2)


def forms(photo: Tensor, below: Tensor) -> Tensor:
    """Where a photograph has forms of a few pixels that are more than a texture, for which a small brush is needed.

    A texture is as strong in its finest detail as in what is several times as large, a thing with edges is not.

    Args:
        photo: (N, 3, H, W) in [-1, 1].
        below: likewise, without its finest detail.

    Returns:
        (N, 1, H, W) in 0..1.
    """
    mean = box_blur(below, FORM_NEIGHBORHOOD, 2)
    whole, fine = (variance(part, FORM_NEIGHBORHOOD) for part in (below - mean, photo - below))
    strength = (whole - TEXTURE * fine).clamp(min=0)
    return strength / (strength + FORM_CONTRAST**2)


def variance(detail: Tensor, neighborhood: int) -> Tensor:
    """Mean square of a picture's detail around each pixel, over colors, too: (N, 3, H, W) to (N, 1, H, W)."""
    return box_blur(detail.square().mean(1, keepdim=True), neighborhood, 2)


def eight_bit(photo: Raster) -> Pixels:
    """(H, W, 3), 0..255."""
    pixels = photo[:, :][..., :3]
    return np.ascontiguousarray(pixels if pixels.dtype == np.uint8 else pixels >> 8, np.uint8)
