"""Painting after a single painting, with nothing learnt before: the picture itself is optimised, coarse to fine.

Gatys et al. ("Image Style Transfer Using Convolutional Neural Networks", CVPR 2016) began it; what is compared here are
samples of features rather than Gram matrices alone, with content as self-similarity, as in STROTSS (Kolkin et al., CVPR
2019): an ImageNet network of another kind than VGG serves then, too.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.device import Compute, memory_errors
from gan_style.imaging.canvas import Canvas, Raster
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.tensors import to_tensor
from gan_style.inference.artist import Artist
from gan_style.inference.levels import TiledPyramid
from gan_style.inference.options import Progress, StylizeOptions
from gan_style.inference.painter import TILE
from gan_style.inference.pyramid import pyramid
from gan_style.inference.tiles import Box, view
from gan_style.losses.content import self_similarity
from gan_style.losses.style import (
    cosine_costs,
    distance_costs,
    hypercolumns,
    moment_difference,
    relaxed_transport,
    total_variation,
)
from gan_style.models.backbone import Backbone

logger = logging.getLogger(__name__)

SMALLEST, LARGEST = 64, 1024
"""Long sides in pixels between which a picture is optimised; what is larger gets the rest by enlarging."""

BEYOND = 2.0
"""How much larger than the painting a picture may be optimised: strokes that the painting does not show are none."""

OPTIMISING = 0.98
"""Share of the work on a picture that is optimising it; the rest is enlarging what came of it."""

OVERHEAD = 370
"""Side in pixels of a square that takes as long as what a step costs whatever the picture's size."""

COARSEST = 8
"""Short side in pixels of the smallest level of the Laplacian pyramid whose values are optimised."""


@dataclass(frozen=True)
class Effort:
    """How a picture is optimised.

    Attributes:
        steps: at every scale but the last.
        last_steps: at the last, which is four times as dear as the one before.
        rate: learning rate of RMSprop at the beginning of a scale; it falls to a tenth, so that noise settles.
        content: weight of the self-similarity distance at the finest scale; doubled with every coarser one, up to
            ``most_content``.
        most_content: where that ends.
        colours: weight of the transport between colours, as a share of that between features.
        smoothness: weight of the total variation.
        detail: how much of what a photograph shows at a scale, and not at the one before, is there to begin with.
        samples: places of either picture that are compared in a step.
        content_positions: likewise for the self-similarity.
    """

    steps: int = 120
    last_steps: int = 100
    rate: float = 5e-3
    content: float = 2.0
    most_content: float = 10.0
    colours: float = 0.5
    smoothness: float = 0.8
    detail: float = 0.5
    samples: int = 1024
    content_positions: int = 512


