"""Checks that reject files before decoding."""

from __future__ import annotations

from pathlib import Path

from PIL import EpsImagePlugin

from gan_style.errors import PictureError
from gan_style.imaging.isobmff import brands_of, has_box
from gan_style.imaging.kinds import (
    AVIF_BRANDS,
    HEIC_BRANDS,
    HEIF_BRANDS,
    POSTSCRIPT,
    SIGNATURE_BYTES,
    is_raw,
    open_stream,
)
from gan_style.imaging.plugins import heic_available


def check_count(pixels: int, name: str, most: int) -> None:
    """Check the pixel count before decoding.

    Raises:
        PictureError: there are more pixels than allowed.
    """
    if pixels > most:
        raise PictureError(
            f"{name} has {pixels / 1e6:.0f} megapixels, and the limit is {most / 1e6:.0f}; "
            f"shrink it, or use --max-pixels {pixels}."
        )


def check_kind(source: Path | bytes, name: str) -> None:
    """Reject known but unsupported formats, and register the Pillow plugin that a file needs.

    Raises:
        OSError: it cannot be opened.
        PictureError: it is a camera raw file, a video, or needs a missing plugin (HEIC) or Ghostscript (PostScript).
    """
    with open_stream(source) as stream:
        head = stream.read(SIGNATURE_BYTES)
        brands = brands_of(head)
        is_video = bool(brands & HEIF_BRANDS) and has_box(stream, b"moov") and not has_box(stream, b"meta")
    if is_raw(source, head):
        raise PictureError(f"{name} is a camera raw file; convert it to TIFF or JPEG first.")
    if is_video and not brands & AVIF_BRANDS:
        raise PictureError(f"{name} is an HEVC animation, which is not supported; convert it to AVIF or WebP first.")
    if brands & HEIF_BRANDS and not heic_available() and brands & HEIC_BRANDS:
        raise PictureError(f'{name} is HEIC, which needs a plugin; install it with pip install "gan-style[heic]".')
    if head.startswith(POSTSCRIPT) and not EpsImagePlugin.has_ghostscript():
        raise PictureError(
            f"{name} is PostScript, which needs Ghostscript; install Ghostscript, or convert the file to PNG first."
        )
