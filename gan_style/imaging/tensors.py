"""Between bytes and the numbers that networks see."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.device import constant
from gan_style.imaging.decoding import Pixels

LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601)."""

GRAIN_PERIODS = (509, 521)
"""After how many rows and columns the grain repeats; primes, so that it falls in step with no tile."""


def to_unit(pixels: Tensor) -> Tensor:
    """Any shape, 0..255 -> float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_tensor(rgb: Pixels) -> Tensor:
    """(H, W, 3), 0..255, writable -> (1, 3, H, W), float32 in [-1, 1]."""
    return to_unit(torch.from_numpy(rgb).permute(2, 0, 1)[None])


def luminance(picture: Tensor) -> Tensor:
    """(N, 3, H, W), RGB -> (N, 1, H, W), as in ITU-R BT.601; in units of ``picture``."""
    weights = constant(LUMINANCE, picture.device, picture.dtype)
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def to_pixels(picture: Tensor, dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """(1, 3, H, W) in [-1, 1], clamped -> (H, W, 3), uint8 or uint16 over their whole range."""
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
    """Noise of one grey level, such as real photographs have, for those parts of a picture that have none.

    Where neighbouring pixels are exactly equal, as in clipped blacks, a convolutional generator has nothing to hang its
    strokes on and paints a flat patch. The noise depends on the position in the picture alone, so tiles agree on it.

    Returns:
        (1, 3, height, width), float32, in units of a picture in [-1, 1].
    """
    rows, columns = (
        np.arange(start, start + length) % period
        for start, length, period in zip((top, left), (height, width), GRAIN_PERIODS, strict=True)
    )
    return grain_field()[:, :, rows][..., columns]


def cell_grain(top: int, left: int, height: int, width: int) -> Tensor:
    """Noise with one number for each cell of 2x2 pixels, which streaks are made of.

    Args:
        top: row of the picture at which the window begins, even, as all four are.
        left: likewise, column.
        height: of the window, in pixels.
        width: likewise.

    Returns:
        (1, 3, height / 2, width / 2), float32, standard normal; it depends on the position in the picture alone.
    """
    return 127.5 * grain(top // 2, left // 2, height // 2, width // 2)


@functools.cache
def grain_field() -> Tensor:
    """One period of the grain."""
    noise = np.random.default_rng(0).standard_normal((1, 3, *GRAIN_PERIODS), np.float32)
    return torch.from_numpy(noise) / 127.5
