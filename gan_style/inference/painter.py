"""Painting one picture of any size: exact tiles, and a large brush before a small one."""

from __future__ import annotations

import logging
import math

import numpy as np
import torch
from torch import Tensor

from gan_style.defaults import STROKE
from gan_style.device import Compute, memory_errors
from gan_style.edge_flow import box_blur
from gan_style.errors import UsageError
from gan_style.imaging.canvas import Canvas, Raster
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.latent import latent_of_picture, latent_of_seed
from gan_style.imaging.tensors import cell_grain, enlarge, grain, shrink
from gan_style.inference.levels import Tile, TiledPyramid, enlarged
from gan_style.inference.masks import FORM_NEIGHBORHOOD, NEIGHBORHOOD, detail_mask, form_mask
from gan_style.inference.options import Progress, StylizeOptions
from gan_style.inference.pyramid import pyramid, to_short_side
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

FORM_RADIUS = 8
"""Half width in pixels of the squares, two times one after the other, whose means a small brush keeps of a large one's
painting. Forms of up to about their size, such as small faces and lettering, are the small brush's alone."""

LEAST_SHARE = 0.02
"""Where the small brush would have less than this of every pixel of a tile, it does not paint."""


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
        (:meth:`paint_second_level`). Where there is a refiner, the finest levels are its own: its input is the
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

        # The finest levels are the refiner's, where there is one.
        last = min(BRUSHES, len(photos)) - 1 if self.refiner is not None else len(photos) - 1
        levels = TiledPyramid(photos, (height, width), options, self.tile, result, top, progress)
        for tile in levels:
            if self.refiner is not None and tile.level > last:
                painted = self.refine_tile(self.refiner, tile, tile.box, options.detail)
            elif tile.level == 1:
                painted = self.paint_second_level(tile, options.detail, noise)
            else:
                painted = self.paint_tile(tile, tile.box, options.detail, noise)
            levels.write(tile, painted)
        return result

    def paint_tile(self, tile: Tile, box: Box, detail: float, noise: Tensor | None) -> Tensor:
        """Paint a box of one level.

        Args:
            tile: of that level.
            box: what to paint, the tile itself or more than that.
            detail: see :class:`StylizeOptions`.
            noise: (1, Z), or None.

        Returns:
            (1, 3, box.height, box.width), on the CPU.
        """
        config = self.generator.config
        window = box.grown(config.margin + REFILTER, 2 * config.STRIDE)
        if tile.below is None:
            return self.generate(view(tile.photo, window), window, noise)[(..., *box.inside(window))]
        base = tile.base(window)
        painted = self.generate(base + detail * tile.detail(window), window, noise)
        strokes = painted - enlarge(shrink(painted))
        return (base + strokes)[(..., *box.inside(window))]

    def paint_second_level(self, tile: Tile, detail: float, noise: Tensor | None) -> Tensor:
        """Paint a tile of the second level, fine forms of the photograph afresh; result as of :meth:`paint_tile`.

        The largest brush is too large for a face in a crowd, and a finer one that only adds to its painting leaves the
        face smudged. So where :func:`form_mask` finds forms in the photograph, the generator paints the photograph
        itself, and of that everything is kept that is smaller than ``FORM_RADIUS``: the palette stays that of the
        coarser level.
        """
        box, config = tile.box, self.generator.config
        window = box.grown(2 * FORM_RADIUS, 2 * config.STRIDE)
        painted = self.paint_tile(tile, window, detail, noise)
        wide = window.grown(max(config.margin, 4 * FORM_NEIGHBORHOOD), 2 * config.STRIDE)
        assert tile.below is not None
        seen = view(tile.photo, wide)
        share = detail * form_mask(seen, enlarged(tile.below, wide))[(..., *window.inside(wide))]
        if share.max() >= LEAST_SHARE:
            change = self.generate(seen, wide, noise)[(..., *window.inside(wide))] - painted
            painted = painted + share * (change - box_blur(change, FORM_RADIUS, 2))
        return painted[(..., *box.inside(window))]

    def refine_tile(self, refiner: Refiner, tile: Tile, box: Box, detail: float) -> Tensor:
        """Refine a box of one level; arguments and result are those of :meth:`paint_tile`."""
        window = box.grown(refiner.margin + REFILTER + 2 * NEIGHBORHOOD, 2 * refiner.config.STRIDE)
        fine = tile.detail(window)
        offered = tile.base(window) + detail * detail_mask(fine) * fine
        return self.generate(offered, window, None, refiner)[(..., *box.inside(window))]

    def latent_for(self, photo: Raster, options: StylizeOptions) -> Tensor | None:
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
        """One pass of a network, the generator by default: see :func:`run_network`."""
        with memory_errors("Use smaller pictures or --device cpu."):
            return run_network(network or self.generator, picture, window, noise, self.compute)


@torch.inference_mode()
def run_network(network: Generator, picture: Tensor, window: Box, noise: Tensor | None, compute: Compute) -> Tensor:
    """One pass of a generator or refiner over a window of a picture, as everything that paints makes it.

    Args:
        network: on the device.
        picture: (1, 3, H, W) in [-1, 1] on the CPU, what the window shows.
        window: its place, on which the position-fixed noise depends that is added before and taken off again.
        noise: (1, Z) on the device, the latent vector, or None.
        compute: device and precision.

    Returns:
        (1, 3, H, W) on the CPU, about [-1, 1] and not clamped.
    """
    place = (window.top, window.left, window.height, window.width)
    fine, cells = grain(*place), cell_grain(*place).to(compute.device)
    picture = (picture + fine).to(compute.device).contiguous(memory_format=torch.channels_last)
    with compute.autocast():
        painted: Tensor = network(picture, noise, cells)
    return painted.cpu() - fine if network.config.residual else painted.cpu()


def eight_bit(photo: Raster) -> Pixels:
    """(H, W, 3), 0..255."""
    pixels = photo[:, :][..., :3]
    return np.ascontiguousarray(pixels if pixels.dtype == np.uint8 else pixels >> 8, np.uint8)
