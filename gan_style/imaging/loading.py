"""Choice of the reader, libvips or Pillow, for each file, and conversion of unusual pixel values."""

from __future__ import annotations

import io
import os
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image, UnidentifiedImageError

from gan_style.errors import GanStyleError
from gan_style.imaging import vips
from gan_style.imaging.isobmff import brands_of
from gan_style.imaging.kinds import AVIF_BRANDS
from gan_style.imaging.tiff_directory import plane_layout, source_with, with_photometric
from gan_style.imaging.tiff_layout import CMYK, Layout, layout_of

T = TypeVar("T")

UNSUPPORTED = re.compile(
    r"support|configured|whole number of bytes|out of range|bad labq format|required field|not implemented|photometric"
    r"|not (at least )?\d+ (bands|bits)|unknown (pixel|data|raw|image) (mode|type)|unrecognized|unimplemented|plugin"
    r"|not available",
    re.IGNORECASE,
)
"""Error messages that mean an unsupported format rather than a damaged file."""

GRAYS = {"uchar": "b-w", "ushort": "grey16", "float": "b-w"}
CMYKS = {"uchar": "cmyk", "ushort": "cmyk"}
COLORS = {"uchar": "srgb", "ushort": "rgb16", "float": "scrgb"}
"""libvips interpretations by pixel format."""

MAX_ALPHA = {"uchar": 255, "ushort": 65535, "float": 1}
"""Maximum alpha by pixel format."""

ICC_LAB = 9
DEEP = 65535
LEVELS = 1.5
"""Floating-point gray above this is not in 0..1; linear light may exceed 1 by any amount."""


class UnsupportedError(ValueError):
    """A reader does not support the format of a file, which may be undamaged."""


def loader_of(head: bytes) -> str:
    """The libvips loader for a signature; empty to use Pillow."""
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


def reliable_readers(source: Path | bytes, loader: str) -> tuple[bool, bool]:
    """Whether libvips, and whether Pillow, either decodes a file correctly or reports an error.

    Raises:
        OSError: it cannot be read.
    """
    if loader == "tiff":
        layout = layout_of(source)
        return (layout.libvips_is_reliable(), layout.pillow_is_reliable()) if layout else (True, True)
    if loader == "heif":  # libheif reads limited-range monochrome pictures as full range.
        return not is_monochrome(source), True
    return loader != "", loader not in ("gif", "webp")  # The readers may disagree on the frames of these.


