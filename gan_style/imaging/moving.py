"""Animations that libvips reads as still pictures: animated PNG, AVIF and FLIC."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from gan_style.imaging import apng, vips
from gan_style.imaging.canvas import Canvas, oriented, strips
from gan_style.imaging.isobmff import brands_of, loop_count
from gan_style.imaging.kinds import open_stream
from gan_style.imaging.metadata import Details, details_of, details_of_pillow, orientation_of_vips
from gan_style.imaging.photograph import Animation, Photograph
from gan_style.imaging.pillow_images import by_profile, to_eight_bit, upright
from gan_style.imaging.png import with_png_metadata
from gan_style.imaging.profiles import remark_on, to_srgb, with_profile
from gan_style.imaging.refusing import check_count

FULL_DELAY = 100
"""Default frame delay in milliseconds."""

FLIC = (b"\x11\xaf", b"\x12\xaf")
"""Fifth and sixth byte of FLI and FLC files."""


def open_moving(source: Path | bytes, head: bytes, loader: str, name: str, max_pixels: int) -> Photograph | None:
    """Open an animation that libvips reads as a still picture; None for still pictures and other formats.

    Args:
        source: a path or bytes.
        head: its first bytes.
        loader: its libvips loader; empty if there is none.
        name: name in error messages.
        max_pixels: maximum pixels of all frames together.

    Raises:
        BrokenAnimationError: only the still picture can be read.
        PictureError or any decoder exception: it is damaged or too large.
    """
    if loader == "png":
        return moving_png(source, name, max_pixels)
    if b"avis" in brands_of(head):
        return moving_by_pillow(source, "AVIF", name, max_pixels)
    if not loader and head[4:6] in FLIC:
        return moving_by_pillow(source, "FLI", name, max_pixels)
    return None


def moving_png(source: Path | bytes, name: str, max_pixels: int) -> Photograph | None:
    """Open an animated PNG at its full bit depth."""
    with open_stream(source) as stream:
        animated = apng.read_animated_png(stream)
        if animated is None:
            return None
        check_count(animated.size[0] * animated.size[1] * len(animated.frames), name, max_pixels)
        header = (
            vips.Image.pngload_buffer(source) if isinstance(source, bytes) else vips.Image.pngload(os.fsencode(source))
        )
        header = with_png_metadata(header, source)
        details = details_of(header)
        animation = animated.animation if len(animated.frames) > 1 else None
        photograph = stack_frames(apng.composited_frames(stream, animated), len(animated.frames), details, animation)
        return orient_frames(photograph, orientation_of_vips(header))


def moving_by_pillow(source: Path | bytes, form: str, name: str, max_pixels: int) -> Photograph | None:
    """Open an animation with Pillow, 8 bits deep; ``form`` is Pillow's format name.

    Raises:
        BrokenAnimationError: Pillow cannot open it.
    """
    ends: list[int] = []

    def decoded_frames(image: Image.Image, count: int) -> Iterator[apng.Pixels]:
        for index in range(count):
            image.seek(index)
            image.load()
            start = int(image.info.get("timestamp", ends[-1] if ends else 0))
            ends.append(start + round(float(image.info.get("duration", FULL_DELAY))))
            yield np.asarray(to_eight_bit(by_profile(upright(image))))

    with open_stream(source) as stream:
        try:
            image = Image.open(stream, formats=[form])
        except Exception:  # Missing codec or damaged file; decoders can raise anything.
            raise apng.BrokenAnimationError from None
        count = int(getattr(image, "n_frames", 1))
        if count < 2:
            return None
        check_count(image.width * image.height * count, name, max_pixels)
        details = details_of_pillow(image)
        photograph = stack_frames(decoded_frames(image, count), count, details)
        delays = tuple(int(delay) for delay in np.diff(ends, prepend=0))
        plays = loop_count(stream) if form == "AVIF" else 0
        return replace(photograph, animation=Animation(delays, plays))


def stack_frames(
    frames: Iterator[apng.Pixels], count: int, details: Details, animation: Animation | None = None
) -> Photograph:
    """Stack frames vertically in sRGB, with the profile for output.

    Args:
        frames: (H, W, C) each.
        count: number of frames.
        details: metadata with the color profile of the frames; no profile means sRGB.
        animation: timing of the frames.
    """
    canvas: Canvas | None = None
    profile, back = details.profile, None
    for index, pixels in enumerate(frames):
        deep, gray = pixels.dtype == np.uint16, pixels.shape[2] < 3
        space = ("grey16" if gray else "rgb16") if deep else ("b-w" if gray else "srgb")
        image = vips.Image.new_from_array(np.ascontiguousarray(pixels), interpretation=space)
        srgb, back = to_srgb(image if profile is None else with_profile(image, profile))
        height = srgb.height
        if canvas is None:
            canvas = Canvas((height * count, srgb.width, srgb.bands), pixels.dtype)
        canvas[index * height : (index + 1) * height, :] = srgb.numpy()
    if canvas is None:
        raise ValueError("there are no frames")
    return Photograph(canvas, details.with_profile(back), animation, remark_on(profile, back))


def orient_frames(photograph: Photograph, orientation: int) -> Photograph:
    """Apply an EXIF orientation, 1 to 8, to every frame."""
    if photograph.frames == 1:
        return replace(photograph, pixels=oriented(photograph.pixels, orientation))
    if orientation not in range(2, 9):
        return photograph
    canvas: Canvas | None = None
    for index in range(photograph.frames):
        frame = oriented(photograph.still(index).pixels, orientation)
        height = frame.shape[0]
        if canvas is None:
            canvas = Canvas((height * photograph.frames, *frame.shape[1:]), frame.dtype)
        for rows in strips(frame.shape):
            canvas[index * height + rows.start : index * height + rows.stop, :] = frame[rows, :]
    return photograph if canvas is None else replace(photograph, pixels=canvas)
