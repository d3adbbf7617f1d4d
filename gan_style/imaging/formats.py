"""Output formats and their capabilities."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gan_style.errors import PictureError, UsageError
from gan_style.imaging.avif_writing import HAS_AVIF_CODEC
from gan_style.imaging.metadata import Details
from gan_style.imaging.plugins import heic_available
from gan_style.imaging.png import MAX_COMPRESSED


@dataclass(frozen=True)
class Format:
    """Capabilities of a file format.

    Attributes:
        name: Pillow's name of the format.
        alpha: whether it supports transparency.
        deep: whether it supports 16 bits.
        moving: whether it supports animation.
        longest: maximum pixels per side.
    """

    name: str
    alpha: bool = True
    deep: bool = False
    moving: bool = False
    longest: int = 2**31 - 1

    @property
    def lossy(self) -> bool:
        """Whether it has a quality setting."""
        return self.name in LOSSY


LOSSY = {"JPEG", "WEBP", "AVIF", "HEIF"}
"""Formats with lossy compression."""

PNG = Format("PNG", deep=True, moving=True)
JPEG = Format("JPEG", alpha=False, longest=65500)
TIFF = Format("TIFF", deep=True)
HEIC = Format("HEIF", longest=16384)
AVIF = Format("AVIF", moving=HAS_AVIF_CODEC, longest=16384)
FORMATS = {
    ".png": PNG,
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".jfif": JPEG,
    ".jpe": JPEG,
    ".webp": Format("WEBP", moving=True, longest=16383),
    ".tif": TIFF,
    ".tiff": TIFF,
    ".bmp": Format("BMP", alpha=False, longest=2**15 - 1),
    ".gif": Format("GIF", moving=True, longest=65535),
    ".avif": AVIF,
    ".heic": HEIC,
    ".heif": HEIC,
}


def format_of(path: Path) -> Format:
    """The format of a file extension.

    Raises:
        PictureError: the extension is not supported, or its plugin is not installed.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise PictureError(f"{path} has no supported picture extension; use one of {', '.join(FORMATS)}.")
    return available(form)


def format_named(word: str) -> Format:
    """The format of an extension without its dot.

    Raises:
        UsageError: the format is not supported.
        PictureError: it needs a plugin that is not installed.
    """
    form = FORMATS.get(f".{word.lower()}")
    if form is None:
        words = ", ".join(suffix.removeprefix(".") for suffix in FORMATS)
        raise UsageError(f"format must be one of {words}, not {word}.")
    return available(form)


def available(form: Format) -> Format:
    """Check that the format can be written here, and return it.

    Raises:
        PictureError: it needs a plugin that is not installed.
    """
    if form is HEIC and not heic_available():
        raise PictureError('HEIC needs a plugin; install it with pip install "gan-style[heic]", or use AVIF.')
    return form


def check_fits(form: Format, size: tuple[int, int], name: str) -> None:
    """Check before painting that a format supports the size.

    Raises:
        PictureError: width or height exceeds the maximum of the format.
    """
    if max(size) > form.longest:
        raise PictureError(
            f"{name} cannot have {size[0]}x{size[1]} pixels: {form.name} supports at most {form.longest} per side; "
            "use PNG or TIFF."
        )


def profile_in(form: Format, details: Details) -> bytes | None:
    """The color profile to embed in a file; None to write the painting in sRGB."""
    too_large = form.name == "PNG" and len(details.profile or b"") > MAX_COMPRESSED
    return None if too_large else details.profile
