"""Finding pictures in folders by what files hold, and naming those that only pretend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SIGNATURE_BYTES = 16
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
"""Names that promise a picture."""

SIGNATURES = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",  # TIFF, and BigTIFF below
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"\0\0\0\x0cjP  ",  # JPEG 2000
)


def looks_like_picture(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a picture, of a format that is read here or not."""
    return (
        head.startswith(SIGNATURES)
        or (head.startswith(b"BM") and head[6:10] == bytes(4))
        or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"avif", b"avis"})
    )


def find_pictures(folder: Path) -> Iterator[Path]:
    """Pictures below ``folder``, in an order that does not depend on the file system.

    Hidden files and folders are passed over, and so is everything that neither begins like a picture nor is called
    one; links to folders are not followed. A file that only its name calls a picture, and a file or folder that cannot
    be opened, are yielded, so that whoever decodes them reports them.

    Raises:
        OSError: ``folder`` itself cannot be listed.
    """
    os.scandir(folder).close()
    closed: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            if name.startswith(".") or not path.is_file():
                continue
            try:
                with path.open("rb") as stream:
                    head = stream.read(SIGNATURE_BYTES)
            except OSError:
                yield path
                continue
            if looks_like_picture(head) or path.suffix.lower() in SUFFIXES:
                yield path
    yield from closed
