"""Recursive search for pictures by extension and content."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gan_style.files import retry_transient
from gan_style.imaging.kinds import RAW_SUFFIXES, SUFFIXES, is_picture


def find_pictures(folder: Path) -> Iterator[Path]:
    """Find the pictures in ``folder`` recursively, in an order that does not depend on the file system.

    Skipped are hidden files and folders, files that are pictures neither by content nor by extension (videos,
    documents, vector drawings), and raw files next to the same picture in another format. Links to folders are not
    followed. Files that are pictures only by extension and unreadable files or folders are yielded, so that the decoder
    reports them.

    Raises:
        OSError: ``folder`` itself cannot be listed.
    """
    entries = list_folder(folder)
    closed: list[Path] = []
    yield from walk(entries, closed)
    yield from closed


def walk(entries: list[os.DirEntry[str]], closed: list[Path]) -> Iterator[Path]:
    """Yield the pictures of a folder, then those of its subfolders; add unreadable folders to ``closed``."""
    folders = []
    developed = {stem_of(entry) for entry in entries if suffix_of(entry) in SUFFIXES - RAW_SUFFIXES}
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            folders.append(Path(entry.path))
        elif is_file(entry):
            if suffix_of(entry) in RAW_SUFFIXES and stem_of(entry) in developed:
                continue
            # The extension is enough: opening many files on a network drive takes minutes.
            if suffix_of(entry) in SUFFIXES or is_picture_or_unreadable(Path(entry.path)):
                yield Path(entry.path)
    for path in folders:
        try:
            inside = list_folder(path)
        except OSError:
            closed.append(path)
            continue
        yield from walk(inside, closed)


def is_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file; True also if that is unknown, so that the decoder reports it."""
    try:
        return entry.is_file()
    except OSError:  # A link into an unreadable folder, or to itself.
        return True


def list_folder(folder: Path) -> list[os.DirEntry[str]]:
    """List the entries of a folder that are not hidden, sorted by name.

    Raises:
        OSError: it cannot be listed.
    """

    def scan() -> list[os.DirEntry[str]]:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)

    return retry_transient(scan)


def suffix_of(entry: os.DirEntry[str]) -> str:
    """The extension of a file in lower case."""
    return os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - faster than pathlib for many files


def stem_of(entry: os.DirEntry[str]) -> str:
    """The file name without extension, in lower case."""
    return os.path.splitext(entry.name)[0].lower()  # noqa: PTH122


def is_picture_or_unreadable(path: Path) -> bool:
    """Whether a file is a picture; True also if it cannot be opened, so that the decoder reports it."""
    try:
        return is_picture(path)
    except OSError:
        return True
