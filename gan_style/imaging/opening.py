"""Decoding of photographs for painting: any format and size, as sRGB with metadata."""

from __future__ import annotations

import io
import os
import stat
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from gan_style.defaults import MAX_PIXELS
from gan_style.errors import PictureError
from gan_style.imaging import vips
from gan_style.imaging.apng import BrokenAnimationError
from gan_style.imaging.canvas import Canvas
from gan_style.imaging.decoding import Picture, decode_in_own_colors, decode_with_pillow, picture_errors
from gan_style.imaging.isobmff import has_box
from gan_style.imaging.jpeg import with_jpeg_metadata
from gan_style.imaging.kinds import SIGNATURE_BYTES, first_bytes, looks_like_picture, open_stream, pillow_formats
from gan_style.imaging.loading import check_damage, first_success, load, loader_of, reliable_readers
from gan_style.imaging.metadata import details_of, details_of_pillow, orientation_of_vips
from gan_style.imaging.moving import FULL_DELAY, open_moving, orient_frames
from gan_style.imaging.photograph import Animation, Photograph
from gan_style.imaging.png import with_png_metadata
from gan_style.imaging.profiles import remark_on, to_srgb, with_profile
from gan_style.imaging.refusing import check_count, check_kind
from gan_style.imaging.transparency import fill_transparent
from gan_style.imaging.types import PictureLike
from gan_style.imaging.unsupported import suggestion_for

PAGED = {"DCX", "HEIF", "IM", "SPIDER", "TIFF"}
"""Pillow's names of formats with several pictures per file."""

MP_ENTRIES = 0xB002
"""Tag that lists the pictures of an MPO, a JPEG followed by others."""

LARGEST_PIPE = 2**31
"""Maximum bytes read from a pipe or device."""

MOVING = {"gif", "webp"}
"""libvips loaders that support animation."""


def open_photograph(source: PictureLike, *, name: str = "", max_pixels: int = MAX_PIXELS) -> Photograph:
    """Decode a picture for painting.

    Args:
        source: a path, the bytes of a file, a PIL image, or an array: (H, W), (H, W, 3) or (H, W, 4), uint8 in 0..255
            or floating point in 0..1.
        name: name in error messages; the path by default.
        max_pixels: maximum pixels of all frames together.

    Raises:
        PictureError: it cannot be found, read or decoded, or is too large.
        ResourceError: there is not enough memory or temporary space.
    """
    name = name or (str(source) if isinstance(source, str | os.PathLike) else "The picture")
    with picture_errors(name, source), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Warnings of decoders that recover.
        if isinstance(source, str | os.PathLike):
            source = file_or_content(Path(source))
        if not isinstance(source, bytes | Path):
            return photograph_from_picture(decode_in_own_colors(source), name, max_pixels)
        check_kind(source, name)
        head = source[:SIGNATURE_BYTES] if isinstance(source, bytes) else first_bytes(source)
        loader = loader_of(head)
        try:
            if moving := open_moving(source, head, loader, name, max_pixels):
                return fill_transparent(moving)
        except BrokenAnimationError:
            photograph = open_still(source, loader, name, max_pixels)
            return photograph.with_remark(
                f"{name} contains an animation that cannot be read; its still picture is painted."
            )
        return open_still(source, loader, name, max_pixels)


def open_still(source: Path | bytes, loader: str, name: str, max_pixels: int) -> Photograph:
    """Decode a file with libvips or Pillow, whichever supports it correctly.

    Raises:
        Exception: it is damaged, or too large.
    """
    by_libvips, pillow = reliable_readers(source, loader)
    ways = [lambda: open_with_libvips(source, loader, name, max_pixels)] if by_libvips else []
    if pillow:
        ways.append(lambda: open_with_pillow(source, loader, name, max_pixels))
    # For a damaged TIFF, Pillow would fail as well, and libtiff would print to standard error.
    return first_success(ways, until_damage=loader == "tiff")


def file_or_content(path: Path) -> Path | bytes:
    """Return the path of a regular file, or the content of anything else, such as a named pipe.

    Raises:
        OSError: it cannot be opened.
        PictureError: it is not a picture, or exceeds ``LARGEST_PIPE``.
    """
    with path.open("rb") as stream:
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return path
        head = stream.read(SIGNATURE_BYTES)
        if not looks_like_picture(head) and not pillow_formats(head, path.suffix.lower()):
            raise PictureError(
                suggestion_for(str(path), head)
                or f"{path} is not a picture in a supported format; convert it to PNG or JPEG first."
            )
        content = head + stream.read(LARGEST_PIPE)
        if len(content) > LARGEST_PIPE:
            raise PictureError(f"{path} has more than {LARGEST_PIPE >> 30} GiB of data; save it as a file first.")
        return content


