"""JPEG metadata that libvips ignores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gan_style.imaging import vips
from gan_style.imaging.blocks import read, segments
from gan_style.imaging.exif import PER_CENTIMETER, PER_INCH, PREFIX, density_of
from gan_style.imaging.kinds import open_stream
from gan_style.imaging.metadata import EXIF, INCH, with_density, with_exif

JFIF = b"JFIF\0"
UNIT, ACROSS, DOWN = slice(7, 8), slice(8, 10), slice(10, 12)
"""Density fields of the JFIF header."""

EXIF_SIGNATURES = (b"II*\0", b"MM\0*")
"""Signatures of a complete EXIF block."""


@dataclass
class JpegMetadata:
    """Metadata in the segments of a JPEG.

    Attributes:
        exif: EXIF block split over several segments, starting with ``Exif``; otherwise None.
        density: pixels per millimeter, horizontal and vertical, or None.
    """

    exif: bytes | None = None
    density: tuple[float, float] | None = None


def with_jpeg_metadata(image: vips.Image, source: Path | bytes) -> vips.Image:
    """Add the JFIF density and a multi-segment EXIF block to a JPEG opened by libvips.

    Raises:
        OSError: it cannot be read.
    """
    metadata = read_jpeg_metadata(source)
    if metadata.exif:
        image = with_exif(image, metadata.exif)
    block = bytes(image.get(EXIF)) if image.get_typeof(EXIF) else b""
    if metadata.density and not image.get_typeof("resolution-unit") and not density_of(block):
        image = with_density(image, metadata.density)
    return image


def read_jpeg_metadata(source: Path | bytes) -> JpegMetadata:
    """Read the metadata of a JPEG.

    Raises:
        OSError: it cannot be read.
    """
    metadata = JpegMetadata()
    parts: list[bytes] = []
    with open_stream(source) as stream:
        for start, end in segments(stream):
            content = read(stream, start + 4, end - start - 4)
            if content.startswith(PREFIX):
                parts.append(content.removeprefix(PREFIX))
            elif content.startswith(JFIF) and metadata.density is None:
                scale = {PER_INCH - 1: 1 / INCH, PER_CENTIMETER - 1: 0.1}.get(int.from_bytes(content[UNIT]), 0.0)
                across, down = (scale * int.from_bytes(content[place], "big") for place in (ACROSS, DOWN))
                metadata.density = (across, down) if across and down else None
    # A later block that is complete by itself is not a continuation.
    if (
        len(parts) > 1
        and parts[0].startswith(EXIF_SIGNATURES)
        and not any(part.startswith(EXIF_SIGNATURES) for part in parts[1:])
    ):
        metadata.exif = PREFIX + b"".join(parts)
    return metadata
