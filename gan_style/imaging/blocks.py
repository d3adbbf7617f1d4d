"""Byte-exact EXIF blocks in JPEG, PNG, WebP and AVIF; libvips would parse and rebuild them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gan_style.files import splice
from gan_style.imaging.exif import PREFIX, with_software
from gan_style.imaging.png import chunk, chunks

FILLER = "~"
START_OF_SCAN = 0xDA

Place = tuple[int, int]


def replace_exif(path: Path, form: str, block: bytes) -> None:
    """Replace the EXIF block that libvips has written.

    Args:
        path: a file with an EXIF block.
        form: Pillow's format name: JPEG, PNG or WEBP.
        block: starts with ``Exif``; must be short enough for the format.

    Raises:
        OSError: the file cannot be read or written.
    """
    with path.open("r+b") as stream:
        if form == "JPEG":
            found = [place for place in segments(stream) if read(stream, place[0] + 4, len(PREFIX)) == PREFIX]
            made = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
        elif form == "PNG":
            found = [(at - 8, at + length + 4) for kind, at, length in chunks(stream) if kind == b"eXIf"]
            made = chunk(b"eXIf", block.removeprefix(PREFIX))
        else:
            found = [place for kind, place in riff_chunks(stream) if kind == b"EXIF"]
            body = block.removeprefix(PREFIX)
            made = b"EXIF" + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
        if not found:
            return
        splice(stream, *found[0], made)
        if form == "WEBP":
            size = stream.seek(0, 2)
            stream.seek(4)
            stream.write((size - 8).to_bytes(4, "little"))


def placeholder_exif(block: bytes) -> bytes:
    """Make a block longer than ``block`` for libvips to write, to be replaced by :func:`overwrite_placeholder`."""
    return with_software(None, FILLER * len(block))


def overwrite_placeholder(path: Path, block: bytes) -> None:
    """Overwrite the placeholder in an AVIF by the EXIF block, padded with zeros, so that no offset changes.

    Args:
        path: a file that libvips has written with :func:`placeholder_exif`.
        block: the block that the placeholder was made for.

    Raises:
        OSError: the file cannot be read or written.
    """
    body, filler = block.removeprefix(PREFIX), FILLER.encode() * len(block)
    with path.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as data:
        end = data.find(filler) + len(filler)
        start = data.rfind(PREFIX, 0, end) + len(PREFIX)
        if len(filler) <= end and len(PREFIX) <= start <= end - len(body):
            data[start:end] = body.ljust(end - start, b"\0")


def segments(stream: BinaryIO) -> Iterator[Place]:
    """Start and end of each JPEG segment before the pixels."""
    place = 2
    while len(head := read(stream, place, 4)) == 4 and head[0] == 0xFF and head[1] != START_OF_SCAN:
        end = place + 2 + int.from_bytes(head[2:], "big")
        yield place, end
        place = end


def riff_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, Place]]:
    """Type, start and end of each chunk of a WebP."""
    place = 12
    while len(head := read(stream, place, 8)) == 8:
        size = int.from_bytes(head[4:], "little")
        end = place + 8 + size + size % 2
        yield head[:4], (place, end)
        place = end


def read(stream: BinaryIO, place: int, count: int) -> bytes:
    """Read up to ``count`` bytes at an offset."""
    stream.seek(place)
    return stream.read(count)
