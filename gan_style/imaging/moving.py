"""Moving pictures in that libvips takes for still ones: animated PNG and AVIF, and FLIC."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from gan_style.imaging import apng, vips
from gan_style.imaging.canvas import Canvas, strips, turned
from gan_style.imaging.isobmff import brands_of, plays_of
from gan_style.imaging.kinds import streamed
from gan_style.imaging.metadata import Details, details_of, details_of_pillow, orientation_of_vips
from gan_style.imaging.photograph import Animation, Photograph
from gan_style.imaging.pillow_images import by_profile, to_eight_bit, upright
from gan_style.imaging.png import with_said
from gan_style.imaging.profiles import remark_on, to_srgb, with_profile
from gan_style.imaging.refusing import check_count

FULL_DELAY = 100
"""Milliseconds a frame stays where the file says nothing, or less than browsers allow."""

FLIC = (b"\x11\xaf", b"\x12\xaf")
"""Fifth and sixth byte of a FLIC, either kind."""


def open_moving(source: Path | bytes, head: bytes, loader: str, name: str, max_pixels: int) -> Photograph | None:
    """The frames of a picture that libvips takes for a still one; None where it is one, or not known here.

    Args:
        source: a file, or the bytes of one.
        head: how it begins.
        loader: the loader of libvips for it; empty where there is none.
        name: what errors call it.
        max_pixels: how many there may be, all frames together.

    Raises:
        BrokenAnimationError: only its still picture can be read.
        PictureError or whatever decoders raise: it is damaged or too large.
    """
    if loader == "png":
        return moving_png(source, name, max_pixels)
    if b"avis" in brands_of(head):
        return moving_by_pillow(source, "AVIF", name, max_pixels)
    if not loader and head[4:6] in FLIC:
        return moving_by_pillow(source, "FLI", name, max_pixels)
    return None


def moving_png(source: Path | bytes, name: str, max_pixels: int) -> Photograph | None:
    """An animated PNG, as deep as it is."""
    with streamed(source) as stream:
        film = apng.read_film(stream)
        if film is None:
            return None
        check_count(film.size[0] * film.size[1] * len(film.frames), name, max_pixels)
        header = (
            vips.Image.pngload_buffer(source) if isinstance(source, bytes) else vips.Image.pngload(os.fsencode(source))
        )
        header = with_said(header, source)
        details = details_of(header)
        animation = film.animation if len(film.frames) > 1 else None
        photograph = stacked(apng.shown(stream, film), len(film.frames), details, animation)
        return turned_upright(photograph, orientation_of_vips(header))


def moving_by_pillow(source: Path | bytes, form: str, name: str, max_pixels: int) -> Photograph | None:
    """A moving picture of a format, as Pillow calls it, 8 bits deep.

    Raises:
        BrokenAnimationError: Pillow does not know it.
    """
    ends: list[int] = []

    def shown(image: Image.Image, count: int) -> Iterator[apng.Pixels]:
        for index in range(count):
            image.seek(index)
            image.load()
            start = int(image.info.get("timestamp", ends[-1] if ends else 0))
            ends.append(start + round(float(image.info.get("duration", FULL_DELAY))))
            yield np.asarray(to_eight_bit(by_profile(upright(image))))

    with streamed(source) as stream:
        try:
            image = Image.open(stream, formats=[form])
        except Exception:  # Its codec is missing, or the file breaks it, in as many ways.
            raise apng.BrokenAnimationError from None
        count = int(getattr(image, "n_frames", 1))
        if count < 2:
            return None
        check_count(image.width * image.height * count, name, max_pixels)
        details = details_of_pillow(image)
        photograph = stacked(shown(image, count), count, details)
        delays = tuple(int(delay) for delay in np.diff(ends, prepend=0))
        plays = plays_of(stream) if form == "AVIF" else 0
        return replace(photograph, animation=Animation(delays, plays))


def stacked(
    frames: Iterator[apng.Pixels], count: int, details: Details, animation: Animation | None = None
) -> Photograph:
    """Frames one below the other in sRGB, with the profile to return to.

    Args:
        frames: (H, W, C) each.
        count: how many there are.
        details: what lies beside them, with the profile that their colours are in; None for sRGB.
        animation: how they follow each other.
    """
    canvas: Canvas | None = None
    profile, back = details.profile, None
    for index, pixels in enumerate(frames):
        deep, grey = pixels.dtype == np.uint16, pixels.shape[2] < 3
        space = ("grey16" if grey else "rgb16") if deep else ("b-w" if grey else "srgb")
        image = vips.Image.new_from_array(np.ascontiguousarray(pixels), interpretation=space)
        srgb, back = to_srgb(image if profile is None else with_profile(image, profile))
        height = srgb.height
        if canvas is None:
            canvas = Canvas((height * count, srgb.width, srgb.bands), pixels.dtype)
        canvas[index * height : (index + 1) * height, :] = srgb.numpy()
    if canvas is None:
        raise ValueError("there are no frames")
    return Photograph(canvas, details.with_profile(back), animation, remark_on(profile, back))


def turned_upright(photograph: Photograph, orientation: int) -> Photograph:
    """The picture, or each frame of it, as an EXIF orientation of 1 to 8 says."""
    if photograph.frames == 1:
        return replace(photograph, pixels=turned(photograph.pixels, orientation))
    if orientation not in range(2, 9):
        return photograph
    canvas: Canvas | None = None
    for index in range(photograph.frames):
        frame = turned(photograph.still(index).pixels, orientation)
        height = frame.shape[0]
        if canvas is None:
            canvas = Canvas((height * photograph.frames, *frame.shape[1:]), frame.dtype)
        for rows in strips(frame.shape):
            canvas[index * height + rows.start : index * height + rows.stop, :] = frame[rows, :]
    return photograph if canvas is None else replace(photograph, pixels=canvas)
