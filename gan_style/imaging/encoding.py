"""Encoding of pictures: format by extension, metadata preserved, written atomically."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_style.defaults import QUALITY
from gan_style.errors import NoSpaceError, PictureError, UsageError
from gan_style.files import CheckedFile, atomic_path, is_full
from gan_style.imaging import vips
from gan_style.imaging.apng_writing import add_frames
from gan_style.imaging.avif_writing import LazyFrames, save_animated_avif
from gan_style.imaging.blocks import overwrite_placeholder, placeholder_exif, replace_exif
from gan_style.imaging.canvas import Canvas, no_temporary_space
from gan_style.imaging.exif import with_density
from gan_style.imaging.formats import AVIF, JPEG, PNG, TIFF, Format, format_of, profile_in
from gan_style.imaging.metadata import EXIF, INCH, IPTC, IRB, LONGEST_JPEG_BLOCK, RESOURCES, XMP, Details
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.png import add_xmp, remove_density_unit
from gan_style.imaging.profiles import from_srgb
from gan_style.imaging.tiff import add_exif
from gan_style.imaging.types import Pixels

DEFAULT_DENSITY = 72 / INCH
"""Pixels per millimeter if a format requires a density and none is known: the EXIF default of 72 per inch."""

FAILURES = (vips.Error, OSError, ValueError, RuntimeError)
"""Exceptions of the libraries if a picture cannot be written."""

MAX_OPTIMIZED = 2**24
"""Maximum pixels of a JPEG with optimized Huffman tables, which needs all of it in memory."""

MAX_LOOPS = 2**16 - 1
"""Maximum finite loop count of GIF and WebP."""

KEEP_FRAMES = {"keep_duplicate_frames": True} if vips.knows("gifsave", "keep_duplicate_frames") else {}
"""Options of ``gifsave`` that keep identical frames separate."""

CLASSIC_TIFF = 2**32 - 2**24
"""Maximum bytes of pixels in a classic TIFF, whose offsets have 32 bits."""


@dataclass(frozen=True)
class Saving:
    """Output settings of paintings.

    Attributes:
        quality: quality of JPEG, WebP, AVIF and HEIC, 1..100.
        metadata: whether to copy the metadata of the photograph; its color profile and density are always copied.
        signature: name of the creating program, for EXIF or XMP; empty for none.
    """

    quality: int = QUALITY
    metadata: bool = True
    signature: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise UsageError(f"quality must be from 1 to 100, not {self.quality}.")


def to_image(photograph: Photograph) -> Image.Image:
    """Convert the first frame to a PIL image, RGB or RGBA in sRGB, with its metadata in ``info``."""
    pixels = photograph.frame(0)[slice(None), slice(None)]
    image = Image.fromarray(np.ascontiguousarray(pixels if pixels.dtype == np.uint8 else pixels >> 8, np.uint8))
    details = photograph.details
    if details.exif:
        image.info["exif"] = details.exif
    if details.density:
        image.info["dpi"] = (details.density[0] * INCH, details.density[1] * INCH)
    return image


def write_pixels(path: Path, rgb: Pixels) -> None:
    """Write (H, W, 3), 0..255, like :func:`write_photograph`."""
    canvas = Canvas(rgb.shape, np.uint8)
    canvas[slice(None), slice(None)] = rgb
    write_photograph(path, Photograph(canvas))


def write_photograph(path: Path, photograph: Photograph, saving: Saving | None = None) -> None:
    """Write a picture atomically; transparency becomes white if the format does not support it.

    Args:
        path: output file; its extension selects the format.
        photograph: the picture.
        saving: output settings.

    Raises:
        PictureError: the extension is not supported, or the file cannot be written.
        NoSpaceError: the disk is full.
    """
    form = format_of(path)
    try:
        with atomic_path(path) as temporary:
            save(temporary, photograph, form, saving or Saving())
    except FAILURES as error:
        raise NoSpaceError(path.parent) if is_full(error) else write_error(path, reason_of(error)) from None


def write_error(path: Path | str, reason: str) -> PictureError:
    """Make the error for a painting that cannot be written."""
    return PictureError(f"{path} cannot be written ({reason}); check the name, the folder and its permissions.")


def reason_of(error: Exception) -> str:
    """The reason why a painting cannot be written."""
    return vips.reason(error) if isinstance(error, vips.Error) else getattr(error, "strerror", None) or str(error)


def save(path: Path, photograph: Photograph, form: Format, saving: Saving) -> None:
    """Write a picture to a file with any name.

    Raises:
        OSError, ValueError, RuntimeError or vips.Error: it cannot be written.
    """
    if form is PNG and photograph.animation:
        save(path, photograph.still(), form, saving)
        add_frames(path, photograph.animation, (frame.numpy() for frame in output_frames(photograph, form)))
        return
    details = photograph.details if saving.metadata else photograph.details.without_metadata()
    by_pillow = form.name in ("BMP", "HEIF")
    if saving.signature:
        details = details.signed(saving.signature, exif=by_pillow)
    details = replace(details, exif=exif_with_density(details, form))
    if form is AVIF and photograph.animation:
        frames = (Image.fromarray(frame.numpy()) for frame in output_frames(photograph, form))
        save_animated_avif(path, LazyFrames(frames, photograph), photograph.animation, details, saving.quality)
        return
    if by_pillow:
        save_with_pillow(path, photograph, form, saving.quality, details)
        return
    image = output_image(photograph, form)
    if form.name == "JPEG" and len(details.exif or b"") > LONGEST_JPEG_BLOCK:
        details = details.without_exif()
    image = with_metadata(image, replace(details, xmp=None) if form is PNG else details, form)
    # Without EXIF and density, libvips would invent an EXIF block.
    keep = "all" if details.exif or details.density else "xmp:iptc:icc"
    name = os.fsencode(path)  # libvips expects UTF-8 in text, which a file name need not be.
    writers: dict[str, Callable[[], Any]] = {
        "PNG": lambda: image.pngsave(name, compression=6, keep=keep),
        "JPEG": lambda: image.jpegsave(
            # Optimized Huffman tables need the whole picture in memory.
            name,
            Q=saving.quality,
            subsample_mode="off",
            keep=keep,
            optimize_coding=image.width * image.height < MAX_OPTIMIZED,
        ),
        "WEBP": lambda: image.webpsave(name, Q=saving.quality, keep=keep),
        "TIFF": lambda: image.tiffsave(
            name, compression="lzw", predictor="horizontal", bigtiff=size_of(image) > CLASSIC_TIFF
        ),
        "GIF": lambda: image.gifsave(name, **KEEP_FRAMES),
        "AVIF": lambda: image.heifsave(name, Q=saving.quality, compression="av1", effort=2, keep=keep),
    }
    writers[form.name]()
    if form is PNG and not details.density:
        remove_density_unit(path)
    if form is PNG and details.xmp:
        add_xmp(path, details.xmp)
    if form is TIFF and details.exif:
        add_exif(path, details.exif)
    if form.name in ("JPEG", "PNG", "WEBP") and details.exif:
        replace_exif(path, form.name, details.exif)
    if form is AVIF and details.exif:
        overwrite_placeholder(path, details.exif)


def exif_with_density(details: Details, form: Format) -> bytes | None:
    """The EXIF block with the density of the file: libvips reads it there, and some formats store it nowhere else."""
    block = details.exif
    if details.density is None or (block is None and form.name not in ("WEBP", "HEIF")):
        return block
    updated = with_density(block or b"", (details.density[0] * INCH, details.density[1] * INCH))
    return updated if form is not JPEG or len(updated) <= LONGEST_JPEG_BLOCK else block


def size_of(image: vips.Image) -> int:
    """Bytes of the pixels."""
    return int(image.width * image.height * image.bands * (2 if image.format == "ushort" else 1))


def output_image(photograph: Photograph, form: Format) -> vips.Image:
    """Convert the pixels for a format: bit depth, channels, and the photograph's color profile."""
    image = photograph.pixels.image()
    if photograph.animation and not form.moving:
        image = image.crop(0, 0, *photograph.size)
    if photograph.has_alpha and not form.alpha:
        image = image.flatten(background=65535 if image.format == "ushort" else 255)
    if image.format == "ushort" and not form.deep:
        image = image.colourspace("srgb")
    if profile := profile_in(form, photograph.details):
        image = from_srgb(image, profile)
    if photograph.animation and form.moving:
        image = image.copy()
        image.set_type(vips.INT, "page-height", photograph.size[1])
        animation = photograph.animation
        image.set_type(vips.INT, "loop", animation.loop if animation.loop <= MAX_LOOPS else 0)
        image.set_type(vips.INTS, "delay", animation.in_hundredths() if form.name == "GIF" else list(animation.delays))
    return image


