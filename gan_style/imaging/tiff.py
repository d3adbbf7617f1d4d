"""EXIF in TIFF files, where it shares a directory with the layout of the file; libvips leaves it alone."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, TiffImagePlugin, TiffTags

from gan_style.imaging.exif import PREFIX

EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
INNER = (EXIF_IFD, GPS_IFD)
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

NUMBERS = (
    TiffTags.SHORT,
    TiffTags.LONG,
    TiffTags.RATIONAL,
    TiffTags.SIGNED_SHORT,
    TiffTags.SIGNED_LONG,
    TiffTags.SIGNED_RATIONAL,
    TiffTags.FLOAT,
    TiffTags.DOUBLE,
)

HEADER = b"II*\0\0\0\0\0"
ENTRY = struct.Struct("<HHI4s")


def describing(exif: Image.Exif) -> dict[int, Any]:
    """What of a TIFF's directory describes the picture: values by their tags, and by those of its inner directories."""
    result = {tag: as_it_was(exif[tag]) for tag in DESCRIBING if tag in exif}
    for tag in INNER:
        result[tag] = {key: as_it_was(value) for key, value in exif.get_ifd(tag).items()}
    if INTEROP_IFD in result[EXIF_IFD]:  # Pillow gives the place where it was.
        result[EXIF_IFD][INTEROP_IFD] = dict(exif.get_ifd(INTEROP_IFD))
    return {tag: value for tag, value in result.items() if value}


def packed(values: Mapping[int, Any], place: int) -> tuple[bytes, bytes]:
    """What values become in a file.

    Args:
        values: as :func:`describing` gives them; what cannot be written is left out.
        place: where in the file it is to lie.

    Returns:
        The inner directories, and the directory that follows them.
    """
    inner, pointers = b"", {}
    for tag in INNER:
        if tag in values:
            pointers[tag] = place + len(inner)
            inner += directory(values[tag], pointers[tag], tag)
    return inner, directory({**values, **pointers}, place + len(inner))


def directory(values: Mapping[int, Any], place: int, group: int | None = None) -> bytes:
    """A directory that lies at a place, with what its entries point at, of an even length."""
    result = TiffImagePlugin.ImageFileDirectory_v2(HEADER, group=group)
    for tag, value in values.items():
        if can_be_written(tag, value, group):
            put(result, tag, value)
    data = result.tobytes(place)
    return data + bytes(len(data) % 2)


def put(entries: TiffImagePlugin.ImageFileDirectory_v2, tag: int, value: Any) -> None:
    """Add an entry; some cameras write text where there should be numbers, and it stays that."""
    entries[tag] = value
    if isinstance(value, (str, bytes)) and entries.tagtype[tag] in NUMBERS:
        entries.tagtype[tag] = TiffTags.ASCII


def can_be_written(tag: int, value: Any, group: int | None) -> bool:
    """Whether Pillow writes what it has read."""
    trial = TiffImagePlugin.ImageFileDirectory_v2(HEADER, group=group)
    try:
        put(trial, tag, value)
        trial.tobytes()
    except Exception:  # Of as many kinds as there are wrong values.
        return False
    return True


def as_block(values: Mapping[int, Any]) -> bytes:
    """The same as an EXIF block, beginning with ``Exif``."""
    start = len(HEADER)
    inner, first = packed(values, start)
    return PREFIX + HEADER[:4] + struct.pack("<I", start + len(inner)) + inner + first


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
    values = describing(exif)
    with path.open("r+b") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if stream.read(4) != HEADER[:4]:
            return
        first = struct.unpack("<I", stream.read(4))[0]
        stream.seek(first)
        entries = entries_of(stream.read(2 + ENTRY.size * 4096 + 4))
        end = stream.seek(0, 2)
        start = end + end % 2
        inner, added = packed(values, start)
        # What the file says itself stays.
        merged = sorted({**{one[0]: one for one in entries_of(added)}, **{one[0]: one for one in entries}}.values())
        stream.write(bytes(end % 2) + inner + added)
        place = stream.tell()
        stream.write(struct.pack("<H", len(merged)) + b"".join(ENTRY.pack(*one) for one in merged) + bytes(4))
        stream.seek(4)
        stream.write(struct.pack("<I", place))


def entries_of(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Tag, type, count, and value or place of value, of a directory that begins here."""
    count = struct.unpack_from("<H", data)[0]
    return [ENTRY.unpack_from(data, 2 + ENTRY.size * index) for index in range(count)]
