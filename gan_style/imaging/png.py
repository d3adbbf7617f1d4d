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
from gan_style.imaging.kinds import open_stream
from gan_style.imaging.metadata import IPTC, IRB, XMP, XMP_KEY, with_density, with_exif

SIGNATURE = b"\x89PNG\r\n\x1a\n"
AFTER_HEADER = len(SIGNATURE) + 25
"""Offset of the first chunk after IHDR."""

XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
RAW_KEY = b"Raw profile type "
"""Keyword prefix of metadata blocks that ImageMagick and ExifTool write as text (ImageMagick, coders/png.c)."""

RESOURCE = b"8BIM"

MAX_BLOCK = 2**26
"""Maximum bytes of a metadata block, as in Pillow."""

MAX_COMPRESSED = 2**20
"""Maximum bytes of compressed text or of a color profile; Pillow rejects files with more as an attack."""


@dataclass
class PngMetadata:
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


def with_png_metadata(image: vips.Image, source: Path | bytes) -> vips.Image:
    """Add the metadata of all chunks to a PNG opened by libvips.

    Raises:
        OSError: it cannot be read.
    """
    metadata = read_png_metadata(source)
    image = image.copy()
    for name, block in ((XMP, metadata.xmp), (IPTC, metadata.iptc)):
        if block:
            image.set_type(vips.BLOB, name, block)
    if metadata.exif:
        image = with_exif(image, metadata.exif)
    return with_density(image, metadata.density) if metadata.density else image


def read_png_metadata(source: Path | bytes) -> PngMetadata:
    """Read the metadata of a PNG.

    Raises:
        OSError: it cannot be read.
    """
    metadata = PngMetadata()
    with open_stream(source) as stream:
        for kind, place, length in chunks(stream):
            if kind not in (b"eXIf", b"pHYs", b"tEXt", b"zTXt", b"iTXt") or length > MAX_BLOCK:
                continue
            stream.seek(place)
            content = stream.read(length)
            if kind == b"eXIf":
                metadata.exif = PREFIX + content.removeprefix(PREFIX)
            elif kind == b"pHYs":
                if content[8:] == b"\1":  # The unit is the meter.
                    across, down = (int.from_bytes(content[at : at + 4], "big") / 1000 for at in (0, 4))
                    metadata.density = (across, down) if across and down else None
            else:
                with contextlib.suppress(ValueError, zlib.error):
                    store_text(metadata, *text_of(kind, content))
    return metadata


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
    return key, zlib.decompressobj().decompress(rest, MAX_BLOCK) if packed else rest


def store_text(metadata: PngMetadata, key: bytes, text: bytes) -> None:
    """Store the metadata of a text chunk; blocks in dedicated chunks have precedence.

    Raises:
        ValueError: it is damaged.
    """
    if key == XMP_KEY:
        metadata.xmp = text or metadata.xmp
    if not key.startswith(RAW_KEY):
        return
    block = bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    if block.startswith(XMP_PREFIX) or key == RAW_KEY + b"xmp":
        metadata.xmp = metadata.xmp or block.removeprefix(XMP_PREFIX)
    elif block.startswith(PREFIX) or key == RAW_KEY + b"exif":
        metadata.exif = metadata.exif or PREFIX + block.removeprefix(PREFIX)
    elif block.startswith(RESOURCE):
        metadata.iptc = metadata.iptc or IRB + block


def add_xmp(path: Path, packet: bytes) -> None:
    """Insert an XMP packet into a PNG as the XMP specification requires: uncompressed iTXt before the pixels.

    Raises:
        OSError: the file cannot be written.
    """
    if len(packet) >= MAX_BLOCK:
        return
    made = chunk(b"iTXt", XMP_KEY + bytes(5) + packet)
    with path.open("r+b") as stream:
        splice(stream, AFTER_HEADER, AFTER_HEADER, made)


def remove_density_unit(path: Path) -> None:
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
