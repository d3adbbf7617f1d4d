"""Animated PNG input: libvips decodes each frame as a still PNG, which preserves 16 bits."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from gan_style.imaging import vips
from gan_style.imaging.canvas import strips
from gan_style.imaging.photograph import Animation
from gan_style.imaging.png import SIGNATURE, chunk, chunks

HEADER = struct.Struct(">II5s")  # width, height, rest of IHDR
CONTROL = struct.Struct(
    ">IIIIIHHBB"
)  # sequence number, width, height, left, top, delay (numerator, denominator), disposal, blending
KEEP, CLEAR, RESTORE = range(3)
"""Disposal operations of a frame before the next one is shown."""

SOURCE, OVER = range(2)
"""Blend operations: a frame replaces the canvas, or is composited over it."""

Pixels = npt.NDArray[Any]


class BrokenAnimationError(Exception):
    """The frames of a file are missing, inconsistent or unreadable."""


@dataclass(frozen=True)
class Frame:
    """A frame before it is decoded.

    Attributes:
        box: left, top, width, height of the changed region.
        delay: duration in seconds.
        disposal: ``KEEP``, ``CLEAR`` or ``RESTORE``.
        blending: ``SOURCE`` or ``OVER``.
        data: offsets and lengths of its compressed pixels in the file.
    """

    box: tuple[int, int, int, int]
    delay: float
    disposal: int
    blending: int
    data: list[tuple[int, int]]


@dataclass(frozen=True)
class AnimatedPng:
    """An animated PNG before its frames are decoded.

    Attributes:
        size: width and height.
        layout: the rest of its header.
        shared: chunks needed to decode every frame.
        plays: number of loops; 0 for infinite.
        frames: in display order.
    """

    size: tuple[int, int]
    layout: bytes
    shared: bytes
    plays: int
    frames: list[Frame]

    @property
    def needs_alpha(self) -> bool:
        """Whether parts of the canvas may stay empty, so that an alpha channel is needed."""
        return self.frames[0].box != (0, 0, *self.size) or any(frame.disposal != KEEP for frame in self.frames)

    @property
    def animation(self) -> Animation:
        """Timing of the frames, in whole milliseconds that add up to the same total duration."""
        ends = np.round(np.cumsum([1000 * frame.delay for frame in self.frames])).astype(int)
        return Animation(tuple(int(delay) for delay in np.diff(ends, prepend=0)), self.plays)


def read_animated_png(stream: BinaryIO) -> AnimatedPng | None:
    """Read the frames of an animated PNG, without a default image that is not a frame; None for a still PNG.

    Raises:
        BrokenAnimationError: frames are missing or contradict each other.
    """
    size, layout, shared, plays, count = (0, 0), b"", b"", 0, 0
    frames: list[Frame] = []
    early: list[bytes] = []  # Frame control chunks before the animation control chunk.
    number, pixels = 0, False
    for kind, place, length in chunks(stream):
        body = stream.read(length) if kind in (b"IHDR", b"PLTE", b"tRNS", b"acTL", b"fcTL") else b""
        if len(body) not in (0, length):
            raise BrokenAnimationError
        if kind == b"IHDR" and length == HEADER.size:
            width, height, layout = HEADER.unpack(body)
            size = (width, height)
        elif kind in (b"PLTE", b"tRNS"):
            shared += chunk(kind, body)
        elif kind == b"acTL" and length == 8 and not pixels:
            if count:  # Two animation control chunks.
                raise BrokenAnimationError
            count, plays = struct.unpack(">II", body)
            frames = [parse_frame_control(control, index, size) for index, control in enumerate(early)]
            number = len(frames)
        elif kind == b"fcTL" and not count:
            early.append(body)
        elif kind == b"fcTL":
            frames.append(parse_frame_control(body, number, size))
            number += 1
        elif kind == b"IDAT":
            pixels = True
            if not count:
                return None
            if frames:
                frames[0].data.append((place, length))
        elif kind == b"fdAT" and count:
            if not frames or length < 4 or int.from_bytes(stream.read(4), "big") != number:
                raise BrokenAnimationError
            frames[-1].data.append((place + 4, length - 4))
            number += 1
        elif kind == b"IEND":
            break
    if not count:
        return None
    if len(frames) < count or not all(frame.data for frame in frames[:count]):
        raise BrokenAnimationError
    return AnimatedPng(size, layout, shared, plays, frames[:count])


def parse_frame_control(body: bytes, number: int, size: tuple[int, int]) -> Frame:
    """Parse a frame control chunk.

    Raises:
        BrokenAnimationError: it is out of sequence, or the frame exceeds the picture.
    """
    if len(body) != CONTROL.size:
        raise BrokenAnimationError
    sequence, width, height, left, top, delay, parts, disposal, blending = CONTROL.unpack(body)
    inside = width and height and left + width <= size[0] and top + height <= size[1]
    if sequence != number or not inside or disposal > RESTORE or blending > OVER:
        raise BrokenAnimationError
    return Frame((left, top, width, height), delay / (parts or 100), disposal, blending, [])


def composited_frames(stream: BinaryIO, animated: AnimatedPng) -> Iterator[Pixels]:
    """Composite the frames, in the color space of the file.

    Yields:
        (H, W, 1 to 4), uint8 or uint16, with alpha as the last of 2 or 4 channels; the same array each time.

    Raises:
        vips.Error: a frame is damaged.
    """
    canvas: Pixels | None = None
    for index, frame in enumerate(animated.frames):
        pixels = decode_frame(stream, animated, frame)
        if canvas is None:
            canvas = np.zeros((animated.size[1], animated.size[0], pixels.shape[2]), pixels.dtype)
        left, top, width, height = frame.box
        part = canvas[top : top + height, left : left + width]
        disposal = CLEAR if index == 0 and frame.disposal == RESTORE else frame.disposal
        before = part.copy() if disposal == RESTORE else None
        if frame.blending == OVER and pixels.shape[2] in (2, 4):
            alpha_composite(part, pixels)
        else:
            part[...] = pixels
        yield canvas
        if disposal != KEEP:
            part[...] = 0 if before is None else before


def decode_frame(stream: BinaryIO, animated: AnimatedPng, frame: Frame) -> Pixels:
    """Decode the pixels of a frame."""
    data = [SIGNATURE, chunk(b"IHDR", HEADER.pack(*frame.box[2:], animated.layout)), animated.shared]
    for place, length in frame.data:
        stream.seek(place)
        data.append(chunk(b"IDAT", stream.read(length)))
    image = vips.Image.pngload_buffer(b"".join([*data, chunk(b"IEND", b"")]), fail_on="error")
    if animated.needs_alpha and not image.hasalpha():
        image = image.bandjoin(65535 if image.format == "ushort" else 255)
    pixels: Pixels = image.numpy()
    return pixels if pixels.ndim == 3 else pixels[..., None]


def alpha_composite(below: Pixels, above: Pixels) -> None:
    """Alpha-composite pixels over others, in place; alpha is the last channel."""
    most = np.iinfo(below.dtype).max
    for rows in strips(below.shape):
        opacity = above[rows, :, -1:] / most
        rest = below[rows, :, -1:] / most * (1 - opacity)
        total = opacity + rest
        mixed = above[rows, :, :-1] * opacity + below[rows, :, :-1] * rest
        below[rows, :, :-1] = np.round(mixed / np.where(total > 0, total, 1))
        below[rows, :, -1:] = np.round(total * most)
