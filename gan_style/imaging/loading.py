"""Files for two readers, libvips and Pillow: whom to trust with which, and what to make of unusual values."""

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
from gan_style.imaging.tiff_directory import named, plane, source_with
from gan_style.imaging.tiff_layout import INK, Layout, layout_of

T = TypeVar("T")

UNSUPPORTED = re.compile(
    r"support|configured|whole number of bytes|out of range|bad labq format|required field|not implemented|photometric"
    r"|not (at least )?\d+ (bands|bits)|unknown (pixel|data|raw|image) (mode|type)|unrecognized|unimplemented|plugin"
    r"|not available",
    re.IGNORECASE,
)
"""Reasons that speak of a kind of file rather than of a damage."""

GREYS = {"uchar": "b-w", "ushort": "grey16", "float": "b-w"}
INKS = {"uchar": "cmyk", "ushort": "cmyk"}
COLORS = {"uchar": "srgb", "ushort": "rgb16", "float": "scrgb"}
"""What libvips calls values of a type."""

MOST = {"uchar": 255, "ushort": 65535, "float": 1}
"""The value of full opacity."""

ICC_LAB = 9
DEEP = 65535
LEVELS = 1.5
"""What grey in floating point is above only where it is not meant to lie in 0..1; light may be anywhere above 1."""


class UnsupportedError(ValueError):
    """A file of a kind that a reader does not know, whole as it may be."""


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


def trusted(source: Path | bytes, loader: str) -> tuple[bool, bool]:
    """Whether libvips, and whether Pillow, reads a file rightly or not at all.

    Raises:
        OSError: it cannot be read.
    """
    if loader == "tiff":
        layout = layout_of(source)
        return (layout.libvips_is_right(), layout.pillow_is_right()) if layout else (True, True)
    if loader == "heif":  # libheif takes the narrow range of pictures without colors for the full one.
        return not is_monochrome(source), True
    return loader != "", loader not in ("gif", "webp")  # Of which one reader may see frames that the other does not.


