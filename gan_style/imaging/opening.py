"""Photographs in, for painting: every format, any size, as sRGB with everything else beside it."""

from __future__ import annotations

import io
import os
import stat
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from gan_style.defaults import MAX_PIXELS
from gan_style.errors import PictureError
from gan_style.imaging import vips
from gan_style.imaging.apng import BrokenAnimationError
from gan_style.imaging.canvas import Canvas
from gan_style.imaging.decoding import PictureLike, check_count, check_kind, explained, read_picture
from gan_style.imaging.isobmff import brands_of, holds
from gan_style.imaging.kinds import AVIF_BRANDS, SIGNATURE_BYTES, looks_like_picture, pillow_formats, streamed
from gan_style.imaging.metadata import details_of, details_of_pillow
from gan_style.imaging.moving import FULL_DELAY, open_moving, turned_upright
from gan_style.imaging.photograph import Animation, Photograph
from gan_style.imaging.profiles import to_srgb, with_profile
from gan_style.imaging.strangers import what_instead
from gan_style.imaging.transparency import with_hidden_colours

PAGED = {"DCX", "HEIF", "IM", "SPIDER", "TIFF"}
"""Pillow's names of formats that hold several pictures."""

MP_ENTRIES = 0xB002
"""Where an MPO, which is a JPEG with others behind it, says what these are."""

LARGEST_PIPE = 2**31
"""Bytes that are read from what is no file."""

MOVING = {"gif", "webp"}
"""Loaders that know animations."""


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
            check_kind(source, name)
            head = source[:SIGNATURE_BYTES] if isinstance(source, bytes) else beginning(source)
            loader, remark = loader_of(head), ""
            try:
                if moving := open_moving(source, head, loader, name, max_pixels):
                    return with_hidden_colours(moving)
            except BrokenAnimationError:
                remark = f"{name} holds an animation that cannot be read; its still picture is painted."
            if loader and (still := opened(source, loader, name, max_pixels)):
                others = unpainted(source, name) if loader == "jpeg" else still.remark
                return replace(still, remark=remark or others)
            return replace(by_pillow(source, name, max_pixels), remark=remark or unpainted(source, name))
        return by_pillow(source, name, max_pixels)


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
        if not looks_like_picture(head) and not pillow_formats(head, path.suffix.lower()):
            raise PictureError(
                what_instead(str(path), head)
                or f"{path} is not a picture that can be read; convert it to PNG or JPEG first."
            )
        content = head + stream.read(LARGEST_PIPE)
        if len(content) > LARGEST_PIPE:
            raise PictureError(f"{path} gives more than {LARGEST_PIPE >> 30} GiB; save it as a file first.")
        return content


def beginning(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as stream:
        return stream.read(SIGNATURE_BYTES)


def loader_of(head: bytes) -> str:
    """The loader of libvips for what begins so; empty where it is left to Pillow."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    return "heif" if brands_of(head) & AVIF_BRANDS else ""


def opened(source: Path | bytes, loader: str, name: str, max_pixels: int) -> Photograph | None:
    """What libvips makes of a file; None where Pillow knows more about its kind of values.

    Raises:
        vips.Error or PictureError: it is damaged or too large.
    """
    way = f"{loader}load" + ("_buffer" if isinstance(source, bytes) else "")
    pages = {"n": -1} if loader in MOVING else {}
    load: Callable[..., vips.Image] = getattr(vips.Image, way)
    given = source if isinstance(source, bytes) else os.fsencode(source)  # libvips takes text for UTF-8.
    image = load(given, access="sequential", fail_on="error", **pages)
    check_count(image.width * image.height, name, max_pixels)
    if image.format not in ("uchar", "ushort") or image.bands - image.hasalpha() not in (1, 3, 4):
        return None
    count = int(image.get("n-pages")) if image.get_typeof("n-pages") else 1
    details = details_of(image)
    if loader == "tiff":
        details = replace(details, exif=exif_of_tiff(source))
    animation = animation_of(image, count) if loader in MOVING and count > 1 else None
    orientation = int(image.get("orientation")) if image.get_typeof("orientation") else 1
    srgb, profile = to_srgb(image)
    remark = ""
    if count > 1 and not animation:
        remark = f"{name} has {count} pages; the first is painted."
    photograph = Photograph(Canvas.of(srgb), details.with_profile(profile), animation, remark)
    return with_hidden_colours(turned_upright(photograph, orientation))


def unpainted(source: Path | bytes, name: str) -> str:
    """What a file holds beside the picture in it that is painted, in a sentence; empty where that is all.

    Previews, layers, and the sizes of an icon are the same picture once more.
    """
    try:
        with streamed(source) as stream, Image.open(stream) as image:
            if image.format == "HEIF" and holds(stream, b"moov"):
                return f"{name} is a moving picture in HEVC, which is not read; its still picture is painted."
            if image.format == "MPO":
                kinds = [str(entry["Attribute"]["MPType"]) for entry in vars(image)["mpinfo"][MP_ENTRIES]]
                count = 1 + sum(kind.startswith("Multi-Frame") for kind in kinds[1:])
            else:
                count = int(getattr(image, "n_frames", 1)) if image.format in PAGED else 1
            which = "main one" if image.format == "HEIF" else "first"
    except Exception:  # The picture has been read, and what may lie behind it is worth no failure.
        return ""
    return f"{name} has {count} pictures; the {which} is painted." if count > 1 else ""


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


def by_pillow(source: PictureLike, name: str, max_pixels: int) -> Photograph:
    """Whatever else Pillow reads: BMP, HEIC with its plugin, rare kinds of TIFF, PIL images and arrays."""
    picture = read_picture(source, name=name)
    check_count(picture.size[0] * picture.size[1], name, max_pixels)
    layers = picture.rgb if picture.alpha is None else np.dstack([picture.rgb, picture.alpha])
    image = vips.Image.new_from_array(np.ascontiguousarray(layers), interpretation="srgb")
    if picture.details.profile is not None:
        image = with_profile(image, picture.details.profile)
    srgb, profile = to_srgb(image)
    return with_hidden_colours(Photograph(Canvas.of(srgb), picture.details.with_profile(profile)))
