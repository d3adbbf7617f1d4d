"""Finding pictures in folders by what files hold, and naming those that only pretend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gan_style.files import patiently

SIGNATURE_BYTES = 64
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
    entries = listed(folder)
    closed: list[Path] = []
    yield from below(entries, closed)
    yield from closed


def below(entries: list[os.DirEntry[str]], closed: list[Path]) -> Iterator[Path]:
    """Pictures among the entries of a folder, then those of its folders; ``closed`` gains what cannot be listed."""
    folders = []
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            folders.append(Path(entry.path))
        elif entry.is_file():
            path = Path(entry.path)
            # A name that promises a picture is enough: opening each of many files on a network takes minutes.
            if path.suffix.lower() in SUFFIXES or begins_like_picture(path):
                yield path
    for path in folders:
        try:
            inside = listed(path)
        except OSError:
            closed.append(path)
            continue
        yield from below(inside, closed)


def listed(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder and not hidden, sorted by name.

    Raises:
        OSError: it cannot be listed.
    """

    def scan() -> list[os.DirEntry[str]]:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)

    return patiently(scan)


def begins_like_picture(path: Path) -> bool:
    """Whether a file begins like a picture, or cannot be opened, which whoever decodes it reports."""
    try:
        with path.open("rb") as stream:
            return looks_like_picture(stream.read(SIGNATURE_BYTES))
    except OSError:
        return True
