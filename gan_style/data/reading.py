"""Loading a single training picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from gan_style.data.margins import find_margins
from gan_style.errors import GanStyleError
from gan_style.files import retry_transient
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.types import Pixels

SMALLEST_SIDE = 32
"""Smallest short side in pixels; smaller pictures are skipped."""

WHOLE = 2**27
"""Largest file, in bytes, that is read at once, with retries, to survive brief network errors."""


def decode_picture(path: Path, short_side: int, smallest: int, trim: bool) -> Pixels | str:
    """Load a training picture, (H, W, 3), or return a message if the file is unusable.

    Args:
        path: the file.
        short_side: short side in pixels to which larger pictures are downscaled.
        smallest: short side in pixels to which smaller pictures are upscaled.
        trim: crop margins and frames first.
    """
    try:
        rgb = read_trimmed(path, short_side) if trim else read(path, short_side)
    except GanStyleError as error:
        return str(error)
    if min(rgb.shape[:2]) < SMALLEST_SIDE:
        return f"{path} is too small for training ({rgb.shape[1]}x{rgb.shape[0]} pixels)."
    return fit(rgb, smallest)


def read(path: Path, short_side: int) -> Pixels:
    """Read a picture downscaled to a short side in pixels, with retries after network errors.

    Raises:
        PictureError: the file cannot be read.
        ResourceError: there is not enough memory.
    """
    try:
        content = retry_transient(path.read_bytes) if path.stat().st_size <= WHOLE else None
    except OSError:
        content = None  # Decoding will report the error.
    if content is None:
        return read_picture(path, short_side).rgb
    return read_picture(content, short_side, name=str(path)).rgb


def read_trimmed(path: Path, short_side: int) -> Pixels:
    """Read a picture without its margins, downscaled to a short side in pixels.

    Raises:
        PictureError: the file cannot be read.
        ResourceError: there is not enough memory.
    """
    rgb = read(path, short_side)
    margins = find_margins(rgb)
    if not margins:
        return rgb
    left = min(margins.cut(rgb).shape[:2])
    larger = read(path, short_side * short_side // left + 2)  # Margins are rounded up.
    return read_picture(margins.scaled(larger.shape[0] / rgb.shape[0]).cut(larger), short_side).rgb


def fit(rgb: Pixels, smallest: int) -> Pixels:
    """Upscale a picture whose short side is below ``smallest``."""
    height, width = rgb.shape[:2]
    short = min(height, width)
    if short >= smallest:
        return rgb
    size = (-(-width * smallest // short), -(-height * smallest // short))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
