"""PNG metadata: libvips reads only a part of it, and writes compressed XMP."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gan_style.files import splice
from gan_style.imaging import vips
from gan_style.imaging.exif import PREFIX
from gan_style.imaging.kinds import streamed
from gan_style.imaging.metadata import IPTC, IRB, XMP, XMP_KEY, with_density, with_exif

SIGNATURE = b"\x89PNG\r\n\x1a\n"
AFTER_HEADER = len(SIGNATURE) + 25
"""Offset of the first chunk after IHDR."""

XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
RAW_KEY = b"Raw profile type "
"""Keyword prefix of metadata blocks that ImageMagick and ExifTool write as text (ImageMagick, coders/png.c)."""

RESOURCE = b"8BIM"

LARGEST_BLOCK = 2**26
"""Maximum bytes of a metadata block, as in Pillow."""

LARGEST_PACKED = 2**20
"""Maximum bytes of compressed text or of a color profile; Pillow rejects files with more as an attack."""


@dataclass
class Said:
    """Metadata in the chunks of a PNG.

    Attributes:
        exif: EXIF block, starting with ``Exif``, or None.
        xmp: XMP packet, or None.
        iptc: IPTC block in its JPEG form, or None.
        density: pixels per millimeter, horizontal and vertical, or None.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    density: tuple[float, float] | None = None


def chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, content offset and length of each chunk up to the end of the file, with the stream at the content."""
    place = len(SIGNATURE)
    while True:
        stream.seek(place)
        head = stream.read(8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], place + 8, length
        place += 12 + length


def chunk(kind: bytes, body: bytes) -> bytes:
    """Encode a chunk."""
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def with_said(image: vips.Image, source: Path | bytes) -> vips.Image:
    """Add the metadata of all chunks to a PNG opened by libvips.

    Raises:
        OSError: it cannot be read.
    """
    said = said_in(source)
    image = image.copy()
    for name, block in ((XMP, said.xmp), (IPTC, said.iptc)):
        if block:
            image.set_type(vips.BLOB, name, block)
    if said.exif:
        image = with_exif(image, said.exif)
    return with_density(image, said.density) if said.density else image


def said_in(source: Path | bytes) -> Said:
    """Read the metadata of a PNG.

    Raises:
        OSError: it cannot be read.
    """
    said = Said()
    with streamed(source) as stream:
        for kind, place, length in chunks(stream):
            if kind not in (b"eXIf", b"pHYs", b"tEXt", b"zTXt", b"iTXt") or length > LARGEST_BLOCK:
                continue
            stream.seek(place)
            content = stream.read(length)
            if kind == b"eXIf":
                said.exif = PREFIX + content.removeprefix(PREFIX)
            elif kind == b"pHYs":
                if content[8:] == b"\1":  # The unit is the meter.
                    across, down = (int.from_bytes(content[at : at + 4], "big") / 1000 for at in (0, 4))
                    said.density = (across, down) if across and down else None
            else:
                with contextlib.suppress(ValueError, zlib.error):
                    hear(said, *text_of(kind, content))
    return said


def text_of(kind: bytes, content: bytes) -> tuple[bytes, bytes]:
    """Decode a text chunk to keyword and decompressed text.

    Raises:
        ValueError or zlib.error: it is damaged.
    """
    key, rest = content.split(b"\0", 1)
    packed = kind == b"zTXt"
    if packed:
        rest = rest[1:]
    elif kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].split(b"\0", 2)[2] if rest[2:].count(b"\0") >= 2 else b""
    return key, zlib.decompressobj().decompress(rest, LARGEST_BLOCK) if packed else rest


def hear(said: Said, key: bytes, text: bytes) -> None:
    """Store the metadata of a text chunk; blocks in dedicated chunks have precedence.

    Raises:
        ValueError: it is damaged.
    """
    if key == XMP_KEY:
        said.xmp = text or said.xmp
    if not key.startswith(RAW_KEY):
        return
    block = bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    if block.startswith(XMP_PREFIX) or key == RAW_KEY + b"xmp":
        said.xmp = said.xmp or block.removeprefix(XMP_PREFIX)
    elif block.startswith(PREFIX) or key == RAW_KEY + b"exif":
        said.exif = said.exif or PREFIX + block.removeprefix(PREFIX)
    elif block.startswith(RESOURCE):
        said.iptc = said.iptc or IRB + block


def add_xmp(path: Path, packet: bytes) -> None:
    """Insert an XMP packet into a PNG as the XMP specification requires: uncompressed iTXt before the pixels.

    Raises:
        OSError: the file cannot be written.
    """
    if len(packet) >= LARGEST_BLOCK:
        return
    made = chunk(b"iTXt", XMP_KEY + bytes(5) + packet)
    with path.open("r+b") as stream:
        splice(stream, AFTER_HEADER, AFTER_HEADER, made)


def forget_density(path: Path) -> None:
    """Reduce the density of a PNG, which libvips always writes, to the pixel aspect ratio."""
    with path.open("r+b") as stream:
        for kind, place, _ in chunks(stream):
            if kind == b"IDAT":
                return
            if kind == b"pHYs":
                stream.seek(place)
                made = chunk(kind, stream.read(8) + b"\0")  # Unit: unknown.
                stream.seek(place - 8)
                stream.write(made)
                return
