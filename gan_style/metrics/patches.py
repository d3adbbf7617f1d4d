"""Patch distances between two sets of pictures, scale by scale, without any network.

Sliced Wasserstein distance on Laplacian pyramids (Karras et al., "Progressive Growing of GANs", ICLR 2018): fine levels
compare grain and strokes, coarse ones shapes and palette. Patches are normalized by the statistics of the real
paintings, so that a wrong palette counts; the original normalizes each set separately.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_style.imaging.types import Pixels
from gan_style.metrics.distances import Estimate, jackknife

Floats = npt.NDArray[np.float32]

PATCH = 7
"""Side of a patch in pixels of its level."""

GROUPS = 20
QUANTILES = 512


@dataclass(frozen=True)
class PatchConfig:
    """Settings of patch sampling and comparison.

    Attributes:
        levels: number of pyramid levels, the finest first.
        patches: number of patches per level of a picture.
        projections: number of random projections on which patches are compared.
        seed: random seed.
    """

    levels: int = 4
    patches: int = 64
    projections: int = 128
    seed: int = 0


def laplacian_pyramid(picture: Pixels, levels: int) -> list[Floats]:
    """Compute a Laplacian pyramid: the detail at each scale, and finally the residual.

    Args:
        picture: (H, W, 3), sides of at least ``PATCH * 2 ** (levels - 1)``.
        levels: number of scales.

    Returns:
        (H / 2^k, W / 2^k, 3) for k = 0..levels - 1, in units of 1/255.
    """
    result, current = [], picture.astype(np.float32)
    for _ in range(levels - 1):
        coarse = blur(current)[::2, ::2]
        result.append(current - enlarge(coarse, current.shape))
        current = coarse
    return [*result, current]


def blur(picture: Floats) -> Floats:
    """Apply the binomial filter with five taps, mirrored at the border."""
    for axis in (0, 1):
        padding = [(2, 2) if one == axis else (0, 0) for one in range(3)]
        padded = np.pad(picture, padding, "reflect")
        length = picture.shape[axis]
        picture = sum(
            (weight * padded.take(range(start, start + length), axis) for start, weight in enumerate((1, 4, 6, 4, 1))),
            np.zeros_like(picture),
        ) / np.float32(16)
    return picture


def enlarge(picture: Floats, shape: tuple[int, ...]) -> Floats:
    """Upscale by two with smoothing, cropped to ``shape``."""
    spread = np.zeros(shape, np.float32)
    spread[::2, ::2] = picture
    return 4 * blur(spread)


def draw_patches(picture: Pixels, config: PatchConfig, index: int) -> list[Floats]:
    """Draw random patches of one picture.

    Args:
        picture: (H, W, 3).
        config: sampling settings.
        index: index of the picture in its set, which determines the positions of its patches.

    Returns:
        For each level, (patches, PATCH * PATCH * 3).

    Raises:
        ValueError: the picture is too small for the number of levels.
    """
    if min(picture.shape[:2]) < PATCH * 2 ** (config.levels - 1):
        raise ValueError(f"a picture of {picture.shape[1]}x{picture.shape[0]} is too small for {config.levels} levels")
    random = np.random.default_rng([config.seed, index])
    drawn = []
    for level in laplacian_pyramid(picture, config.levels):
        windows = np.lib.stride_tricks.sliding_window_view(level, (PATCH, PATCH), (0, 1))
        rows, columns = (random.integers(size, size=config.patches) for size in windows.shape[:2])
        drawn.append(np.ascontiguousarray(windows[rows, columns].reshape(config.patches, -1)))
    return drawn


def sliced_wasserstein(first: Floats, second: Floats, config: PatchConfig) -> Estimate:
    """Compute the sliced Wasserstein distance between the patches of two sets.

    Args:
        first: (M, P, D), P patches of each of M pictures.
        second: (N, P, D) of real paintings, whose statistics normalize both sets.
        config: number of projections and their seed.

    Returns:
        The mean distance between projected patches, with its confidence interval over pictures of both sets.

    Raises:
        ValueError: a set has fewer than two pictures.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError("a patch distance requires at least two pictures in each set")
    # Colors are the first of (3, PATCH, PATCH): each has its own mean and deviation.
    channels = second.reshape(len(second), second.shape[1], 3, -1)
    mean, spread = channels.mean((0, 1, 3)), channels.std((0, 1, 3)) + 1e-6
    unit = [
        ((one.reshape(*one.shape[:2], 3, -1) - mean[:, None]) / spread[:, None]).reshape(one.shape)
        for one in (first, second)
    ]
    random = np.random.default_rng(config.seed)
    directions = random.normal(size=(first.shape[2], config.projections))
    directions /= np.linalg.norm(directions, axis=0)
    groups = [np.arange(len(one)) % min(GROUPS, len(one)) for one in unit]
    total, without = 0.0, [np.zeros(one.max() + 1) for one in groups]
    for direction in directions.T.astype(np.float32):
        lines = [sorted_line(one @ direction, group) for one, group in zip(unit, groups, strict=True)]
        whole = [quantiles(values) for values, _ in lines]
        total += float(np.abs(whole[0] - whole[1]).mean())
        for which, (values, labels) in enumerate(lines):
            other = whole[1 - which]
            for group in range(len(without[which])):
                without[which][group] += float(np.abs(quantiles(values[labels != group]) - other).mean())
    return jackknife(total / config.projections, *(one / config.projections for one in without))


def sorted_line(values: Floats, groups: npt.NDArray[np.int_]) -> tuple[Floats, npt.NDArray[np.int_]]:
    """Sort (M, P) projections, and return the group of each."""
    order = values.ravel().argsort()
    return values.ravel()[order], np.repeat(groups, values.shape[1])[order]


def quantiles(values: Floats) -> npt.NDArray[np.float64]:
    """Return ``QUANTILES`` evenly spaced quantiles of sorted values."""
    below, share = quantile_places(len(values))
    lower, upper = values[below].astype(np.float64), values[np.minimum(below + 1, len(values) - 1)]
    return lower + share * (upper - lower)


@functools.lru_cache
def quantile_places(count: int) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.float64]]:
    """Return the positions of quantiles in ``count`` sorted values: the index below each, and the fraction above it."""
    positions = (np.arange(QUANTILES) + 0.5) / QUANTILES * (count - 1)
    below = positions.astype(np.int_)
    return below, positions - below
