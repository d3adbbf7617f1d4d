"""Names of files: as text that any program reads, and short enough for the file system."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from gan_style.files import is_folder

LONGEST = 255
"""Bytes of a name where the file system does not say; on Windows letters."""

SURE = 100
"""Bytes that a name may have everywhere."""

DIGITS = 12
"""Of the sum that tells shortened names apart."""


def path_text(path: str | os.PathLike[str]) -> str:
    """A path as text for JSON: UTF-8 in any locale, and a byte that is none as ``os.fsdecode`` has it."""
    return os.fsencode(path).decode("utf-8", "surrogateescape")


def text_path(text: str) -> Path:
    """The path that :func:`path_text` made text of, in this locale or another."""
    return Path(os.fsdecode(text.encode("utf-8", "surrogateescape")))


def nameable(text: str) -> str:
    """Text as part of a file name: UTF-8 where the locale cannot say it."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return os.fsdecode(text.encode("utf-8", "surrogateescape"))
    return text


def fitting(make: Callable[[str], str], stem: str, folder: Path) -> str:
    """The name that is made of a stem, shortened where the file system would not take it.

    The beginning of the stem stays, and a sum of it all, so that different names stay different and a name is
    shortened in the same way each time. Where that is not enough, the whole name is shortened likewise, but for its
    extension.

    Args:
        make: gives the name for a stem.
        stem: what is shortened first.
        folder: where the name is to be; it need not exist.
    """
    name = make(stem)
    if fits(name, folder):
        return name
    room = room_in(folder)
    base, *added = (len(os.fsencode(make(text))) for text in ("", "a"))
    often = max(added[0] - base, 1)  # A template may hold the stem twice.
    shorter = make(shortened(stem, (room - base) // often))
    if len(os.fsencode(shorter)) <= room:
        return shorter
    suffix = Path(name).suffix
    return shortened(name.removesuffix(suffix), room - len(os.fsencode(suffix))) + suffix


def fits(name: str, folder: Path) -> bool:
    """Whether the file system of a folder takes a name."""
    if len(os.fsencode(name)) <= SURE:
        return True
    if os.name == "nt":
        return len(name.encode("utf-16-le", "surrogatepass")) <= 2 * LONGEST
    try:
        (nearest(folder) / name).lstat()
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG
    return True


def room_in(folder: Path) -> int:
    """Bytes that names may have in a folder, whatever letters they are of."""
    try:
        return min(os.pathconf(nearest(folder), "PC_NAME_MAX"), LONGEST)
    except (AttributeError, OSError, ValueError):  # Windows, or a file system that does not say.
        return LONGEST


def nearest(folder: Path) -> Path:
    """The folder, or that above it which exists."""
    return next((one for one in (folder, *folder.parents) if is_folder(one)), folder)


def shortened(text: str, room: int) -> str:
    """The beginning of a text and a sum of it, in so many bytes of a file name; never less than the sum."""
    data = os.fsencode(text)
    mark = "~" + hashlib.sha256(data).hexdigest()[:DIGITS]
    end = max(room - len(mark), 0)
    while 0 < end < len(data) and data[end] & 0xC0 == 0x80:  # Within a letter of UTF-8.
        end -= 1
    return os.fsdecode(data[:end]) + mark
