"""File names: portable as text, and short enough for the file system."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from gan_style.files import is_folder

LONGEST = 255
"""Maximum bytes of a name if the file system does not report it; on Windows UTF-16 code units."""

ALWAYS_ALLOWED = 100
"""Bytes of a name that every file system accepts."""

HASH_DIGITS = 12
"""Hexadecimal digits of the hash in a shortened name."""


def path_text(path: str | os.PathLike[str]) -> str:
    """Encode a path as text for JSON: UTF-8 in any locale, invalid bytes as surrogate escapes like ``os.fsdecode``."""
    return os.fsencode(path).decode("utf-8", "surrogateescape")


def text_path(text: str) -> Path:
    """Invert :func:`path_text`, whatever the locale."""
    return Path(os.fsdecode(text.encode("utf-8", "surrogateescape")))


def encodable(text: str) -> str:
    """Make text usable in a file name: as UTF-8 bytes if the locale cannot encode it."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return os.fsdecode(text.encode("utf-8", "surrogateescape"))
    return text


def shortened_name(make: Callable[[str], str], stem: str, folder: Path) -> str:
    """Make a file name from a stem, shortened if it is too long for the file system.

    The beginning of the stem is kept and a hash of the whole stem appended, so that different names stay different and
    shortening is reproducible. If that is not enough, the whole name except its extension is shortened the same way.

    Args:
        make: returns the name for a stem.
        stem: the part that is shortened first.
        folder: folder of the file; it need not exist.
    """
    name = make(stem)
    if fits(name, folder):
        return name
    room = name_limit(folder)
    base, *added = (len(os.fsencode(make(text))) for text in ("", "a"))
    often = max(added[0] - base, 1)  # A template may contain the stem twice.
    shorter = make(truncated(stem, (room - base) // often))
    if len(os.fsencode(shorter)) <= room:
        return shorter
    suffix = Path(name).suffix
    return truncated(name.removesuffix(suffix), room - len(os.fsencode(suffix))) + suffix


def fits(name: str, folder: Path) -> bool:
    """Whether the file system of a folder accepts a name."""
    if len(os.fsencode(name)) <= ALWAYS_ALLOWED:
        return True
    if os.name == "nt":
        return len(name.encode("utf-16-le", "surrogatepass")) <= 2 * LONGEST
    try:
        (nearest_existing(folder) / name).lstat()
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG
    return True


def name_limit(folder: Path) -> int:
    """Maximum bytes of a name in a folder."""
    try:
        return min(os.pathconf(nearest_existing(folder), "PC_NAME_MAX"), LONGEST)
    except (AttributeError, OSError, ValueError):  # Windows, or a file system that does not report it.
        return LONGEST


def nearest_existing(folder: Path) -> Path:
    """The folder itself or its nearest existing parent."""
    return next((one for one in (folder, *folder.parents) if is_folder(one)), folder)


def truncated(text: str, room: int) -> str:
    """Truncate text to ``room`` bytes, ending in a hash of the whole text; the hash is always complete."""
    data = os.fsencode(text)
    mark = "~" + hashlib.sha256(data).hexdigest()[:HASH_DIGITS]
    end = max(room - len(mark), 0)
    while 0 < end < len(data) and data[end] & 0xC0 == 0x80:  # Inside a UTF-8 character.
        end -= 1
    return os.fsdecode(data[:end]) + mark
