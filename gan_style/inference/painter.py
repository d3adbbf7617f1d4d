"""Tiled coarse-to-fine painting of one picture of any size."""

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
from gan_style.imaging.latent import latent_of_picture, latent_of_seed
from gan_style.imaging.tensors import cell_grain, enlarge, grain, shrink
from gan_style.imaging.types import Pixels
from gan_style.inference.levels import Tile, TiledPyramid, enlarged
from gan_style.inference.masks import FORM_NEIGHBORHOOD, NEIGHBORHOOD, detail_mask, form_mask
from gan_style.inference.options import Progress, StylizeOptions
from gan_style.inference.pyramid import pyramid, to_short_side
from gan_style.inference.tiles import Box, split, view
from gan_style.models.generator import Generator
from gan_style.models.refiner import Refiner

logger = logging.getLogger(__name__)

TILE = 1024
"""Side of a tile in pixels. Larger tiles waste less on margins but need more memory: about 0.3 GB at this size."""

RESAMPLING_MARGIN = 4
"""Pixels around a tile that down- and upsampling need, rounded up to keep tiles on the generator's grid."""

GENERATOR_LEVELS = 2
"""Maximum number of pyramid levels that the generator paints if there is a refiner, which paints all finer ones."""

FORM_RADIUS = 8
"""Radius in pixels of the box blur, applied twice, whose result the second level keeps from the first. Shapes of up to
about this size, such as small faces and lettering, are painted by the second level alone."""

MIN_SHARE = 0.02
"""Maximum of the form mask over a tile below which small shapes are not repainted."""


