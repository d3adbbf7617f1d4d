"""Normalize the metadata that different readers find in a file, for comparison."""

from __future__ import annotations

from typing import Any

from PIL import Image

from gan_style.imaging.tiff import DESCRIBING, EXIF_IFD, GPS_IFD

OF_THE_FILE = {0xA002, 0xA003, 0xA005, 0xEA1C}
"""EXIF entries about the file itself: width and height, an offset, padding."""

MOST_DENSE = 1e6
"""Pixels per inch."""


def density_of_pillow(image: Image.Image) -> tuple[float, float] | None:
    """Density of a file outside its EXIF block, in pixels per inch; Pillow may invent one if there is none."""
    info = image.info
    if image.format in ("JPEG", "MPO"):
        unit = {1: 1.0, 2: 2.54}.get(info.get("jfif_unit", 0), 0.0)
        return usable([unit * one for one in info.get("jfif_density", ())])
    return None if 0x011A not in getattr(image, "tag_v2", {0x011A}) else usable(info.get("dpi"))


def density_of_exif(exif: Image.Exif) -> tuple[float, float] | None:
    """Density of an EXIF block in pixels per inch."""
    unit = {2: 1.0, 3: 2.54}.get(exif.get(0x0128, 2), 0.0)
    try:
        return usable([unit * float(exif[tag]) for tag in (0x011A, 0x011B)])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def usable(density: Any) -> tuple[float, float] | None:
    """Validate a density."""
    if not density or not all(0 < one < MOST_DENSE for one in density):
        return None
    return float(density[0]), float(density[1])


def entries_of(exif: Image.Exif) -> dict[str, str]:
    """Descriptive EXIF values by tag; empty if the block is broken."""
    try:
        entries = {f"0x{tag:04x}": words_of(exif[tag]) for tag in DESCRIBING if tag in exif}
        for directory in (EXIF_IFD, GPS_IFD):
            inner = exif.get_ifd(directory).items()
            entries |= {f"0x{directory:04x}/0x{tag:04x}": words_of(one) for tag, one in inner if tag not in OF_THE_FILE}
    except Exception:
        return {}
    return {tag: words for tag, words in entries.items() if words}


def exif_of(block: bytes) -> Image.Exif:
    """Parse an EXIF block; empty if it is broken."""
    exif = Image.Exif()
    try:
        exif.load(block)
    except Exception:
        return Image.Exif()
    return exif


def words_of(value: Any) -> str:
    """Normalize a value, whatever its storage type."""
    if isinstance(value, tuple):
        return " ".join(words_of(one) for one in value)
    if isinstance(value, bytes):
        if len(value) == 1:
            return str(value[0])
        value = value.decode("latin-1")
    if isinstance(value, str):
        return value.strip("\0 ")
    try:
        return f"{float(value):.6g}"
    except (TypeError, ValueError, ZeroDivisionError):
        return str(value)


def as_bytes(value: Any) -> bytes | None:
    """A packet as bytes."""
    return (value.encode() if isinstance(value, str) else bytes(value)) if value else None
