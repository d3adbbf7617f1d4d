"""AVIF and HEIC containers: brands, and the AVIF loop count, which Pillow neither reads nor writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

CONTAINERS = (b"moov", b"trak", b"edts")
FOR_EVER = {4: 2**32 - 1, 8: 2**64 - 1}
"""Infinite duration by width of the field in bytes."""

MOST = 2**31 - 1
"""Maximum finite loop count; writers use more for infinite."""

DURATION_AFTER = {b"mvhd": (16, 24), b"tkhd": (20, 28)}
"""Offset of the duration in boxes of version 0 and version 1 (ISO 14496-12)."""


@dataclass(frozen=True)
class Timing:
    """A duration field of a file.

    Attributes:
        kind: type of its box: duration of a movie or track, or in ``elst`` of the repeated segment.
        place: offset in the file.
        width: 4 or 8 bytes.
        value: the duration.
        repeats: for ``elst``, whether the segment is repeated.
    """

    kind: bytes
    place: int
    width: int
    value: int
    repeats: bool = False


def brands_of(head: bytes) -> set[bytes]:
    """Brands in the first bytes of a file; empty if it is not ISO BMFF."""
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12], *(head[place : place + 4] for place in range(16, end - 3, 4))}


def has_box(stream: BinaryIO, kind: bytes) -> bool:
    """Whether a file has a box of a type at the top level or in a movie or track."""
    return any(one == kind for one, _, _ in boxes(stream, 0, stream.seek(0, 2)))


def loop_count(stream: BinaryIO) -> int:
    """Read the loop count; 0 for infinite, also if the file has none, as in browsers."""
    found = list(timings(stream))
    length = next((one.value for one in found if one.kind == b"tkhd" and one.value != FOR_EVER[one.width]), 0)
    part = next((one for one in found if one.kind == b"elst"), None)
    if part is None:
        return 0
    if not part.repeats:
        return 1
    plays = -(-length // part.value) if part.value else 0
    return plays if plays <= MOST else 0


def set_loop_count(stream: BinaryIO, plays: int) -> None:
    """Write the loop count; 0 for infinite."""
    found = list(timings(stream))
    part = next((one for one in found if one.kind == b"elst"), None)
    if part is None:
        return
    for one in found:
        stream.seek(one.place)
        if one.kind == b"elst":
            stream.seek(one.place - 5)  # The last byte of the flags, before the entry count.
            stream.write(bytes([plays != 1]))
        else:
            most = FOR_EVER[one.width]
            stream.write((min(part.value * plays, most - 1) if plays else most).to_bytes(one.width, "big"))


def timings(stream: BinaryIO) -> Iterator[Timing]:
    """Yield the duration fields that determine the loop count."""
    for kind, place, length in list(boxes(stream, 0, stream.seek(0, 2))):
        stream.seek(place)
        body = stream.read(min(length, 64))
        width = 8 if body[:1] == b"\1" else 4
        before = 8 if kind == b"elst" else DURATION_AFTER.get(kind, (0, 0))[width == 8]
        if not before or len(body) < before + width:
            continue
        value = int.from_bytes(body[before : before + width], "big")
        yield Timing(kind, place + before, width, value, kind == b"elst" and bool(body[3] & 1))


def boxes(stream: BinaryIO, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, content offset and content length of the boxes, recursing into movies and tracks."""
    while place + 8 <= end:
        stream.seek(place)
        head = stream.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        before = 8
        if length == 1 and len(head) == 16:
            length, before = int.from_bytes(head[8:], "big"), 16
        after = place + length if length else end
        if after < place + before:
            return
        yield kind, place + before, min(after, end) - place - before
        if kind in CONTAINERS:
            yield from boxes(stream, place + before, min(after, end))
        place = after
