"""Finding pictures in folders by what files hold, and naming those that only pretend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gan_style.files import patiently
from gan_style.imaging.kinds import RAW_SUFFIXES, SUFFIXES, is_picture


def find_pictures(folder: Path) -> Iterator[Path]:
    """Pictures below ``folder``, in an order that does not depend on the file system.

    Hidden files and folders are passed over, and so is everything that neither is a picture nor is called one, such as
    videos, documents and drawings, and a camera's raw file beside the same picture in another format; links to folders
    are not followed. A file that only its name calls a picture, and a file or folder that cannot be opened, are
    yielded, so that whoever decodes them reports them.

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
    developed = {stem_of(entry) for entry in entries if suffix_of(entry) in SUFFIXES - RAW_SUFFIXES}
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            folders.append(Path(entry.path))
        elif is_file(entry):
            if suffix_of(entry) in RAW_SUFFIXES and stem_of(entry) in developed:
                continue
            # A name that promises a picture is enough: opening each of many files on a network takes minutes.
            if suffix_of(entry) in SUFFIXES or is_picture_or_closed(Path(entry.path)):
                yield Path(entry.path)
    for path in folders:
        try:
            inside = listed(path)
        except OSError:
            closed.append(path)
            continue
        yield from below(inside, closed)


def is_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file, or nobody can tell, which whoever opens it reports."""
    try:
        return entry.is_file()
    except OSError:  # A link that leads into a closed folder, or to itself.
        return True


def listed(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder and not hidden, sorted by name.

    Raises:
        OSError: it cannot be listed.
    """

    def scan() -> list[os.DirEntry[str]]:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)

    return patiently(scan)


def suffix_of(entry: os.DirEntry[str]) -> str:
    """The extension of a file, in small letters."""
    return os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - for each of many files


def stem_of(entry: os.DirEntry[str]) -> str:
    """The name of a file without its extension, in small letters."""
    return os.path.splitext(entry.name)[0].lower()  # noqa: PTH122


def is_picture_or_closed(path: Path) -> bool:
    """Whether a file is a picture, or cannot be opened, which whoever decodes it reports."""
    try:
        return is_picture(path)
    except OSError:
        return True
