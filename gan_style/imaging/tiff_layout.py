"""Pixel layout of TIFF files, which decides what reader decodes them correctly."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gan_style.imaging.kinds import open_stream

BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANES, EXTRA, FORMAT = 258, 259, 262, 277, 284, 338, 339
STRIPS, STRIP_SIZES, TILES, TILE_SIZES = 273, 279, 324, 325
QUANTIZATION, DC_CODES, AC_CODES = 519, 520, 521
READ = (
    *(BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANES, EXTRA, FORMAT, STRIPS, STRIP_SIZES, TILES, TILE_SIZES),
    *(QUANTIZATION, DC_CODES, AC_CODES),
)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR, CIELAB = 0, 1, 2, 5, 6, 8
OLD_JPEG, JPEG = 6, 7
FAX = (2, 3, 4)
UNSIGNED = 1
ASSOCIATED_ALPHA, UNASSOCIATED_ALPHA = 1, 2
"""Types of extra samples: associated (premultiplied) and unassociated alpha."""

RAW_SENSOR, ITU_LAB, LINEAR_RAW = 32803, 10, 34892
SHORT = 3
SIZES = {1: 1, 3: 2, 4: 4, 16: 8}
"""Bytes per value of the integer types used in layout entries."""

WIDTHS = {**SIZES, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 17: 8, 18: 8}
"""Bytes per value of all types with more than one byte."""


@dataclass(frozen=True)
class Entry:
    """A directory entry: type, count, and the raw bytes of the values or their offset."""

    kind: int
    count: int
    field: bytes


@dataclass(frozen=True)
class Layout:
    """The first directory of a TIFF.

    Attributes:
        order: byte order, ``<`` or ``>``.
        big: whether it is a BigTIFF.
        entries: entries by tag.
        size: file size in bytes.
        values: decoded values of the layout entries by tag.
        end: end offset of the last part of the picture.
    """

    order: str
    big: bool
    entries: dict[int, Entry]
    size: int
    values: dict[int, tuple[int, ...]]
    end: int

    def first(self, tag: int, default: int) -> int:
        """The first value of an entry."""
        return self.values.get(tag, (default,))[0]

    @property
    def samples(self) -> int:
        """Samples per pixel."""
        return self.first(SAMPLES, 1)

    @property
    def colors(self) -> int:
        """Samples per pixel without alpha and other extra samples."""
        return self.samples - len(self.values.get(EXTRA, ()))

    @property
    def shown(self) -> int:
        """Visible samples per pixel: for gray and RGB the colors, plus one sample that may be alpha."""
        colors = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3}.get(self.first(PHOTOMETRIC, CMYK), self.samples)
        extra = self.values.get(EXTRA) or (0,) * (self.samples - colors)
        # Several extra samples that are not declared as alpha are other measurements.
        return colors + (len(extra) == 1 or extra[:1] in ((ASSOCIATED_ALPHA,), (UNASSOCIATED_ALPHA,)))

    @property
    def is_premultiplied(self) -> bool:
        """Whether colors are premultiplied by the alpha that follows them."""
        return self.values.get(EXTRA, ())[:1] == (ASSOCIATED_ALPHA,)

    @property
    def has_unspecified_extra(self) -> bool:
        """Whether there is a single extra sample of unspecified type."""
        return self.values.get(EXTRA) == (0,)

    @property
    def photometric(self) -> int | None:
        """The photometric interpretation; None if missing."""
        return self.first(PHOTOMETRIC, 0) if PHOTOMETRIC in self.values else None

    @property
    def is_planar(self) -> bool:
        """Whether the channels are stored in separate planes."""
        return self.first(PLANES, 1) == 2 and self.samples > 1

    @property
    def is_gray(self) -> bool:
        """Whether it is a grayscale picture."""
        return self.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO)

    @property
    def needs_plane_reader(self) -> bool:
        """Whether libvips must read each plane as a separate picture: for tiled planes, and gray with extra samples."""
        known = self.is_gray or (TILES in self.values and self.photometric in (RGB, CMYK))
        return self.is_planar and known

    def libvips_is_reliable(self) -> bool:
        """Whether libvips either decodes such files correctly or reports an error."""
        if self.photometric in (RAW_SENSOR, ITU_LAB, LINEAR_RAW):
            return False
        return not self.is_old_jpeg and not (self.photometric == YCBCR and self.first(COMPRESSION, 1) != JPEG)

    @property
    def is_truncated(self) -> bool:
        """Whether pixels or decoding tables are missing at the end of the file."""
        return self.end > self.size

    @property
    def is_old_jpeg(self) -> bool:
        """Whether it has old-style JPEG compression; libtiff fills in missing parts without an error."""
        return self.first(COMPRESSION, 1) == OLD_JPEG

    def pillow_is_reliable(self) -> bool:
        """Whether Pillow either decodes such files correctly or reports an error."""
        if self.photometric is None or self.photometric in (RAW_SENSOR, ITU_LAB, LINEAR_RAW):
            return False
        if self.first(BITS, 1) == 32 and self.first(FORMAT, UNSIGNED) == UNSIGNED:
            return False  # It reads the upper half as negative.
        if self.photometric == WHITE_IS_ZERO and self.first(BITS, 1) > 8:
            return False  # It swaps white and black.
        if not self.is_planar:
            return True
        plain = self.photometric in (RGB, CMYK) and self.first(BITS, 1) == 8
        return self.photometric != CIELAB and (plain or self.first(COMPRESSION, 1) != 1)


def layout_of(source: Path | bytes) -> Layout | None:
    """Read the layout of a TIFF; None if it is damaged.

    Raises:
        OSError: the file cannot be read.
    """
    with open_stream(source) as stream:
        try:
            return read_layout(stream)
        except (struct.error, KeyError):
            return None


def read_layout(stream: BinaryIO) -> Layout:
    """Read the layout of a TIFF stream.

    Raises:
        struct.error or KeyError: it is damaged.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(16)
    order = {b"II": "<", b"MM": ">"}[head[:2]]
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    place = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])[0]
    stream.seek(place)
    counted, form = ("Q", "HHQ8s") if big else ("H", "HHI4s")
    count = struct.unpack(order + counted, stream.read(struct.calcsize(counted)))[0]
    entry = struct.Struct(order + form)
    data = stream.read(entry.size * min(count, 4096))
    entries = {tag: Entry(*rest) for tag, *rest in entry.iter_unpack(data)}
    values = {}
    for tag in READ:
        if tag in entries and entries[tag].count and entries[tag].kind in SIZES:
            with contextlib.suppress(struct.error):  # Out of range, which is detected below.
                values[tag] = numbers(stream, order, big, entries[tag], size)
    places = struct.Struct(order + ("Q" if big else "I"))
    apart = [(places.unpack(one.field)[0], WIDTHS.get(one.kind, 1) * one.count) for one in entries.values()]
    end = max([place + length for place, length in apart if length > places.size], default=0)
    return Layout(order, big, entries, size, values, max(end, end_of_pixels(stream, values)))