class OptimizationStylizer(Artist):
    """Paints after one painting."""

    manners = True

    def __init__(
        self,
        name: str,
        painting: Pixels,
        backbone: Backbone,
        compute: Compute,
        *,
        minutes: float | None = None,
        effort: Effort | None = None,
    ) -> None:
        """Prepare.

        Args:
            name: what paintings are called after.
            painting: (H, W, 3) in 0..255.
            backbone: what both pictures are compared through.
            compute: where it runs; always in float32.
            minutes: most that may be spent on a picture.
            effort: how it is optimised.
        """
        self.name, self.compute = name, compute
        self.painting = to_tensor(painting.copy())
        self.backbone = compute.place(backbone)
        self.minutes, self.effort = minutes, effort or Effort()

    def ignored_options(self, options: StylizeOptions, size: tuple[int, int]) -> set[str]:
        """Detail, of a picture that is optimised at its own size."""
        del options
        return set() if self.levels(*size) else {"detail"}

    def levels(self, height: int, width: int) -> int:
        """How many times a picture is larger than what is optimised, in powers of two."""
        largest = min(LARGEST, max(BEYOND * max(self.painting.shape[2:]), SMALLEST))
        return max(0, math.ceil(math.log2(max(height, width) / largest)))

    def paint_photograph(
        self, photograph: Photograph, options: StylizeOptions, progress: Progress = lambda _: None
    ) -> Photograph:
        """Paint a decoded picture, every frame by itself; all but its colours stays as it is.

        Raises:
            ResourceError: there is not enough memory, or not enough space for temporary files.
        """
        width, height = photograph.size
        frames = photograph.frames
        canvas = Canvas((height * frames, width, 3), photograph.pixels.dtype)
        for index in range(frames):

            def share(done: float, index: int = index) -> None:
                progress((index + done) / frames)

            self.paint_raster(photograph.frame(index), options, share, canvas, index * height)
        return photograph.painted(canvas)

    def paint_raster(self, photo: Raster, options: StylizeOptions, progress: Progress, onto: Canvas, top: int) -> None:
        """Paint (H, W, 3 or more) pixels onto a canvas, from one of its rows on."""
        photos = pyramid(photo, self.levels(*photo.shape[:2]))
        whole = view(photos[0], Box(0, 0, *photos[0].shape[:2]))
        with memory_errors("Use smaller pictures."):
            painted = self.imitate(whole, options, lambda done: progress(OPTIMISING * done))

        def rest(done: float) -> None:
            progress(OPTIMISING + (1 - OPTIMISING) * done)

        levels = TiledPyramid(photos, photo.shape[:2], options, TILE, onto, top, rest)
        for tile in levels:
            box = tile.box
            if tile.below is None:
                levels.write(tile, painted[..., box.top : box.bottom, box.left : box.right])
                continue
            window = box.grown(0, 2)
            finer = tile.base(window) + options.detail * tile.detail(window)
            levels.write(tile, finer[(..., *box.inside(window))])

    def imitate(self, photo: Tensor, options: StylizeOptions, progress: Progress = lambda _: None) -> Tensor:
        """Paint a picture that fits into memory.

        Args:
            photo: (1, 3, H, W) in [-1, 1].
            options: ``seed`` decides which places are compared, ``stroke`` the size of the painting beside the picture.
            progress: called with the share of the work that is done.

        Returns:
            (1, 3, H, W) in [-1, 1], on the CPU.
        """
        device, effort = self.compute.device, self.effort
        longest = max(photo.shape[2:])
        count = max(1, 1 + math.floor(math.log2(max(longest / SMALLEST, 1))))
        scales = [longest / 2**index for index in reversed(range(count))]
        steps = [effort.steps] * (count - 1) + [effort.last_steps if count > 1 else effort.steps]
        costs = np.array([number * (side**2 + OVERHEAD**2) for number, side in zip(steps, scales, strict=True)])
        ends = np.concatenate([[0.0], np.cumsum(costs) / costs.sum()])
        begun = time.monotonic()
        picture: Tensor | None = None
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(options.seed or 0)
            for index, (side, number) in enumerate(zip(scales, steps, strict=True)):
                here = resized(photo, side / longest).to(device)
                painting = scaled_to(self.painting, side * options.stroke).to(device)
                picture = self.begun(here, picture, painting)
                weight = min(effort.content * 2.0 ** (count - 1 - index), effort.most_content)
                sculpture = PyramidParameters(picture, here, painting, self.backbone, effort, weight)
                logger.debug("%d steps at %d x %d pixels", number, here.shape[3], here.shape[2])
                for step in range(number):
                    self.stage = f"step {sum(steps[:index]) + step + 1} of {sum(steps)}"
                    sculpture.step(1 - 0.9 * step / number)
                    done = float(ends[index] + (ends[index + 1] - ends[index]) * (step + 1) / number)
                    spent = (time.monotonic() - begun) / 60
                    if self.minutes is not None:
                        done = max(done, min(spent / self.minutes, float(ends[index + 1])))
                    progress(done)
                    if self.minutes is not None and spent > self.minutes * ends[index + 1]:
                        break
                picture = sculpture.picture().detach().clamp(-1, 1)
        assert picture is not None
        return picture.cpu()

    def begun(self, photo: Tensor, before: Tensor | None, painting: Tensor) -> Tensor:
        """What a scale begins with: the picture of the last scale, or the photograph in the painting's mean colour."""
        if before is None:
            small = F.interpolate(photo, size=tuple(max(1, side // 8) for side in photo.shape[2:]), mode="area")
            return photo - to_size(small, photo) + painting.mean((2, 3), keepdim=True)
        half = F.interpolate(photo, size=before.shape[2:], mode="area")
        return to_size(before, photo) + self.effort.detail * (photo - to_size(half, photo))


class PyramidParameters:
    """A picture at one scale while it is optimised, as a Laplacian pyramid: so a step changes large areas at once."""

    def __init__(
        self, picture: Tensor, photo: Tensor, painting: Tensor, backbone: Backbone, effort: Effort, content: float
    ) -> None:
        self.painting, self.backbone, self.effort, self.content = painting, backbone, effort, content
        depth = max(0, math.floor(math.log2(max(min(picture.shape[2:]) / COARSEST, 1))))
        self.levels = [level.clone().requires_grad_() for level in laplacian(picture, depth)]
        self.optimizer = torch.optim.RMSprop(self.levels, effort.rate)
        self.coarse = [index for index, stride in enumerate(backbone.config.strides) if stride >= 8]
        with torch.no_grad():
            self.photo_maps = [backbone(photo)[index] for index in self.coarse]
            maps = backbone(painting)
            self.units = [one.square().mean().sqrt().clamp_min(1e-6) for one in maps]
            self.maps = [painting, *(one / unit for one, unit in zip(maps, self.units, strict=True))]

    def picture(self) -> Tensor:
        """(1, 3, H, W), unbounded."""
        picture = self.levels[-1]
        for level in reversed(self.levels[:-1]):
            picture = level + to_size(picture, level)
        return picture

    def step(self, rate: float) -> None:
        """One step downhill; ``rate`` is a factor on the learning rate."""
        effort = self.effort
        self.optimizer.param_groups[0]["lr"] = effort.rate * rate
        picture = self.picture()
        maps = self.backbone(picture)
        ours = [picture, *(one / unit for one, unit in zip(maps, self.units, strict=True))]
        places, others = (torch.rand(effort.samples, 2, device=picture.device) for _ in range(2))
        mine, theirs = hypercolumns(ours, places), hypercolumns(self.maps, others)
        loss = (
            relaxed_transport(cosine_costs(mine, theirs))
            + moment_difference(mine, theirs)
            + effort.colours * relaxed_transport(distance_costs(mine[:, :3], theirs[:, :3]))
            + effort.smoothness * total_variation(picture)
            + self.content
            * self_similarity([maps[index] for index in self.coarse], self.photo_maps, effort.content_positions)
        )
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()


def laplacian(picture: Tensor, depth: int) -> list[Tensor]:
    """What each of ``depth`` scales adds to the coarser ones, finest first, and the coarsest picture."""
    levels = []
    for _ in range(depth):
        size = tuple(max(1, side // 2) for side in picture.shape[2:])
        small = F.interpolate(picture, size=size, mode="area")
        levels.append(picture - to_size(small, picture))
        picture = small
    return [*levels, picture]


def to_size(picture: Tensor, like: Tensor) -> Tensor:
    """The picture enlarged to the size of another."""
    return F.interpolate(picture, size=like.shape[2:], mode="bilinear", align_corners=False)


def resized(picture: Tensor, factor: float) -> Tensor:
    """The picture at another scale, smoothed where it shrinks; never below a pixel."""
    if factor == 1:
        return picture
    size = tuple(max(1, round(side * factor)) for side in picture.shape[2:])
    return F.interpolate(picture, size=size, mode="bicubic", align_corners=False, antialias=True).clamp(-1, 1)


def scaled_to(picture: Tensor, side: float) -> Tensor:
    """The picture with that long side, between ``SMALLEST`` / 2 and twice ``LARGEST``."""
    return resized(picture, min(max(side, SMALLEST / 2), 2 * LARGEST) / max(picture.shape[2:]))
