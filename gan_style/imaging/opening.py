"""Photographs in, for painting: every format, any size, as sRGB with everything else beside it."""

from __future__ import annotations

import io
import os
import stat
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from gan_style.defaults import MAX_PIXELS
from gan_style.errors import PictureError
from gan_style.imaging import vips
from gan_style.imaging.canvas import Canvas, turned
from gan_style.imaging.decoding import Picture, PictureLike, decoded, explained, picture_of
from gan_style.imaging.finding import SIGNATURE_BYTES, looks_like_picture
from gan_style.imaging.loading import beginning, checked, first_that_reads, load, loader_of, trusted
from gan_style.imaging.metadata import details_of, details_of_pillow, orientation_of_vips
from gan_style.imaging.photograph import Animation, Photograph
from gan_style.imaging.png import is_animated, with_said, without_large_text
from gan_style.imaging.profiles import lost, to_srgb, with_profile
from gan_style.imaging.transparency import with_hidden_colours

LARGEST_PIPE = 2**31
"""Bytes that are read from what is no file."""

MOVING = {"gif", "webp"}
"""Loaders that know animations."""

ONE_WAY = "Colors cannot be converted back to its profile; the painting is in sRGB."

FULL_DELAY = 100
"""Milliseconds a frame stays where the file says nothing, or less than browsers allow."""