def is_monochrome(source: Path | bytes) -> bool:
    """Whether Pillow sees a picture without colors in a file."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            return image.mode in ("L", "LA")
    except Exception:  # Whatever is wrong shows when it is read.
        return False


def first_that_reads(ways: Sequence[Callable[[], T]], *, until_damage: bool = False) -> T:
    """What the first reader makes of a file, or else the next.

    Args:
        ways: one for each reader.
        until_damage: whether a damage that one finds is final.

    Raises:
        UnsupportedError: no reader is left.
        Exception: what the first said that found a damage, or the first of all.
    """
    errors = []
    for way in ways:
        made = tried(way)
        if not isinstance(made, Exception):
            return made
        errors.append(made)
        if until_damage and not is_unsupported(made):
            break
    # A damage says more than a kind that is not known, and that more than nothing at all.
    errors.sort(key=lambda error: (is_unsupported(error), isinstance(error, UnidentifiedImageError)))
    raise errors[0] if errors else UnsupportedError("no reader knows it")


def tried(way: Callable[[], T]) -> T | Exception:
    """What a reader makes of a file, or why it does not, if another one may.

    Raises:
        GanStyleError, MemoryError, OSError or PIL.Image.DecompressionBombError: nobody may.
    """
    try:
        return way()
    except (GanStyleError, MemoryError, Image.DecompressionBombError, FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # Damaged files make decoders raise whatever they happen to break.
        return error


def is_unsupported(error: Exception) -> bool:
    """Whether an error speaks of a kind of file rather than of a damage."""
    words = vips.reason(error) if isinstance(error, vips.Error) else str(error)
    return isinstance(error, UnsupportedError | UnidentifiedImageError | NotImplementedError) or bool(
        UNSUPPORTED.search(words)
    )


def checked(source: Path | bytes, loader: str) -> Path | bytes:
    """The same file, if it is whole in a way that Pillow does not look at.

    Raises:
        SyntaxError or ValueError: it is damaged.
    """
    if loader == "png":
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            image.verify()
    layout = layout_of(source) if loader == "tiff" else None
    if layout and layout.is_old_jpeg and layout.breaks_off:
        raise ValueError("it breaks off")
    return source


@dataclass(frozen=True)
class Loaded:
    """What libvips has opened.

    Attributes:
        image: to be read once from top to bottom; nothing of it has been decoded.
        layout: of a TIFF.
        read: opens it once more.
    """

    image: vips.Image
    layout: Layout | None
    read: Callable[[], vips.Image]

    def in_common_values(self) -> vips.Image:
        """The picture in 8 or 16 bits, in a space that libvips knows; what has others may be decoded for it.

        Raises:
            vips.Error: it is damaged.
            UnsupportedError: its values are of a kind that libvips knows less of than Pillow.
        """
        image = self.image
        if self.layout and self.layout.is_vague and image.hasalpha() and not self.read()[image.bands - 1].max():
            image = image[: image.bands - 1]  # Nothing would be seen.
        colors = image.bands - image.hasalpha()
        if self.layout and self.layout.photometric == ICC_LAB and colors == 3 and image.format == "uchar":
            lab = image.cast("float").linear([100 / 255, 1, 1], [0, -128, -128])
            return lab.copy(interpretation="lab").colourspace("rgb16")
        if image.interpretation in ("lab", "labs") and colors == 3:
            return image.colourspace("rgb16")
        if colors not in (1, 3, 4):
            raise UnsupportedError(f"it has {colors} channels")
        if image.format in ("uchar", "ushort"):
            return image
        if image.format == "uint":
            return scaled(image, colors, self.read().max())
        if image.format not in ("float", "double") or colors > 3:
            raise UnsupportedError(f"its values are of the kind {image.format}")
        seen = self.read()[:colors]
        if seen.max() > LEVELS if colors == 1 else seen.avg() > 1:
            return scaled(image, colors, self.read()[:colors].max())
        if colors == 1 or image.get_typeof("icc-profile-data"):
            return scaled(image, colors, 1)
        # Light, as libvips and others take floating point that does not say.
        return image.copy(interpretation="scrgb").colourspace("rgb16")


def scaled(image: vips.Image, colors: int, highest: float) -> vips.Image:
    """Levels of some kind of number, of which the highest is known, in 16 bits."""
    white = next((most for most in (1, 255, DEEP) if highest <= most), 2**32 - 1)
    levels = (image * (DEEP / white) + 0.5).cast("ushort")
    return levels.copy(interpretation="grey16" if colors == 1 else "rgb16" if colors == 3 else "cmyk")


def load(source: Path | bytes, loader: str, **options: Any) -> Loaded:
    """Open a file with libvips.

    Args:
        source: a file, or its bytes.
        loader: as :func:`loader_of` says.
        options: of the loader.

    Raises:
        vips.Error: it is damaged.
        UnsupportedError: it does not say what is needed.
    """
    options = {"access": "sequential", "fail_on": "error", **options}
    way = f"{loader}load" + ("_buffer" if isinstance(source, bytes) else "")
    content = source if isinstance(source, bytes) else os.fsencode(source)  # libvips takes text for UTF-8.
    read: Callable[[], vips.Image] = partial(getattr(vips.Image, way), content, **options)
    layout = layout_of(source) if loader == "tiff" else None
    if layout:
        read = tiff_reader(source, layout, read, options)
    image = read()
    if layout and image.hasalpha() and layout.samples in (1, 3) and image.bands > layout.samples:
        image = image[: image.bands - 1]  # Made up by the reader.
    elif layout and layout.samples == image.bands > layout.shown:
        image = image[: layout.shown]
    return Loaded(image, layout, read)


def tiff_reader(
    source: Path | bytes, layout: Layout, read: Callable[[], vips.Image], options: dict[str, Any]
) -> Callable[[], vips.Image]:
    """How to read a TIFF that lacks something, or whose planes libvips knows only one by one; any other as before."""
    if layout.photometric is None:
        complete = named(layout)
        if complete is None:
            raise UnsupportedError("it does not say what its values mean")
        layout = complete
        read = partial(load_with, source, layout, options)
    if not layout.in_planes_apart:
        return read

    def joined() -> vips.Image:
        planes = [load_with(source, plane(layout, index), options) for index in range(layout.shown)]
        spaces = GREYS if layout.is_grey else INKS if layout.photometric == INK else COLORS
        image = planes[0].bandjoin(planes[1:]).copy(interpretation=spaces.get(planes[0].format, "multiband"))
        if layout.is_multiplied and image.hasalpha() and image.format in MOST:
            apart = image.unpremultiply(max_alpha=MOST[image.format])
            return apart if image.format == "float" else apart.rint().cast(image.format)
        return image

    return joined


def load_with(source: Path | bytes, layout: Layout, options: dict[str, Any]) -> vips.Image:
    """What libvips makes of a TIFF with another directory.

    Raises:
        vips.Error or ValueError: it is damaged.
        UnsupportedError: it is too long for its kind.
    """
    try:
        return vips.Image.new_from_source(source_with(source, layout), "", **options)
    except struct.error:
        raise UnsupportedError("it is too long for a TIFF of its kind") from None
