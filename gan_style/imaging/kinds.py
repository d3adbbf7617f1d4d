"""File type detection by signature and extension, and by decoding if these are not enough."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from pathlib import Path
from typing import BinaryIO

from gan_style.defaults import MAX_PIXELS
from gan_style.imaging.isobmff import brands_of

SIGNATURE_BYTES = 64
"""Bytes read from the start of a file to detect its type."""

RAW_NAMES = "3fr arw cr2 cr3 crw dcr dng erf fff iiq kdc mef mos mrw nef nrw orf pef raf rw2 rwl sr2 srf srw x3f"
PICTURE_NAMES = (
    "apng avif avifs bmp dds dib gif heic heics heif heifs hif icns ico j2c j2k jfif jp2 jpc jpe jpeg jpf jpg jpx jxl "
    "mpo pbm pcx pfm pgm png pnm ppm psd qoi sgi tga tif tiff webp"
)
RAW_SUFFIXES = {f".{name}" for name in RAW_NAMES.split()}
"""Extensions of camera raw files."""

SUFFIXES = RAW_SUFFIXES | {f".{name}" for name in PICTURE_NAMES.split()}
"""Extensions used only for pictures."""

SIGNATURES = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",  # TIFF, and BigTIFF below
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"\0\0\0\x0cjP  ",  # JPEG 2000, and its bare code stream
    b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cJXL ",
    b"8BPS\0\1",
    b"DDS |\0\0\0",
    b"qoif",
)

RAW_SIGNATURES = (b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FOVb", b"\0MRM")
"""Signatures of Fujifilm, Panasonic, Olympus, Sigma and Minolta; others use that of TIFF."""

POSTSCRIPT = (b"%!PS", b"\xc5\xd0\xd3\xc6")

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
"""HEIF brands that use HEVC."""

AVIF_BRANDS = {b"avif", b"avis"}

HEIF_BRANDS = HEIC_BRANDS | AVIF_BRANDS | {b"mif1", b"mif2", b"msf1", b"miaf"}

UNREGISTERED = {".imt": "IMT", ".spi": "SPIDER", ".spider": "SPIDER"}
"""Formats without a signature whose extensions Pillow does not register."""

SUBFILE, PHOTOMETRIC, SUBDIRECTORIES, DNG = 0xFE, 0x106, 0x14A, 0xC612
"""Tags of a TIFF."""

MOSAIC = {32803, 34892}
"""Photometric interpretations of raw sensor data."""


def first_bytes(path: Path) -> bytes:
    """Read the first bytes of a file."""
    with path.open("rb") as stream:
        return stream.read(SIGNATURE_BYTES)


def looks_like_picture(head: bytes) -> bool:
    """Whether the first bytes of a file are a picture signature, of a supported or unsupported format."""
    return (
        head.startswith(SIGNATURES + RAW_SIGNATURES)
        or (head.startswith(b"BM") and head[6:10] == bytes(4))
        or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")
        or bool(brands_of(head) & (HEIF_BRANDS | {b"crx "}))
    )


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by content: by its signature, or by decoding it if its format has none.

    Raises:
        OSError: it cannot be opened.
    """
    with path.open("rb") as stream:
        head = stream.read(SIGNATURE_BYTES)
    return looks_like_picture(head) or is_readable(path, head)


def pillow_formats(head: bytes, suffix: str = "") -> list[str]:
    """Pillow's names of the possible formats of a file, by its first bytes and extension."""
    from PIL import Image

    Image.init()
    named = Image.registered_extensions().get(suffix, UNREGISTERED.get(suffix))
    found = []
    for form, (_, accepts) in Image.OPEN.items():
        try:
            may_be = form == named if accepts is None else accepts(head) is True
        except (IndexError, struct.error):  # Fewer bytes than the format needs.
            may_be = False
        if may_be:
            found.append(form)
    return found


def is_readable(path: Path, head: bytes) -> bool:
    """Whether Pillow can decode a file whose signature is ambiguous, such as text."""
    forms = pillow_formats(head, path.suffix.lower())
    if not forms:
        return False
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=forms) as image:
                if image.width * image.height <= MAX_PIXELS:
                    image.load()
        return True
    except Exception:  # Every format can fail in its own way.
        return False


def is_raw(source: Path | bytes, head: bytes) -> bool:
    """Whether a file is a camera raw file: sensor data with at most a preview."""
    if head.startswith(RAW_SIGNATURES) or b"crx " in brands_of(head) or head[8:11] == b"CR\2":
        return True
    if not head.startswith(SIGNATURES[4:8]):
        return False
    from PIL import TiffImagePlugin

    with contextlib.suppress(Exception), open_stream(source) as stream:  # The decoder reports errors.
        directory = TiffImagePlugin.ImageFileDirectory_v2(stream.read(16 if head[2:4] in (b"+\0", b"\0+") else 8))
        stream.seek(directory.next)
        directory.load(stream)
        preview = directory.get(SUBFILE, 0) & 1 and (SUBDIRECTORIES in directory or DNG in directory)
        return bool(preview) or directory.get(PHOTOMETRIC) in MOSAIC
    return False


def open_stream(source: Path | bytes) -> BinaryIO:
    """Open a file, or its bytes, as a seekable stream.

    Raises:
        OSError: it cannot be opened.
    """
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
