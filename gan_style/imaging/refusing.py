"""Files that are refused before any of them is decoded, and what to do about them."""

from __future__ import annotations

from pathlib import Path

from PIL import EpsImagePlugin

from gan_style.errors import PictureError
from gan_style.imaging.isobmff import brands_of, holds
from gan_style.imaging.kinds import AVIF_BRANDS, HEIC_BRANDS, HEIF_BRANDS, POSTSCRIPT, SIGNATURE_BYTES, is_raw, streamed
from gan_style.imaging.plugins import heic_is_there


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


def check_kind(source: Path | bytes, name: str) -> None:
    """Have Pillow ready for a file, or say what to do where its kind is known and not read.

    Raises:
        OSError: it cannot be opened.
        PictureError: it is a camera's raw file, a film, or HEIC or PostScript without what these need.
    """
    with streamed(source) as stream:
        head = stream.read(SIGNATURE_BYTES)
        brands = brands_of(head)
        film = bool(brands & HEIF_BRANDS) and holds(stream, b"moov") and not holds(stream, b"meta")
    if is_raw(source, head):
        raise PictureError(f"{name} is a camera's raw file; develop it first and save it as TIFF or JPEG.")
    if film and not brands & AVIF_BRANDS:
        raise PictureError(f"{name} is a moving picture in HEVC, which is not read; convert it to AVIF or WebP first.")
    if brands & HEIF_BRANDS and not heic_is_there() and brands & HEIC_BRANDS:
        raise PictureError(f'{name} is HEIC, which needs a plugin; install it with pip install "gan-style[heic]".')
    if head.startswith(POSTSCRIPT) and not EpsImagePlugin.has_ghostscript():
        raise PictureError(f"{name} is PostScript, which needs Ghostscript; install that, or convert it to PNG first.")
