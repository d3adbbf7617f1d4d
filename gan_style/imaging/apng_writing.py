"""Animated PNG output with 8 or 16 bits: libvips compresses each frame, and the frames are merged into one file."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from gan_style.imaging import vips
from gan_style.imaging.apng import CONTROL, KEEP, SOURCE, Pixels
from gan_style.imaging.canvas import strips
from gan_style.imaging.photograph import Animation
from gan_style.imaging.png import chunk, chunks

MAX_UINT16 = 2**16 - 1
"""Maximum numerator and denominator of a delay."""


def add_frames(path: Path, animation: Animation, frames: Iterable[Pixels]) -> None:
    """Turn a still PNG into the first frame of an animated PNG.

    Args:
        path: the file, without a palette.
        animation: timing of the frames.
        frames: all frames including the first, (H, W, C), in the pixel format of the file.

    Raises:
        OSError or vips.Error: it cannot be written.
    """
    still = path.read_bytes()
    data = [(place, length) for kind, place, length in chunks(io.BytesIO(still)) if kind == b"IDAT"]
    first, end = data[0][0] - 8, data[-1][0] + data[-1][1] + 4
    number = 0
    with path.open("r+b") as stream:
        stream.seek(first)
        stream.write(chunk(b"acTL", struct.pack(">II", len(animation.delays), animation.loop)))
        before: Pixels | None = None
        for pixels, delay in zip(frames, animation.delays, strict=True):
            left, top, width, height = changed_box(before, pixels)
            timing = delay_fraction(delay)
            stream.write(chunk(b"fcTL", CONTROL.pack(number, width, height, left, top, *timing, KEEP, SOURCE)))
            number += 1
            if before is None:
                stream.write(still[first:end])
            else:
                for part in compress_frame(pixels[top : top + height, left : left + width]):
                    stream.write(chunk(b"fdAT", number.to_bytes(4, "big") + part))
                    number += 1
            before = pixels
        stream.write(still[end:])


def changed_box(before: Pixels | None, after: Pixels) -> tuple[int, int, int, int]:
    """Bounding box of the changed pixels: left, top, width, height; at least one pixel."""
    height, width = after.shape[:2]
    if before is None:
        return 0, 0, width, height
    rows, columns = np.zeros(height, bool), np.zeros(width, bool)
    for strip in strips(after.shape):
        differs = (before[strip] != after[strip]).any(axis=2)
        rows[strip] = differs.any(axis=1)
        columns |= differs.any(axis=0)
    if not rows.any():
        return 0, 0, 1, 1
    (top, bottom), (left, right) = (np.flatnonzero(one)[[0, -1]].tolist() for one in (rows, columns))
    return left, top, right - left + 1, bottom - top + 1


def compress_frame(pixels: Pixels) -> Iterator[bytes]:
    """Compress a frame; yield the contents of its IDAT chunks."""
    deep = pixels.dtype == np.uint16
    image = vips.Image.new_from_array(np.ascontiguousarray(pixels), interpretation="rgb16" if deep else "srgb")
    stream = io.BytesIO(image.pngsave_buffer(compression=6, keep="none"))
    for kind, place, length in chunks(stream):
        if kind == b"IDAT":
            stream.seek(place)
            yield stream.read(length)


def delay_fraction(milliseconds: int) -> tuple[int, int]:
    """Convert a delay to seconds as a fraction with 16-bit numerator and denominator."""
    parts = min(1000, max(1, MAX_UINT16 * 1000 // max(milliseconds, 1)))
    return min(round(milliseconds * parts / 1000), MAX_UINT16), parts