def end_of_pixels(stream: BinaryIO, values: dict[int, tuple[int, ...]]) -> int:
    """End offset of the last strip, tile or JPEG table."""
    pairs = ((STRIPS, STRIP_SIZES), (TILES, TILE_SIZES))
    parts = [part for one, other in pairs for part in zip(values.get(one, ()), values.get(other, ()), strict=False)]
    parts += [(place, 64) for place in values.get(QUANTIZATION, ())]
    for place in values.get(DC_CODES, ()) + values.get(AC_CODES, ()):
        stream.seek(place)
        parts.append((place, 16 + sum(stream.read(16))))  # The number of codes of each length, then the codes.
    return max((place + size for place, size in parts), default=0)


def numbers(stream: BinaryIO, order: str, big: bool, entry: Entry, size: int) -> tuple[int, ...]:
    """Decode the values of an entry.

    Raises:
        struct.error: they are out of range.
    """
    length = SIZES[entry.kind] * entry.count
    data = entry.field[:length]
    if length > len(entry.field):
        stream.seek(struct.unpack(order + ("Q" if big else "I"), entry.field)[0])
        data = stream.read(min(length, size))
    code = {1: "B", 3: "H", 4: "I", 16: "Q"}[entry.kind]
    return struct.unpack(f"{order}{entry.count}{code}", data)
