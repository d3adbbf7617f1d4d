"""Replacement TIFF directories, which let libvips read more TIFF variants."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

from gan_style.imaging import vips
from gan_style.imaging.kinds import open_stream
from gan_style.imaging.tiff_layout import (
    BITS,
    BLACK_IS_ZERO,
    COMPRESSION,
    EXTRA,
    FAX,
    FORMAT,
    PHOTOMETRIC,
    PLANES,
    RGB,
    SAMPLES,
    SHORT,
    STRIP_SIZES,
    STRIPS,
    TILE_SIZES,
    TILES,
    WHITE_IS_ZERO,
    Entry,
    Layout,
)

REPLACED = Entry(0, 0, b"")
"""Marks an entry whose values are replaced."""


def with_photometric(layout: Layout) -> Layout | None:
    """Add a missing photometric interpretation, as libtiff guesses it; None if it is ambiguous."""
    if layout.colors not in (1, 3):
        return None
    gray = WHITE_IS_ZERO if layout.first(COMPRESSION, 1) in FAX else BLACK_IS_ZERO
    meaning = RGB if layout.colors == 3 else gray
    return with_values(layout, {PHOTOMETRIC: (meaning,)})


def plane_layout(layout: Layout, index: int) -> Layout:
    """Make the layout of a single channel."""
    places, sizes = (TILES, TILE_SIZES) if TILES in layout.values else (STRIPS, STRIP_SIZES)
    count = len(layout.values[places]) // layout.samples
    part = slice(index * count, (index + 1) * count)
    meaning = WHITE_IS_ZERO if index == 0 and layout.photometric == WHITE_IS_ZERO else BLACK_IS_ZERO
    values: dict[int, tuple[int, ...]] = {SAMPLES: (1,), PLANES: (1,), PHOTOMETRIC: (meaning,), EXTRA: ()}
    values |= {tag: layout.values[tag][:1] for tag in (BITS, FORMAT) if tag in layout.values}
    return with_values(
        layout, values | {tag: layout.values[tag][part] for tag in (places, sizes) if tag in layout.values}
    )


def with_values(layout: Layout, values: dict[int, tuple[int, ...]]) -> Layout:
    """Replace the values of some entries; an empty tuple removes the entry."""
    return replace(layout, values=layout.values | values, entries={**layout.entries, **dict.fromkeys(values, REPLACED)})


def encode_directory(layout: Layout) -> tuple[bytes, bytes]:
    """Encode a header and the directory it points to, to be appended to the file.

    Raises:
        struct.error: the file is too large for its TIFF variant.
    """
    start = layout.size + layout.size % 2
    long, form = ("Q", "HHQ8s") if layout.big else ("I", "HHI4s")
    entries = {tag: entry for tag, entry in layout.entries.items() if entry is not REPLACED or layout.values[tag]}
    counted = struct.pack(layout.order + ("Q" if layout.big else "H"), len(entries))
    entry_form = struct.Struct(layout.order + form)
    behind = start + len(counted) + entry_form.size * len(entries) + struct.calcsize(long)
    directory, rest = counted, b""
    for tag, entry in sorted(entries.items()):
        if entry is REPLACED:
            values = layout.values[tag]
            kind, code = (SHORT, "H") if max(values) < 2**16 else (16, "Q") if layout.big else (4, "I")
            data = struct.pack(f"{layout.order}{len(values)}{code}", *values)
            if len(data) > struct.calcsize(long):
                data, rest = struct.pack(layout.order + long, behind + len(rest)), rest + data + bytes(-len(data) % 8)
            entry = Entry(kind, len(values), data)
        directory += entry_form.pack(tag, entry.kind, entry.count, entry.field)
    directory = bytes(start - layout.size) + directory + bytes(struct.calcsize(long)) + rest
    mark = b"II" if layout.order == "<" else b"MM"
    if layout.big:
        return mark + struct.pack(layout.order + "HHHQ", 43, 8, 0, start), directory
    return mark + struct.pack(layout.order + "HI", 42, start), directory


def source_with(source: Path | bytes, layout: Layout) -> vips.SourceCustom:
    """Make a libvips source of a TIFF with a replaced directory.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file is truncated.
        struct.error: the file is too large for its TIFF variant.
    """
    if layout.is_truncated:
        raise ValueError("the file is truncated")
    head, tail = encode_directory(layout)
    stream = open_stream(source)
    end = layout.size + len(tail)
    place = 0

    def read(length: int) -> bytes:
        nonlocal place
        if place < len(head):
            data = head[place : place + length]
        elif place < layout.size:
            stream.seek(place)
            data = stream.read(min(length, layout.size - place))
        else:
            data = tail[place - layout.size :][:length]
        place += len(data)
        return data

    def seek(offset: int, whence: int) -> int:
        nonlocal place
        place = offset + {0: 0, 1: place, 2: end}[whence]
        return place

    made = vips.SourceCustom()
    made.on_read(read)
    made.on_seek(seek)
    return made
