"""In-place edits of EXIF blocks: everything else, including maker notes, stays byte for byte."""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction

PREFIX = b"Exif\0\0"
ORIENTATION, EXIF_IFD = 0x0112, 0x8769
WIDTH, HEIGHT = 0xA002, 0xA003
THUMBNAIL, THUMBNAIL_LENGTH = 0x0201, 0x0202
SOFTWARE = 0x0131
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
PER_INCH, PER_CENTIMETER = 2, 3
BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, SSHORT, SRATIONAL = 1, 2, 3, 4, 5, 6, 8, 10
RATIONALS = (RATIONAL, SRATIONAL)
BYTE_LONG = struct.Struct("B")
LARGEST_DENOMINATOR = 10000
ENTRY_LENGTH = 12

EMPTY = b"II*\0\x08\0\0\0" + bytes(6)
"""A block with a single, empty directory."""


class Block:
    """An EXIF block that can be read and modified."""

    def __init__(self, block: bytes) -> None:
        """Detect the byte order.

        Raises:
            ValueError: it is not an EXIF block.
        """
        self.data = bytearray(block.removeprefix(PREFIX))
        order = {b"II": "<", b"MM": ">"}.get(bytes(self.data[:2]))
        if order is None:
            raise ValueError("no byte order")
        self.short, self.long = struct.Struct(order + "H"), struct.Struct(order + "I")

    def read(self, kind: struct.Struct, place: int) -> int:
        """Read a number at an offset.

        Raises:
            struct.error: the offset is out of range.
        """
        value: int = kind.unpack_from(self.data, place)[0]
        return value

    def entries(self, directory: int) -> Iterator[tuple[int, int]]:
        """Yield the tags of a directory with the offsets of their entries.

        Raises:
            struct.error: an entry is out of range.
        """
        for index in range(self.read(self.short, directory)):
            place = directory + 2 + ENTRY_LENGTH * index
            yield self.read(self.short, place), place

    def number(self, place: int) -> Fraction:
        """Read the first number of an entry of any numeric type; 0 for text."""
        kind = self.read(self.short, place + 2)
        if kind in RATIONALS:
            at = self.read(self.long, place + 8)
            return Fraction(self.read(self.long, at), self.read(self.long, at + 4) or 1)
        sizes = {BYTE: BYTE_LONG, SBYTE: BYTE_LONG, SHORT: self.short, SSHORT: self.short}
        return Fraction(0 if kind == ASCII else self.read(sizes.get(kind, self.long), place + 8))

    def value(self, place: int) -> int:
        """Like :meth:`number`, truncated to an integer."""
        return int(self.number(place))

    def change(self, place: int, value: int) -> None:
        """Set an entry to a single number, with a type that every reader supports."""
        kind, packed = (SHORT, self.short.pack(value) + bytes(2)) if value < 2**16 else (LONG, self.long.pack(value))
        self.data[place + 2 : place + ENTRY_LENGTH] = self.short.pack(kind) + self.long.pack(1) + packed

    def added(self, value: str | int | float) -> bytes:
        """Encode type, count and value or offset of an entry; long values are appended to the block."""
        if isinstance(value, int):
            return self.short.pack(SHORT) + self.long.pack(1) + self.short.pack(value) + bytes(2)
        place = self.long.pack(len(self.data))
        if isinstance(value, str):
            text = value.encode("ascii", "replace") + b"\0"
            self.data += text + bytes(len(text) % 2)
            return self.short.pack(ASCII) + self.long.pack(len(text)) + place
        fraction = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
        self.data += self.long.pack(fraction.numerator) + self.long.pack(fraction.denominator)
        return self.short.pack(RATIONAL) + self.long.pack(1) + place

    def first(self) -> int:
        """Offset of the first directory."""
        return self.read(self.long, 4)


def orientation_of(block: bytes) -> int:
    """The orientation, 1 to 8; 1 if it is missing or the block is broken."""
    try:
        exif = Block(block)
        found = [exif.value(place) for tag, place in exif.entries(exif.first()) if tag == ORIENTATION]
    except (ValueError, struct.error):
        return 1
    return found[0] if found and 1 <= found[0] <= 8 else 1