def open_with_libvips(source: Path | bytes, loader: str, name: str, max_pixels: int) -> Photograph:
    """Open a file with libvips.

    Raises:
        vips.Error, UnsupportedError or PictureError: it is damaged, not supported by libvips, or too large.
    """
    loaded = load(source, loader, **({"n": -1} if loader in MOVING else {}))
    check_count(loaded.image.width * loaded.image.height, name, max_pixels)
    image = loaded.normalized()
    count = int(image.get("n-pages")) if image.get_typeof("n-pages") else 1
    if loader in ("jpeg", "png"):
        add_metadata = with_jpeg_metadata if loader == "jpeg" else with_png_metadata
        image = add_metadata(image, source)
    details = details_of(image)
    if loader == "tiff":
        details = replace(details, exif=exif_of_tiff(source))
    animation = animation_of(image, count) if loader in MOVING and count > 1 else None
    srgb, profile = to_srgb(image)
    remark = remark_on(details.profile, profile)
    photograph = Photograph(Canvas.of(srgb), details.with_profile(profile), animation, remark)
    photograph = fill_transparent(orient_frames(photograph, orientation_of_vips(image)))
    if loader == "jpeg":
        return photograph.with_remark(describe_unpainted(source, name))
    paged = count > 1 and not animation
    return photograph.with_remark(f"{name} has {count} pages; only the first is painted." if paged else "")


def open_with_pillow(source: Path | bytes, loader: str, name: str, max_pixels: int) -> Photograph:
    """Open a file with Pillow.

    Raises:
        Exception: it is damaged, not supported by Pillow, or too large.
    """
    picture = decode_with_pillow(check_damage(source, loader), check=partial(check_count, name=name, most=max_pixels))
    return photograph_from_picture(picture, name, max_pixels).with_remark(describe_unpainted(source, name))


def describe_unpainted(source: Path | bytes, name: str) -> str:
    """Describe the pictures of a file that are not painted; empty if there are none.

    Previews, layers and icon sizes do not count, since they show the same picture.
    """
    try:
        with open_stream(source) as stream, Image.open(stream) as image:
            if image.format == "HEIF" and has_box(stream, b"moov"):
                return f"{name} is an HEVC animation, which is not supported; its still picture is painted."
            if image.format == "MPO":
                kinds = [str(entry["Attribute"]["MPType"]) for entry in vars(image)["mpinfo"][MP_ENTRIES]]
                count = 1 + sum(kind.startswith("Multi-Frame") for kind in kinds[1:])
            else:
                count = int(getattr(image, "n_frames", 1)) if image.format in PAGED else 1
            which = "primary one" if image.format == "HEIF" else "first"
    except Exception:  # The picture itself has been read, so ignore errors in others.
        return ""
    return f"{name} has {count} pictures; only the {which} is painted." if count > 1 else ""


def exif_of_tiff(source: Path | bytes) -> bytes | None:
    """Read the EXIF of a TIFF with neutral orientation; libvips does not read it."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            return details_of_pillow(image).exif
    except Exception:  # Pillow supports fewer TIFF variants than libvips.
        return None


def animation_of(image: vips.Image, pages: int) -> Animation:
    """Read the frame timing from libvips."""
    delays = list(image.get("delay")) if image.get_typeof("delay") else []
    delays = [int(delay) for delay in delays[:pages]] + [FULL_DELAY] * (pages - len(delays))
    return Animation(tuple(delays), int(image.get("loop")) if image.get_typeof("loop") else 0)


def photograph_from_picture(picture: Picture, name: str, max_pixels: int) -> Photograph:
    """Convert a picture decoded by Pillow: BMP, HEIC with its plugin, rare TIFF variants, PIL images and arrays."""
    check_count(picture.size[0] * picture.size[1], name, max_pixels)
    layers = picture.rgb if picture.alpha is None else np.dstack([picture.rgb, picture.alpha])
    canvas = Canvas(layers.shape, np.uint8)
    canvas[slice(None), slice(None)] = layers
    return fill_transparent(in_srgb(Photograph(canvas, picture.details)))


def in_srgb(photograph: Photograph) -> Photograph:
    """Convert a photograph to sRGB, with its output profile, or a remark if it cannot be converted back.

    Raises:
        vips.Error: the conversion failed.
    """
    profile = photograph.details.profile
    if profile is None:
        return photograph
    srgb, kept = to_srgb(with_profile(photograph.pixels.image(), profile))
    details = photograph.details.with_profile(kept)
    return replace(photograph, pixels=Canvas.of(srgb), details=details).with_remark(remark_on(profile, kept))
