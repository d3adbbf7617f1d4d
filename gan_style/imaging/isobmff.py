"""AVIF and HEIC as files: what kind they are, and how often an AVIF plays, which Pillow neither reads nor writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

CONTAINERS = (b"moov", b"trak", b"edts")
FOR_EVER = {4: 2**32 - 1, 8: 2**64 - 1}
"""By bytes of a duration, the one that has no end."""

MOST = 2**31 - 1
"""Repetitions, beyond which writers mean for ever."""

DURATION_AFTER = {b"mvhd": (16, 24), b"tkhd": (20, 28)}
"""Bytes before the duration in boxes of version 0 and of version 1 (ISO 14496-12)."""


@dataclass(frozen=True)
class Timing:
    """A number about time in a file.

    Attributes:
        kind: box in which it stands: how long a film or a track plays, or, in ``elst``, what is played again and again.
        place: where in the file.
        width: 4 or 8 bytes.
        value: the number.
        repeats: of ``elst``, whether it is played more than once.
    """

    kind: bytes
    place: int
    width: int
    value: int
    repeats: bool = False


def brands_of(head: bytes) -> set[bytes]:
    """What a file that begins so says it is; empty where it is none of this family."""
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12], *(head[place : place + 4] for place in range(16, end - 3, 4))}


def holds(stream: BinaryIO, kind: bytes) -> bool:
    """Whether there is a box of a kind at the top of a file, or in a film or track."""
    return any(one == kind for one, _, _ in boxes(stream, 0, stream.seek(0, 2)))


def plays_of(stream: BinaryIO) -> int:
    """How often a moving picture is shown; 0 for ever, also where the file does not say, as browsers have it."""
    found = list(timings(stream))
    length = next((one.value for one in found if one.kind == b"tkhd" and one.value != FOR_EVER[one.width]), 0)
    part = next((one for one in found if one.kind == b"elst"), None)
    if part is None:
        return 0
    if not part.repeats:
        return 1
    plays = -(-length // part.value) if part.value else 0
    return plays if plays <= MOST else 0


def set_plays(stream: BinaryIO, plays: int) -> None:
    """Say how often a moving picture is shown; 0 for ever."""
    found = list(timings(stream))
    part = next((one for one in found if one.kind == b"elst"), None)
    if part is None:
        return
    for one in found:
        stream.seek(one.place)
        if one.kind == b"elst":
            stream.seek(one.place - 5)  # Its flags end before the number of its entries.
            stream.write(bytes([plays != 1]))
        else:
            most = FOR_EVER[one.width]
            stream.write((min(part.value * plays, most - 1) if plays else most).to_bytes(one.width, "big"))


def timings(stream: BinaryIO) -> Iterator[Timing]:
    """The numbers that say how often a moving picture is shown."""
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
    """Kind, place and length of what boxes hold, those in films and tracks after these."""
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