def upright(block: bytes, size: tuple[int, int]) -> bytes | None:
    """Update a block for an upright picture.

    Its orientation becomes 1, its width and height those of the picture, and the thumbnail is removed because it shows
    the photograph.

    Args:
        block: with or without the ``Exif`` prefix.
        size: width and height.

    Returns:
        The block with the ``Exif`` prefix, or None if it is broken.
    """
    try:
        exif = Block(block)
        first = exif.first()
        inner = 0
        for tag, place in exif.entries(first):
            if tag == ORIENTATION:
                exif.change(place, 1)
            elif tag == EXIF_IFD:
                inner = exif.value(place)
    except (ValueError, struct.error):
        return None
    with contextlib.suppress(struct.error):  # The inner directory may be truncated and the first one still valid.
        for tag, place in exif.entries(inner) if inner else ():
            if tag in (WIDTH, HEIGHT):
                exif.change(place, size[0] if tag == WIDTH else size[1])
    with contextlib.suppress(struct.error):
        remove_thumbnail(exif, first)
    return PREFIX + bytes(exif.data)


def remove_thumbnail(exif: Block, first: int) -> None:
    """Unlink the thumbnail directory and erase the thumbnail.

    Raises:
        struct.error: the block is truncated.
    """
    link = first + 2 + ENTRY_LENGTH * exif.read(exif.short, first)
    second = exif.read(exif.long, link)
    exif.long.pack_into(exif.data, link, 0)
    if second:
        erase_thumbnail(exif, second)


def with_software(block: bytes | None, words: str) -> bytes:
    """Set the Software tag of a block.

    Args:
        block: an existing block, or None for a new one.
        words: value of the tag; characters outside ASCII become question marks.

    Returns:
        The block with the ``Exif`` prefix; unchanged if it is broken.
    """
    return with_entries(block, {SOFTWARE: words})


def with_density(block: bytes, density: tuple[float, float]) -> bytes:
    """Set the resolution tags of a block, unless they already have about the same values.

    Args:
        block: an existing block.
        density: pixels per inch, horizontal and vertical.

    Returns:
        The block with the ``Exif`` prefix; unchanged if it is broken.
    """
    current = density_of(block)
    if current and all(math.isclose(one, other, rel_tol=0.002) for one, other in zip(current, density, strict=True)):
        return block
    return with_entries(block, {X_RESOLUTION: density[0], Y_RESOLUTION: density[1], RESOLUTION_UNIT: PER_INCH})


def density_of(block: bytes) -> tuple[float, float] | None:
    """Pixels per inch, horizontal and vertical; None if missing or the block is broken."""
    try:
        exif = Block(block)
        places = dict(exif.entries(exif.first()))
        across, down = (float(exif.number(places[tag])) for tag in (X_RESOLUTION, Y_RESOLUTION))
        unit = exif.value(places[RESOLUTION_UNIT]) if RESOLUTION_UNIT in places else PER_INCH
    except (ValueError, KeyError, struct.error):
        return None
    scale = {PER_INCH: 1.0, PER_CENTIMETER: 2.54}.get(unit, 0.0)
    return (across * scale, down * scale) if scale * across * down else None


def with_entries(block: bytes | None, values: Mapping[int, str | int | float]) -> bytes:
    """Set entries of the first directory.

    The first directory is rewritten at the end, and everything else keeps its offset.

    Args:
        block: an existing block, or None for a new one.
        values: values by tag: text of at least four characters, integers below 65536, or fractions.

    Returns:
        The block with the ``Exif`` prefix; unchanged if it is broken.
    """
    try:
        exif = Block(block or EMPTY)
        first = exif.first()
        size = exif.read(exif.short, first)
        entries = {tag: bytes(exif.data[place : place + ENTRY_LENGTH]) for tag, place in exif.entries(first)}
        link = exif.read(exif.long, first + 2 + ENTRY_LENGTH * size)
    except (ValueError, struct.error):
        return block or b""
    exif.data += bytes(len(exif.data) % 2)
    for tag, value in values.items():
        entries[tag] = exif.short.pack(tag) + exif.added(value)
    exif.long.pack_into(exif.data, 4, len(exif.data))
    exif.data += (
        exif.short.pack(len(entries)) + b"".join(entries[tag] for tag in sorted(entries)) + exif.long.pack(link)
    )
    return PREFIX + bytes(exif.data)


def erase_thumbnail(exif: Block, directory: int) -> None:
    """Overwrite a thumbnail with zeros, or truncate the block if the thumbnail comes last."""
    values = {tag: exif.value(place) for tag, place in exif.entries(directory) if tag in (THUMBNAIL, THUMBNAIL_LENGTH)}
    start = values.get(THUMBNAIL, 0)
    end = min(start + values.get(THUMBNAIL_LENGTH, 0), len(exif.data))
    if 8 <= start < end:
        exif.data[start:end] = bytes(end - start)
        if end == len(exif.data):
            del exif.data[start:]
