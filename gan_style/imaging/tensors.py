"""Conversion between pixels and network tensors, and basic tensor operations on pictures."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.device import constant
from gan_style.imaging.types import Pixels

LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601)."""

GRAIN_PERIODS = (509, 521)
"""Period of the grain in rows and columns; primes, so that it never aligns with tiles."""


def to_unit(pixels: Tensor) -> Tensor:
    """Any shape, 0..255 -> float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_tensor(rgb: Pixels) -> Tensor:
    """(H, W, 3), 0..255, writable -> (1, 3, H, W), float32 in [-1, 1]."""
    return to_unit(torch.from_numpy(rgb).permute(2, 0, 1)[None])


def luminance(picture: Tensor) -> Tensor:
    """(N, 3, H, W), RGB -> (N, 1, H, W), ITU-R BT.601, in the range of ``picture``."""
    weights = constant(LUMINANCE, picture.device, picture.dtype)
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def to_pixels(picture: Tensor, dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """(1, 3, H, W) in [-1, 1], clamped -> (H, W, 3), full-range uint8 or uint16."""
    most = np.iinfo(np.dtype(dtype)).max
    values = (picture[0].clamp(-1, 1) + 1) * (most / 2) + 0.5
    pixels: npt.NDArray[Any] = values.permute(1, 2, 0).cpu().numpy().astype(dtype)
    return pixels


def enlarge(picture: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, 2H, 2W), bilinear."""
    return F.interpolate(picture, scale_factor=2, mode="bilinear", align_corners=False)


def shrink(picture: Tensor) -> Tensor:
    """(N, C, 2H, 2W) -> (N, C, H, W), the mean of each 2x2 square."""
    return F.avg_pool2d(picture, 2)


def grain(top: int, left: int, height: int, width: int) -> Tensor:
    """Noise with a standard deviation of one gray level, like camera noise, for perfectly flat areas.

    Where neighboring pixels are exactly equal, as in clipped blacks, a convolutional generator has no texture to form
    strokes from and paints a flat patch. The noise depends only on the position in the picture, so that tiles match.

    Returns:
        (1, 3, height, width), float32, in the units of a picture in [-1, 1].
    """
    rows, columns = (
        np.arange(start, start + length) % period
        for start, length, period in zip((top, left), (height, width), GRAIN_PERIODS, strict=True)
    )
    return grain_field()[:, :, rows][..., columns]


def cell_grain(top: int, left: int, height: int, width: int) -> Tensor:
    """Noise with one value per cell of 2x2 pixels, the input of streaks.

    Args:
        top: first row of the window; even, like the other arguments.
        left: first column of the window.
        height: height of the window in pixels.
        width: width of the window in pixels.

    Returns:
        (1, 3, height / 2, width / 2), float32, standard normal; it depends only on the position in the picture.
    """
    return 127.5 * grain(top // 2, left // 2, height // 2, width // 2)


@functools.cache
def grain_field() -> Tensor:
    """One period of the grain."""
    noise = np.random.default_rng(0).standard_normal((1, 3, *GRAIN_PERIODS), np.float32)
    return torch.from_numpy(noise) / 127.5
