"""EXIF in TIFF files, where it shares a directory with the pixel layout; libvips does not handle it."""

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
"""Tags of the first directory that describe the picture rather than the pixel layout."""

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


def descriptive_tags(exif: Image.Exif) -> dict[int, Any]:
    """Extract the descriptive tags of a TIFF: values by tag, with nested dictionaries for the sub-directories."""
    result = {tag: original_bytes(exif[tag]) for tag in DESCRIBING if tag in exif}
    for tag in INNER:
        result[tag] = {key: original_bytes(value) for key, value in exif.get_ifd(tag).items()}
    if INTEROP_IFD in result[EXIF_IFD]:  # Pillow returns its offset in the source file.
        result[EXIF_IFD][INTEROP_IFD] = dict(exif.get_ifd(INTEROP_IFD))
    return {tag: value for tag, value in result.items() if value}


def encode_directories(values: Mapping[int, Any], place: int) -> tuple[bytes, bytes]:
    """Encode tags as directories.

    Args:
        values: result of :func:`descriptive_tags`; values that cannot be written are omitted.
        place: offset in the file.

    Returns:
        The sub-directories, and the directory that follows them.
    """
    inner, pointers = b"", {}
    for tag in INNER:
        if tag in values:
            pointers[tag] = place + len(inner)
            inner += encode_directory(values[tag], pointers[tag], tag)
    return inner, encode_directory({**values, **pointers}, place + len(inner))


def encode_directory(values: Mapping[int, Any], place: int, group: int | None = None) -> bytes:
    """Encode a directory for an offset, with the data of its entries, padded to an even length."""
    result = TiffImagePlugin.ImageFileDirectory_v2(HEADER, group=group)
    for tag, value in values.items():
        if can_be_written(tag, value, group):
            add_entry(result, tag, value)
    data = result.tobytes(place)
    return data + bytes(len(data) % 2)


def add_entry(entries: TiffImagePlugin.ImageFileDirectory_v2, tag: int, value: Any) -> None:
    """Add an entry; text in numeric tags, as some cameras write it, stays text."""
    entries[tag] = value
    if isinstance(value, (str, bytes)) and entries.tagtype[tag] in NUMBERS:
        entries.tagtype[tag] = TiffTags.ASCII


def can_be_written(tag: int, value: Any, group: int | None) -> bool:
    """Whether Pillow can write a value that it has read."""
    trial = TiffImagePlugin.ImageFileDirectory_v2(HEADER, group=group)
    try:
        add_entry(trial, tag, value)
        trial.tobytes()
    except Exception:  # Invalid values can raise anything.
        return False
    return True


def exif_block(values: Mapping[int, Any]) -> bytes:
    """Encode tags as an EXIF block, starting with ``Exif``."""
    start = len(HEADER)
    inner, first = encode_directories(values, start)
    return PREFIX + HEADER[:4] + struct.pack("<I", start + len(inner)) + inner + first


def original_bytes(value: Any) -> Any:
    """Restore the bytes of text: Pillow reads Latin-1 but writes non-ASCII characters as question marks."""
    return value.encode("latin-1", "replace") if isinstance(value, str) and not value.isascii() else value


def add_exif(path: Path, block: bytes) -> None:
    """Add an EXIF block to a classic little-endian TIFF; a BigTIFF is left unchanged.

    A merged directory is written at the end of the file, and the header is changed to point to it. The data of the old
    entries keeps its offset.

    Args:
        path: a file written by ``tiffsave`` of libvips.
        block: starts with ``Exif``.

    Raises:
        OSError: the file cannot be written.
    """
    exif = Image.Exif()
    exif.load(block)
    values = descriptive_tags(exif)
    with path.open("r+b") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if stream.read(4) != HEADER[:4]:
            return
        first = struct.unpack("<I", stream.read(4))[0]
        stream.seek(first)
        entries = entries_of(stream.read(2 + ENTRY.size * 4096 + 4))
        end = stream.seek(0, 2)
        start = end + end % 2
        inner, added = encode_directories(values, start)
        # Existing entries have precedence.
        merged = sorted({**{one[0]: one for one in entries_of(added)}, **{one[0]: one for one in entries}}.values())
        stream.write(bytes(end % 2) + inner + added)
        place = stream.tell()
        stream.write(struct.pack("<H", len(merged)) + b"".join(ENTRY.pack(*one) for one in merged) + bytes(4))
        stream.seek(4)
        stream.write(struct.pack("<I", place))


def entries_of(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Parse a directory into tag, type, count, and value or offset of each entry."""
    count = struct.unpack_from("<H", data)[0]
    return [ENTRY.unpack_from(data, 2 + ENTRY.size * index) for index in range(count)]
