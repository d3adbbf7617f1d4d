"""One picture as training wants it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from gan_style.data.margins import find_margins
from gan_style.errors import GanStyleError
from gan_style.files import retry_transient
from gan_style.imaging.decoding import Pixels, read_picture

SMALLEST_SIDE = 32
"""Pictures with a shorter side than this teach nothing and are passed over."""

WHOLE = 2**27
"""Bytes of a file up to which it is read at once, so that a hiccup of the network spoils nothing."""


def decode_picture(path: Path, short_side: int, smallest: int, trim: bool) -> Pixels | str:
    """A picture for training, (H, W, 3), or a sentence about why there is none.

    Args:
        path: the file.
        short_side: pixels; larger pictures are shrunk to it.
        smallest: pictures with a shorter side are enlarged to this.
        trim: cut margins and frames off first.
    """
    try:
        rgb = read_trimmed(path, short_side) if trim else read(path, short_side)
    except GanStyleError as error:
        return str(error)
    if min(rgb.shape[:2]) < SMALLEST_SIDE:
        return f"{path} has only {rgb.shape[1]}x{rgb.shape[0]} pixels, too few to learn from."
    return fit(rgb, smallest)


def read(path: Path, short_side: int) -> Pixels:
    """A picture shrunk to a short side in pixels, read again where the network has a hiccup.

    Raises:
        PictureError: it cannot be read.
        ResourceError: there is not enough memory for it.
    """
    try:
        content = retry_transient(path.read_bytes) if path.stat().st_size <= WHOLE else None
    except OSError:
        content = None  # Decoding it says what is wrong.
    if content is None:
        return read_picture(path, short_side).rgb
    return read_picture(content, short_side, name=str(path)).rgb


def read_trimmed(path: Path, short_side: int) -> Pixels:
    """A picture without its margins, shrunk to a short side in pixels.

    Raises:
        PictureError: it cannot be read.
        ResourceError: there is not enough memory for it.
    """
    rgb = read(path, short_side)
    margins = find_margins(rgb)
    if not margins:
        return rgb
    left = min(margins.cut(rgb).shape[:2])
    larger = read(path, short_side * short_side // left + 2)  # What is cut is rounded up.
    return read_picture(margins.scaled(larger.shape[0] / rgb.shape[0]).cut(larger), short_side).rgb


def fit(rgb: Pixels, smallest: int) -> Pixels:
    """Enlarge a picture whose short side is below ``smallest``."""
    height, width = rgb.shape[:2]
    short = min(height, width)
    if short >= smallest:
        return rgb
    size = (-(-width * smallest // short), -(-height * smallest // short))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