def open_photograph(source: PictureLike, *, name: str = "", max_pixels: int = MAX_PIXELS) -> Photograph:
    """Decode a picture for painting.

    Args:
        source: a path, the bytes of a file, a PIL image, or an array: (H, W), (H, W, 3) or (H, W, 4), uint8 in 0..255
            or floating point in 0..1.
        name: what errors call it; its path by default.
        max_pixels: how many there may be, all frames together.

    Raises:
        PictureError: it cannot be found, read or understood, or is too large.
        ResourceError: there is not enough memory, or not enough space for temporary files.
    """
    name = name or (str(source) if isinstance(source, str | os.PathLike) else "The picture")
    with explained(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # What decoders remark on and go on past.
        if isinstance(source, str | os.PathLike):
            source = content_of(Path(source))
        if isinstance(source, bytes | Path):
            head = source[:SIGNATURE_BYTES] if isinstance(source, bytes) else beginning(source)
            loader = loader_of(head)
            if loader == "png" and is_animated(source):
                moving = moving_png(without_large_text(source), name, max_pixels)
                if moving:
                    return with_hidden_colours(in_srgb(moving))
            return still(source, loader, name, max_pixels)
        return by_pillow(picture_of(source), name, max_pixels)


def still(source: Path | bytes, loader: str, name: str, max_pixels: int) -> Photograph:
    """What libvips makes of a file, or Pillow, where one does not know it or makes something up.

    Raises:
        Exception: it is damaged, or too large.
    """
    by_libvips, pillow = trusted(source, loader)
    ways = [lambda: opened(source, loader, name, max_pixels)] if by_libvips else []
    if pillow:
        ways.append(lambda: by_pillow(decoded(checked(source, loader)), name, max_pixels))
    # Where libvips finds a TIFF damaged, Pillow would find the same, and libtiff write of it to standard error.
    return first_that_reads(ways, until_damage=loader == "tiff")


def content_of(path: Path) -> Path | bytes:
    """The path of a plain file, or what comes out of anything else, such as a named pipe.

    Raises:
        OSError: it cannot be opened.
        PictureError: it is no picture, or has no end.
    """
    with path.open("rb") as stream:
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return path
        head = stream.read(SIGNATURE_BYTES)
        if not looks_like_picture(head):
            raise PictureError(f"{path} is not a picture that can be read; convert it to PNG or JPEG first.")
        content = head + stream.read(LARGEST_PIPE)
        if len(content) > LARGEST_PIPE:
            raise PictureError(f"{path} gives more than {LARGEST_PIPE >> 30} GiB; save it as a file first.")
        return content


def opened(source: Path | bytes, loader: str, name: str, max_pixels: int) -> Photograph:
    """What libvips makes of a file.

    Raises:
        vips.Error, UnsupportedError or PictureError: it is damaged, of a kind that Pillow may know, or too large.
    """
    loaded = load(source, loader, **({"n": -1} if loader in MOVING else {}))
    check_count(loaded.image.width * loaded.image.height, name, max_pixels)
    image = loaded.in_common_values()
    count = int(image.get("n-pages")) if image.get_typeof("n-pages") else 1
    if loader == "png":
        image = with_said(image, source)
    details = details_of(image)
    if loader == "tiff":
        details = replace(details, exif=exif_of_tiff(source))
    animation = animation_of(image, count) if loader in MOVING and count > 1 else None
    orientation = 1 if animation else orientation_of_vips(image)
    srgb, profile = to_srgb(image)
    remark = ONE_WAY if lost(details.profile, profile) else ""
    if count > 1 and not animation:
        remark = f"{name} has {count} pages; the first is painted."
    photograph = Photograph(turned(Canvas.of(srgb), orientation), details.with_profile(profile), animation, remark)
    return with_hidden_colours(photograph)


def exif_of_tiff(source: Path | bytes) -> bytes | None:
    """What describes a TIFF, as a block that says upright; libvips does not read it."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            return details_of_pillow(image).exif
    except Exception:  # Pillow knows fewer kinds of TIFF than libvips, and fails in as many ways.
        return None


def animation_of(image: vips.Image, pages: int) -> Animation:
    """How the frames follow each other, as libvips tells it."""
    delays = list(image.get("delay")) if image.get_typeof("delay") else []
    delays = [int(delay) for delay in delays[:pages]] + [FULL_DELAY] * (pages - len(delays))
    return Animation(tuple(delays), int(image.get("loop")) if image.get_typeof("loop") else 0)


def moving_png(source: Path | bytes, name: str, max_pixels: int) -> Photograph | None:
    """An animated PNG, which libvips takes for a still one; None where it is one."""
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        frames = getattr(image, "n_frames", 1)
        if frames < 2:
            return None
        check_count(image.width * image.height * frames, name, max_pixels)
        canvas = Canvas((image.height * frames, image.width, 4), np.uint8)
        delays = []
        for index in range(frames):
            image.seek(index)
            image.load()
            delays.append(round(float(image.info.get("duration", FULL_DELAY))))
            rows = slice(index * image.height, (index + 1) * image.height)
            canvas[rows, slice(None)] = np.asarray(image.convert("RGBA"))
        details = details_of_pillow(image)
        animation = Animation(tuple(delays), int(image.info.get("loop", 0)))
        return Photograph(canvas, details, animation)


def by_pillow(picture: Picture, name: str, max_pixels: int) -> Photograph:
    """Whatever else Pillow reads: BMP, HEIC with its plugin, rare kinds of TIFF, PIL images and arrays."""
    check_count(picture.size[0] * picture.size[1], name, max_pixels)
    layers = picture.rgb if picture.alpha is None else np.dstack([picture.rgb, picture.alpha])
    canvas = Canvas(layers.shape, np.uint8)
    canvas[slice(None), slice(None)] = layers
    return with_hidden_colours(in_srgb(Photograph(canvas, picture.details)))


def in_srgb(photograph: Photograph) -> Photograph:
    """The same photograph in sRGB, with the profile to return to, or the remark that there is no way back.

    Raises:
        vips.Error: it cannot be converted.
    """
    profile = photograph.details.profile
    if profile is None:
        return photograph
    srgb, kept = to_srgb(with_profile(photograph.pixels.image(), profile))
    remark = ONE_WAY if lost(profile, kept) else photograph.remark
    details = photograph.details.with_profile(kept)
    return replace(photograph, pixels=Canvas.of(srgb), details=details, remark=remark)


def check_count(pixels: int, name: str, most: int) -> None:
    """Refuse what claims to be too large, before any of it is decoded.

    Raises:
        PictureError: there are more pixels than allowed.
    """
    if pixels > most:
        raise PictureError(
            f"{name} claims {pixels / 1e6:.0f} megapixels and {most / 1e6:.0f} are allowed; "
            f"shrink it, or allow it with --max-pixels {pixels}."
        )