class Painter:
    """Paints pictures with one generator, and optionally a refiner, on one device."""

    def __init__(
        self, generator: Generator, size: int, compute: Compute, tile: int = TILE, refiner: Refiner | None = None
    ) -> None:
        """Move the networks to the device.

        Args:
            generator: the generator.
            size: short side in pixels of the pictures that it was trained on.
            compute: device and precision.
            tile: side of a tile, a multiple of 8.
            refiner: network that adds finer strokes to an upsampled painting; None leaves them to the generator.
        """
        if tile < 8 or tile % 8:
            raise UsageError(f"tile must be a multiple of 8, not {tile}.")
        self.generator = compute.place(generator)
        self.refiner = None if refiner is None else compute.place(refiner)
        self.size, self.compute, self.tile = size, compute, tile

    def levels(self, height: int, width: int, stroke: float = STROKE) -> int:
        """Return the number of pyramid levels after the coarsest, each of twice the resolution of the one before."""
        return max(0, round(math.log2(min(height, width) / self.size * stroke)))

    def paint(self, rgb: Pixels, options: StylizeOptions | None = None, progress: Progress = lambda _: None) -> Pixels:
        """Paint a picture in memory, (H, W, 3) in 0..255; see :meth:`paint_raster`."""
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

        The coarsest level is painted first. At each finer level the generator receives the upsampled painting plus the
        photograph's detail at that level, and only the highest frequencies of its output, those that the coarser level
        cannot represent, are added to the painting. So strokes come in every size and the palette is chosen once.
        Shapes that are too fine for the coarsest level, such as small faces and lettering, are painted at the second
        level alone (:meth:`paint_second_level`). If there is a refiner, it paints the finest levels: its input is the
        upsampled painting plus the photograph's salient detail.

        Args:
            photo: (H, W, 3 or more), uint8 or uint16; channels after the third are ignored.
            options: how to paint.
            progress: progress callback.
            noise: latent vector (1, Z) from :meth:`noise`, to paint several pictures with the same one; by default
                this picture's own.
            onto: canvas to paint on, (at least top + H, W, 3), of the photograph's bit depth; by default a new one.
            top: first row to paint on.

        Returns:
            The canvas.

        Raises:
            UsageError: a seed is given, but the generator is deterministic.
            ResourceError: there is not enough memory, or not enough space for temporary files.
        """
        options = options or StylizeOptions()
        height, width = photo.shape[:2]
        photos = pyramid(photo, self.levels(height, width, options.stroke))
        noise = self.noise(photos[0], options) if noise is None else noise
        if len(photos) > 1:
            # Downsampling by powers of two alone would leave the strokes up to 1.4 times too large or too small.
            photos[0] = to_short_side(photos[0], max(1, round(self.size / options.stroke)))
        result = Canvas((height, width, 3), photo.dtype) if onto is None else onto
        for one in photos:
            tiles = len(list(split(one.shape[0], one.shape[1], self.tile)))
            logger.debug(
                "painting at %d x %d pixels, in %d tile%s", one.shape[1], one.shape[0], tiles, "s"[: tiles > 1]
            )

        # The refiner, if any, paints the finest levels.
        last = min(GENERATOR_LEVELS, len(photos)) - 1 if self.refiner is not None else len(photos) - 1
        levels = TiledPyramid(photos, (height, width), options, self.tile, result, top, progress)
        for tile in levels:
            if self.refiner is not None and tile.level > last:
                painted = self.refine_tile(self.refiner, tile, options.detail)
            elif tile.level == 1:
                painted = self.paint_second_level(tile, options.detail, noise)
            else:
                painted = self.paint_tile(tile, tile.box, options.detail, noise)
            levels.write(tile, painted)
        return result

    def paint_tile(self, tile: Tile, box: Box, detail: float, noise: Tensor | None) -> Tensor:
        """Paint a box of one level.

        Args:
            tile: tile of that level.
            box: area to paint, at least the tile itself.
            detail: see :class:`StylizeOptions`.
            noise: latent vector (1, Z), or None.

        Returns:
            (1, 3, box.height, box.width), on the CPU.
        """
        config = self.generator.config
        window = box.grown(config.margin + RESAMPLING_MARGIN, 2 * config.STRIDE)
        if tile.below is None:
            return self.generate(view(tile.photo, window), window, noise)[(..., *box.inside(window))]
        base = tile.base(window)
        painted = self.generate(base + detail * tile.detail(window), window, noise)
        strokes = painted - enlarge(shrink(painted))
        return (base + strokes)[(..., *box.inside(window))]

    def paint_second_level(self, tile: Tile, detail: float, noise: Tensor | None) -> Tensor:
        """Paint a tile of the second level and repaint small shapes; returns the same as :meth:`paint_tile`.

        The coarsest strokes are too large for a face in a crowd, and finer strokes on top of them leave it smudged. So
        where :func:`form_mask` finds small shapes, the generator paints the photograph itself, and everything smaller
        than ``FORM_RADIUS`` is taken from that; the palette remains that of the coarser level.
        """
        box, config = tile.box, self.generator.config
        window = box.grown(2 * FORM_RADIUS, 2 * config.STRIDE)
        painted = self.paint_tile(tile, window, detail, noise)
        wide = window.grown(max(config.margin, 4 * FORM_NEIGHBORHOOD), 2 * config.STRIDE)
        assert tile.below is not None
        seen = view(tile.photo, wide)
        share = detail * form_mask(seen, enlarged(tile.below, wide))[(..., *window.inside(wide))]
        if share.max() >= MIN_SHARE:
            change = self.generate(seen, wide, noise)[(..., *window.inside(wide))] - painted
            painted = painted + share * (change - box_blur(change, FORM_RADIUS, 2))
        return painted[(..., *box.inside(window))]

    def refine_tile(self, refiner: Refiner, tile: Tile, detail: float) -> Tensor:
        """Refine a tile of one level; arguments and result as for :meth:`paint_tile`."""
        box = tile.box
        window = box.grown(refiner.margin + RESAMPLING_MARGIN + 2 * NEIGHBORHOOD, 2 * refiner.config.STRIDE)
        fine = tile.detail(window)
        refiner_input = tile.base(window) + detail * detail_mask(fine) * fine
        return self.generate(refiner_input, window, None, refiner)[(..., *box.inside(window))]

    def latent_for(self, photo: Raster, options: StylizeOptions) -> Tensor | None:
        """Return the latent vector of a whole picture; see :meth:`noise`."""
        return self.noise(pyramid(photo, self.levels(photo.shape[0], photo.shape[1], options.stroke))[0], options)

    def noise(self, coarsest: Raster, options: StylizeOptions) -> Tensor | None:
        """Return the latent vector, (1, Z) on the device, or None if the generator is deterministic.

        Args:
            coarsest: the photograph at the coarsest level.
            options: without a seed, the vector is derived from the photograph.

        Raises:
            UsageError: a seed is given, but the generator is deterministic.
        """
        dimensions = self.generator.config.noise
        if not dimensions and options.seed is None:
            return None
        if not dimensions:
            raise UsageError("This style is deterministic; remove --seed.")
        if options.seed is None:
            noise = latent_of_picture(to_uint8(coarsest), dimensions)
        else:
            noise = latent_of_seed(options.seed, dimensions)
        return noise.to(self.compute.device)

    def generate(self, picture: Tensor, window: Box, noise: Tensor | None, network: Generator | None = None) -> Tensor:
        """Run a network, by default the generator; see :func:`run_network`."""
        with memory_errors("Use smaller pictures or --device cpu."):
            return run_network(network or self.generator, picture, window, noise, self.compute)


@torch.inference_mode()
def run_network(network: Generator, picture: Tensor, window: Box, noise: Tensor | None, compute: Compute) -> Tensor:
    """Run a generator or refiner on a window of a picture; all inference uses this function.

    Args:
        network: the network, on the device.
        picture: pixels of the window, (1, 3, H, W) in [-1, 1] on the CPU.
        window: position, which determines the position-fixed noise that is added to the input and, for a residual
            network, subtracted from the output.
        noise: latent vector, (1, Z) on the device, or None.
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


def to_uint8(photo: Raster) -> Pixels:
    """Convert a picture to (H, W, 3) in 0..255."""
    pixels = photo[:, :][..., :3]
    return np.ascontiguousarray(pixels if pixels.dtype == np.uint8 else pixels >> 8, np.uint8)