def output_frames(photograph: Photograph, form: Format) -> Iterator[vips.Image]:
    """Yield the frames, each converted by :func:`output_image`."""
    for index in range(photograph.frames):
        frame = photograph.still(index)  # Keep the pixels alive while the image is used.
        yield output_image(frame, form)


def with_metadata(image: vips.Image, details: Details, form: Format) -> vips.Image:
    """Attach the metadata to an image."""
    density = details.density or (DEFAULT_DENSITY, DEFAULT_DENSITY)
    image = image.copy(xres=density[0], yres=density[1])
    if details.density:
        image.set_type(vips.STRING, "resolution-unit", "in")
    iptc = (RESOURCES, details.iptc and details.iptc.removeprefix(IRB)) if form is TIFF else (IPTC, details.iptc)
    # EXIF is added to a TIFF later; libvips would take the density from it.
    exif = None if form is TIFF else details.exif
    exif = placeholder_exif(exif) if exif and form is AVIF else exif
    for name, block in ((EXIF, exif), (XMP, details.xmp), iptc):
        if block:
            image.set_type(vips.BLOB, name, block)
    return image


def save_with_pillow(path: Path, photograph: Photograph, form: Format, quality: int, details: Details) -> None:
    """Write BMP and HEIC, which libvips does not support.

    Raises:
        OSError, ValueError or RuntimeError: it cannot be written.
    """
    options: dict[str, Any] = {"icc_profile": details.profile, "exif": details.exif}
    if form.name == "HEIF":
        options |= {"quality": quality, "xmp": details.xmp}
    if details.density:
        options["dpi"] = (details.density[0] * INCH, details.density[1] * INCH)
    image = Image.fromarray(output_image(photograph, form).numpy())
    with CheckedFile(io.FileIO(path, "r+b")) as stream:
        image.save(stream, form.name, **{key: value for key, value in options.items() if value is not None})


def encode(photograph: Photograph, form: Format, saving: Saving) -> bytes:
    """Encode a picture to bytes.

    Raises:
        PictureError: it cannot be encoded.
        ResourceError: there is not enough temporary space.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="gan-style-") as folder:
            path = Path(folder) / "painting"
            path.touch()
            save(path, photograph, form, saving)
            return path.read_bytes()
    except FAILURES as error:
        if is_full(error) or isinstance(error, FileNotFoundError):  # Python finds no usable temporary folder.
            raise no_temporary_space(error) from None
        raise write_error("The painting", reason_of(error)) from None