def is_monochrome(source: Path | bytes) -> bool:
    """Whether a file is a grayscale picture according to Pillow."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            return image.mode in ("L", "LA")
    except Exception:  # The decoder reports errors.
        return False


def first_success(ways: Sequence[Callable[[], T]], *, until_damage: bool = False) -> T:
    """Return the result of the first reader that succeeds.

    Args:
        ways: one function per reader.
        until_damage: stop at the first reader that finds the file damaged.

    Raises:
        UnsupportedError: there is no reader.
        Exception: the error of the first reader that found damage, or else of the first reader.
    """
    errors = []
    for way in ways:
        made = attempt(way)
        if not isinstance(made, Exception):
            return made
        errors.append(made)
        if until_damage and not is_unsupported(made):
            break
    # Prefer errors about damage, then about unsupported features, then about unidentified files.
    errors.sort(key=lambda error: (is_unsupported(error), isinstance(error, UnidentifiedImageError)))
    raise errors[0] if errors else UnsupportedError("no reader supports it")


def attempt(way: Callable[[], T]) -> T | Exception:
    """Run a reader; return its exception if another reader may succeed.

    Raises:
        GanStyleError, MemoryError, OSError or PIL.Image.DecompressionBombError: no other reader would succeed.
    """
    try:
        return way()
    except (GanStyleError, MemoryError, Image.DecompressionBombError, FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # Damaged files can make decoders raise anything.
        return error


def is_unsupported(error: Exception) -> bool:
    """Whether an error means an unsupported format rather than a damaged file."""
    words = vips.reason(error) if isinstance(error, vips.Error) else str(error)
    return isinstance(error, UnsupportedError | UnidentifiedImageError | NotImplementedError) or bool(
        UNSUPPORTED.search(words)
    )


def check_damage(source: Path | bytes, loader: str) -> Path | bytes:
    """Check a file for damage that Pillow ignores, and return it.

    Raises:
        SyntaxError or ValueError: it is damaged.
    """
    if loader == "png":
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            image.verify()
    layout = layout_of(source) if loader == "tiff" else None
    if layout and layout.is_old_jpeg and layout.is_truncated:
        raise ValueError("the file is truncated")
    return source


@dataclass(frozen=True)
class Loaded:
    """A file opened by libvips.

    Attributes:
        image: the image for sequential access, not decoded yet.
        layout: layout of a TIFF, otherwise None.
        read: opens the image again.
    """

    image: vips.Image
    layout: Layout | None
    read: Callable[[], vips.Image]

    def normalized(self) -> vips.Image:
        """Convert to 8 or 16 bits in a color space that libvips supports; this may decode the picture.

        Raises:
            vips.Error: it is damaged.
            UnsupportedError: the pixel values are better supported by Pillow.
        """
        image = self.image
        if (
            self.layout
            and self.layout.has_unspecified_extra
            and image.hasalpha()
            and not self.read()[image.bands - 1].max()
        ):
            image = image[: image.bands - 1]  # It would be fully transparent.
        colors = image.bands - image.hasalpha()
        if self.layout and self.layout.photometric == ICC_LAB and colors == 3 and image.format == "uchar":
            lab = image.cast("float").linear([100 / 255, 1, 1], [0, -128, -128])
            return lab.copy(interpretation="lab").colourspace("rgb16")
        if image.interpretation in ("lab", "labs") and colors == 3:
            return image.colourspace("rgb16")
        if colors not in (1, 3, 4):
            raise UnsupportedError(f"it has {colors} color channels")
        if image.format in ("uchar", "ushort"):
            return image
        if image.format == "uint":
            return scaled(image, colors, self.read().max())
        if image.format not in ("float", "double") or colors > 3:
            raise UnsupportedError(f"its pixel values have the type {image.format}")
        seen = self.read()[:colors]
        if seen.max() > LEVELS if colors == 1 else seen.avg() > 1:
            return scaled(image, colors, self.read()[:colors].max())
        if colors == 1 or image.get_typeof("icc-profile-data"):
            return scaled(image, colors, 1)
        # Linear light, the convention for floating point without a profile.
        return image.copy(interpretation="scrgb").colourspace("rgb16")


def scaled(image: vips.Image, colors: int, highest: float) -> vips.Image:
    """Scale values with a known maximum to 16 bits."""
    white = next((most for most in (1, 255, DEEP) if highest <= most), 2**32 - 1)
    levels = (image * (DEEP / white) + 0.5).cast("ushort")
    return levels.copy(interpretation="grey16" if colors == 1 else "rgb16" if colors == 3 else "cmyk")


def load(source: Path | bytes, loader: str, **options: Any) -> Loaded:
    """Open a file with libvips.

    Args:
        source: a file, or its bytes.
        loader: result of :func:`loader_of`.
        options: options of the loader.

    Raises:
        vips.Error: it is damaged.
        UnsupportedError: required fields are missing.
    """
    options = {"access": "sequential", "fail_on": "error", **options}
    way = f"{loader}load" + ("_buffer" if isinstance(source, bytes) else "")
    content = source if isinstance(source, bytes) else os.fsencode(source)  # libvips expects UTF-8 in text.
    read: Callable[[], vips.Image] = partial(getattr(vips.Image, way), content, **options)
    layout = layout_of(source) if loader == "tiff" else None
    if layout:
        read = tiff_reader(source, layout, read, options)
    image = read()
    if layout and image.hasalpha() and layout.samples in (1, 3) and image.bands > layout.samples:
        image = image[: image.bands - 1]  # An alpha channel added by the reader.
    elif layout and layout.samples == image.bands > layout.shown:
        image = image[: layout.shown]
    return Loaded(image, layout, read)


def tiff_reader(
    source: Path | bytes, layout: Layout, read: Callable[[], vips.Image], options: dict[str, Any]
) -> Callable[[], vips.Image]:
    """Make a reader for a TIFF without a photometric tag or with planes to read singly; otherwise return ``read``."""
    if layout.photometric is None:
        complete = with_photometric(layout)
        if complete is None:
            raise UnsupportedError("it has no photometric interpretation")
        layout = complete
        read = partial(load_with, source, layout, options)
    if not layout.needs_plane_reader:
        return read

    def joined() -> vips.Image:
        planes = [load_with(source, plane_layout(layout, index), options) for index in range(layout.shown)]
        spaces = GRAYS if layout.is_gray else CMYKS if layout.photometric == CMYK else COLORS
        image = planes[0].bandjoin(planes[1:]).copy(interpretation=spaces.get(planes[0].format, "multiband"))
        if layout.is_premultiplied and image.hasalpha() and image.format in MAX_ALPHA:
            apart = image.unpremultiply(max_alpha=MAX_ALPHA[image.format])
            return apart if image.format == "float" else apart.rint().cast(image.format)
        return image

    return joined


def load_with(source: Path | bytes, layout: Layout, options: dict[str, Any]) -> vips.Image:
    """Open a TIFF with libvips, with a replaced directory.

    Raises:
        vips.Error or ValueError: it is damaged.
        UnsupportedError: it is too large for its TIFF variant.
    """
    try:
        return vips.Image.new_from_source(source_with(source, layout), "", **options)
    except struct.error:
        raise UnsupportedError("it is too large for its TIFF variant") from None
