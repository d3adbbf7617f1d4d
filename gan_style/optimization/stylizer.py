"""Style transfer from a single painting: optimize the picture itself, coarse to fine, without training.

Introduced by Gatys et al. ("Image Style Transfer Using Convolutional Neural Networks", CVPR 2016). As in STROTSS
(Kolkin et al., CVPR 2019), the loss compares sampled features rather than Gram matrices alone, and content by
self-similarity, so that ImageNet networks other than VGG work, too.
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
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.tensors import to_tensor
from gan_style.imaging.types import Pixels
from gan_style.inference.artist import Artist, paint_frames
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

MIN_SIDE, MAX_SIDE = 64, 1024
"""Range of the long side in pixels at which a picture is optimized; larger pictures are upsampled from there."""

MAX_UPSCALE = 2.0
"""Maximum size of the optimized picture relative to the painting, which shows no strokes finer than its own pixels."""

OPTIMIZATION_SHARE = 0.98
"""Fraction of the progress that is optimization; the rest is upsampling."""

OVERHEAD_SIDE = 370
"""Side in pixels of a square whose step time equals the overhead of a step that is independent of the size."""

MIN_LEVEL_SIDE = 8
"""Short side in pixels of the smallest level of the optimized Laplacian pyramid."""


@dataclass(frozen=True)
class OptimizationConfig:
    """Hyperparameters of the optimization.

    Attributes:
        steps: steps per scale, except the last.
        last_steps: steps of the last scale, each four times as expensive as at the previous one.
        learning_rate: learning rate of RMSprop at the start of a scale; it decays to a tenth, so that noise settles.
        content_weight: weight of the self-similarity loss at the finest scale; doubles with every coarser scale, up to
            ``max_content_weight``.
        max_content_weight: upper limit of the content weight.
        color_weight: weight of the optimal transport loss on colors relative to that on features.
        smoothness: weight of the total variation loss.
        detail: fraction of the photograph's detail at a scale to include in its initial picture.
        samples: positions sampled from either picture per step.
        content_positions: positions sampled per step for the self-similarity.
    """

    steps: int = 120
    last_steps: int = 100
    learning_rate: float = 5e-3
    content_weight: float = 2.0
    max_content_weight: float = 10.0
    color_weight: float = 0.5
    smoothness: float = 0.8
    detail: float = 0.5
    samples: int = 1024
    content_positions: int = 512


class OptimizationStylizer(Artist):
    """Painter that optimizes each picture towards one painting."""

    stochastic = True

    def __init__(
        self,
        name: str,
        painting: Pixels,
        backbone: Backbone,
        compute: Compute,
        *,
        minutes: float | None = None,
        config: OptimizationConfig | None = None,
    ) -> None:
        """Initialize.

        Args:
            name: style name, for file names and messages.
            painting: (H, W, 3) in 0..255.
            backbone: feature network.
            compute: device; the precision is always float32.
            minutes: time limit per picture.
            config: hyperparameters.
        """
        self.name, self.compute = name, compute
        self.painting = to_tensor(painting.copy())
        self.backbone = compute.place(backbone)
        self.minutes, self.config = minutes, config or OptimizationConfig()

    def ignored_options(self, options: StylizeOptions, size: tuple[int, int]) -> set[str]:
        """Return detail for a picture that is optimized at its full size."""
        del options
        return set() if self.levels(*size) else {"detail"}

    def levels(self, height: int, width: int) -> int:
        """Return how often the optimized picture is upsampled by two to reach the full size."""
        largest = min(MAX_SIDE, max(MAX_UPSCALE * max(self.painting.shape[2:]), MIN_SIDE))
        return max(0, math.ceil(math.log2(max(height, width) / largest)))

    def paint_photograph(
        self, photograph: Photograph, options: StylizeOptions, progress: Progress = lambda _: None
    ) -> Photograph:
        """Paint a decoded picture frame by frame; everything but its pixels is kept.

        Raises:
            ResourceError: there is not enough memory, or not enough space for temporary files.
        """

        def paint(frame: Raster, progress: Progress, canvas: Canvas, top: int) -> None:
            self.paint_raster(frame, options, progress, canvas, top)

        return paint_frames(photograph, paint, progress)

    def paint_raster(self, photo: Raster, options: StylizeOptions, progress: Progress, onto: Canvas, top: int) -> None:
        """Paint (H, W, 3 or more) pixels on a canvas, starting at row ``top``."""
        photos = pyramid(photo, self.levels(*photo.shape[:2]))
        whole = view(photos[0], Box(0, 0, *photos[0].shape[:2]))
        with memory_errors("Use smaller pictures."):
            painted = self.optimize(whole, options, lambda done: progress(OPTIMIZATION_SHARE * done))

        def upsampling_progress(done: float) -> None:
            progress(OPTIMIZATION_SHARE + (1 - OPTIMIZATION_SHARE) * done)

        levels = TiledPyramid(photos, photo.shape[:2], options, TILE, onto, top, upsampling_progress)
        for tile in levels:
            box = tile.box
            if tile.below is None:
                levels.write(tile, painted[..., box.top : box.bottom, box.left : box.right])
                continue
            window = box.grown(0, 2)
            finer = tile.base(window) + options.detail * tile.detail(window)
            levels.write(tile, finer[(..., *box.inside(window))])

    def optimize(self, photo: Tensor, options: StylizeOptions, progress: Progress = lambda _: None) -> Tensor:
        """Paint a picture that fits in memory.

        Args:
            photo: (1, 3, H, W) in [-1, 1].
            options: ``seed`` determines the sampled positions, ``stroke`` the scale of the painting.
            progress: progress callback.

        Returns:
            (1, 3, H, W) in [-1, 1], on the CPU.
        """
        device, config = self.compute.device, self.config
        longest = max(photo.shape[2:])
        count = max(1, 1 + math.floor(math.log2(max(longest / MIN_SIDE, 1))))
        scales = [longest / 2**index for index in reversed(range(count))]
        steps = [config.steps] * (count - 1) + [config.last_steps if count > 1 else config.steps]
        costs = np.array([number * (side**2 + OVERHEAD_SIDE**2) for number, side in zip(steps, scales, strict=True)])
        ends = np.concatenate([[0.0], np.cumsum(costs) / costs.sum()])
        started = time.monotonic()
        picture: Tensor | None = None
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(options.seed or 0)
            for index, (side, number) in enumerate(zip(scales, steps, strict=True)):
                target = resized(photo, side / longest).to(device)
                painting = scaled_to(self.painting, side * options.stroke).to(device)
                picture = self.initial_picture(target, picture, painting)
                weight = min(config.content_weight * 2.0 ** (count - 1 - index), config.max_content_weight)
                parameters = PyramidParameters(picture, target, painting, self.backbone, config, weight)
                logger.debug("%d steps at %d x %d pixels", number, target.shape[3], target.shape[2])
                for step in range(number):
                    self.stage = f"step {sum(steps[:index]) + step + 1} of {sum(steps)}"
                    parameters.step(1 - 0.9 * step / number)
                    done = float(ends[index] + (ends[index + 1] - ends[index]) * (step + 1) / number)
                    spent = (time.monotonic() - started) / 60
                    if self.minutes is not None:
                        done = max(done, min(spent / self.minutes, float(ends[index + 1])))
                    progress(done)
                    if self.minutes is not None and spent > self.minutes * ends[index + 1]:
                        break
                picture = parameters.picture().detach().clamp(-1, 1)
        assert picture is not None
        return picture.cpu()

    def initial_picture(self, photo: Tensor, before: Tensor | None, painting: Tensor) -> Tensor:
        """Initialize a scale with the previous scale's picture, or the photograph in the painting's mean color."""
        if before is None:
            small = F.interpolate(photo, size=tuple(max(1, side // 8) for side in photo.shape[2:]), mode="area")
            return photo - to_size(small, photo) + painting.mean((2, 3), keepdim=True)
        half = F.interpolate(photo, size=before.shape[2:], mode="area")
        return to_size(before, photo) + self.config.detail * (photo - to_size(half, photo))


class PyramidParameters:
    """Picture at one scale, parametrized as a Laplacian pyramid so that one step can change large areas."""

    def __init__(
        self,
        picture: Tensor,
        photo: Tensor,
        painting: Tensor,
        backbone: Backbone,
        config: OptimizationConfig,
        content: float,
    ) -> None:
        self.painting, self.backbone, self.config, self.content = painting, backbone, config, content
        depth = max(0, math.floor(math.log2(max(min(picture.shape[2:]) / MIN_LEVEL_SIDE, 1))))
        self.levels = [level.clone().requires_grad_() for level in laplacian(picture, depth)]
        self.optimizer = torch.optim.RMSprop(self.levels, config.learning_rate)
        self.coarse = [index for index, stride in enumerate(backbone.config.strides) if stride >= 8]
        with torch.no_grad():
            self.photo_maps = [backbone(photo)[index] for index in self.coarse]
            maps = backbone(painting)
            self.units = [one.square().mean().sqrt().clamp_min(1e-6) for one in maps]
            self.maps = [painting, *(one / unit for one, unit in zip(maps, self.units, strict=True))]

    def picture(self) -> Tensor:
        """Reconstruct the picture, (1, 3, H, W), unclamped."""
        picture = self.levels[-1]
        for level in reversed(self.levels[:-1]):
            picture = level + to_size(picture, level)
        return picture

    def step(self, factor: float) -> None:
        """Make one optimization step; ``factor`` scales the learning rate."""
        config = self.config
        self.optimizer.param_groups[0]["lr"] = config.learning_rate * factor
        picture = self.picture()
        maps = self.backbone(picture)
        ours = [picture, *(one / unit for one, unit in zip(maps, self.units, strict=True))]
        positions, others = (torch.rand(config.samples, 2, device=picture.device) for _ in range(2))
        mine, theirs = hypercolumns(ours, positions), hypercolumns(self.maps, others)
        loss = (
            relaxed_transport(cosine_costs(mine, theirs))
            + moment_difference(mine, theirs)
            + config.color_weight * relaxed_transport(distance_costs(mine[:, :3], theirs[:, :3]))
            + config.smoothness * total_variation(picture)
            + self.content
            * self_similarity([maps[index] for index in self.coarse], self.photo_maps, config.content_positions)
        )
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()


def laplacian(picture: Tensor, depth: int) -> list[Tensor]:
    """Return a Laplacian pyramid: ``depth`` difference images, finest first, and the coarsest picture."""
    levels = []
    for _ in range(depth):
        size = tuple(max(1, side // 2) for side in picture.shape[2:])
        small = F.interpolate(picture, size=size, mode="area")
        levels.append(picture - to_size(small, picture))
        picture = small
    return [*levels, picture]


def to_size(picture: Tensor, like: Tensor) -> Tensor:
    """Upsample a picture to the size of another."""
    return F.interpolate(picture, size=like.shape[2:], mode="bilinear", align_corners=False)


def resized(picture: Tensor, factor: float) -> Tensor:
    """Resize a picture by a factor with antialiasing, to at least one pixel."""
    if factor == 1:
        return picture
    size = tuple(max(1, round(side * factor)) for side in picture.shape[2:])
    return F.interpolate(picture, size=size, mode="bicubic", align_corners=False, antialias=True).clamp(-1, 1)


def scaled_to(picture: Tensor, side: float) -> Tensor:
    """Resize a picture to a long side, clamped to ``MIN_SIDE`` / 2 and twice ``MAX_SIDE``."""
    return resized(picture, min(max(side, MIN_SIDE / 2), 2 * MAX_SIDE) / max(picture.shape[2:]))
