"""EXIF in TIFF files, where it shares a directory with the layout of the file; libvips leaves it alone."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, TiffImagePlugin

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
DESCRIBING = (
    0x010E,  # ImageDescription
    0x010F,  # Make
    0x0110,  # Model
    0x0131,  # Software
    0x0132,  # DateTime
    0x013B,  # Artist
    0x8298,  # Copyright
)
"""Tags of the first directory that say something of the picture rather than of the file."""

HEADER = b"II*\0\0\0\0\0"
ENTRY = struct.Struct("<HHI4s")


def describing(exif: Image.Exif) -> Image.Exif:
    """What of a TIFF's directory describes the picture."""
    result = Image.Exif()
    for tag in DESCRIBING:
        if tag in exif:
            value = as_it_was(exif[tag])
            if can_be_written(tag, value):
                result[tag] = value
    for tag in (EXIF_IFD, GPS_IFD):
        entries = ((key, as_it_was(value)) for key, value in exif.get_ifd(tag).items())
        inner = {key: value for key, value in entries if can_be_written(tag, {key: value})}
        if inner:
            result[tag] = inner
    return result


def can_be_written(tag: int, value: Any) -> bool:
    """Whether Pillow writes what it has read: of some cameras it has read text where there should be numbers."""
    exif = Image.Exif()
    exif[tag] = value
    try:
        exif.tobytes()
    except Exception:  # Of as many kinds as there are wrong values.
        return False
    return True


def as_it_was(value: Any) -> Any:
    """Text as the bytes that it was: Pillow reads Latin-1 and writes question marks for what is not ASCII."""
    return value.encode("latin-1", "replace") if isinstance(value, str) and not value.isascii() else value


def add_exif(path: Path, block: bytes) -> None:
    """Add an EXIF block to a classic little-endian TIFF; a larger kind is left as it is.

    The directory is written once more at the end of the file, with the entries of both, and the header points there.
    What the old entries point at stays where it is.

    Args:
        path: a file that ``tiffsave`` of libvips has written.
        block: beginning with ``Exif``.

    Raises:
        OSError: the file cannot be written.
    """
    exif = Image.Exif()
    exif.load(block)
    directory = TiffImagePlugin.ImageFileDirectory_v2(HEADER)
    for tag, value in describing(exif).items():
        directory[tag] = value
    with path.open("r+b") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if stream.read(4) != HEADER[:4]:
            return
        first = struct.unpack("<I", stream.read(4))[0]
        stream.seek(first)
        entries = entries_of(stream.read(2 + ENTRY.size * 4096 + 4))
        end = stream.seek(0, 2)
        start = end + end % 2
        added = directory.tobytes(start)
        # What the file says itself stays.
        merged = sorted({**{one[0]: one for one in entries_of(added)}, **{one[0]: one for one in entries}}.values())
        stream.write(bytes(end % 2) + added + bytes(len(added) % 2))
        place = stream.tell()
        stream.write(struct.pack("<H", len(merged)) + b"".join(ENTRY.pack(*one) for one in merged) + bytes(4))
        stream.seek(4)
        stream.write(struct.pack("<I", place))


def entries_of(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Tag, type, count, and value or place of value, of a directory that begins here."""
    count = struct.unpack_from("<H", data)[0]
    return [ENTRY.unpack_from(data, 2 + ENTRY.size * index) for index in range(count)]
