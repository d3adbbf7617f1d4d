"""What JPEG files say beside their pixels where libvips does not listen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gan_style.imaging import vips
from gan_style.imaging.blocks import read, segments
from gan_style.imaging.exif import PER_CENTIMETRE, PER_INCH, PREFIX, density_of
from gan_style.imaging.kinds import streamed
from gan_style.imaging.metadata import EXIF, INCH, with_density, with_exif

JFIF = b"JFIF\0"
UNIT, ACROSS, DOWN = slice(7, 8), slice(8, 10), slice(10, 12)
"""Where the header of JFIF says its density."""

WHOLE = (b"II*\0", b"MM\0*")
"""How a whole EXIF block begins."""


@dataclass
class Said:
    """What the segments of a JPEG say.

    Attributes:
        exif: the EXIF block, beginning with ``Exif``, where several segments hold it; or None.
        density: pixels per millimetre, across and down, or None.
    """

    exif: bytes | None = None
    density: tuple[float, float] | None = None


def with_said(image: vips.Image, source: Path | bytes) -> vips.Image:
    """A JPEG that libvips has opened, with a density of its header and an EXIF block in several parts.

    Raises:
        OSError: it cannot be read.
    """
    said = said_in(source)
    if said.exif:
        image = with_exif(image, said.exif)
    block = bytes(image.get(EXIF)) if image.get_typeof(EXIF) else b""
    if said.density and not image.get_typeof("resolution-unit") and not density_of(block):
        image = with_density(image, said.density)
    return image


def said_in(source: Path | bytes) -> Said:
    """What a JPEG says beside its pixels.

    Raises:
        OSError: it cannot be read.
    """
    said = Said()
    parts: list[bytes] = []
    with streamed(source) as stream:
        for start, end in segments(stream):
            content = read(stream, start + 4, end - start - 4)
            if content.startswith(PREFIX):
                parts.append(content.removeprefix(PREFIX))
            elif content.startswith(JFIF) and said.density is None:
                scale = {PER_INCH - 1: 1 / INCH, PER_CENTIMETRE - 1: 0.1}.get(int.from_bytes(content[UNIT]), 0.0)
                across, down = (scale * int.from_bytes(content[place], "big") for place in (ACROSS, DOWN))
                said.density = (across, down) if across and down else None
    # A second block that is whole by itself continues nothing.
    if len(parts) > 1 and parts[0].startswith(WHOLE) and not any(part.startswith(WHOLE) for part in parts[1:]):
        said.exif = PREFIX + b"".join(parts)
    return said
