"""Errors that people see: one sentence with a remedy, and the exit code that the command line gives for it."""

from __future__ import annotations

import re
from pathlib import Path

ODD_BYTES = re.compile("[\udc80-\udcff]+")
"""Bytes of file names that are no text in the locale, as Python has them in text."""

LONGEST = 2000
"""Letters of a sentence; what files from strangers put into it may be longer."""


def readable(text: str) -> str:
    r"""Text for people with whatever file names are in it: UTF-8 in any locale, and a byte that is none as ``\xe9``."""
    return ODD_BYTES.sub(
        lambda odd: bytes(ord(one) - 0xDC00 for one in odd[0]).decode("utf-8", "backslashreplace"), text
    )


def printable(text: str) -> str:
    """A stranger's words without what a terminal would obey, and no longer than anybody reads."""
    text = "".join(letter if letter.isprintable() else "?" for letter in readable(text)[: LONGEST + 1])
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


class GanStyleError(Exception):
    """Base of every error this package raises on purpose.

    Attributes:
        exit_code: what the command line exits with.
    """

    exit_code = 1

    def __init__(self, sentence: str = "") -> None:
        """One line, whatever file names and strangers' files have put into it."""
        super().__init__(printable(sentence))


class UsageError(GanStyleError):
    """Options or arguments that make no sense together."""

    exit_code = 2


class PictureError(GanStyleError):
    """A picture cannot be read or written."""

    exit_code = 3


class StyleError(GanStyleError):
    """A style is missing, damaged or not a style."""

    exit_code = 4


class DataError(GanStyleError):
    """A training folder has too little to learn from."""

    exit_code = 5


class ResourceError(GanStyleError):
    """The device, the memory, the disk or the backbone's weights are not to be had."""

    exit_code = 6


class NoSpaceError(ResourceError):
    """A disk is full.

    Attributes:
        place: the folder in which nothing can be written.
    """

    def __init__(self, place: Path, remedy: str = "make room") -> None:
        """One sentence, whatever was to be written."""
        super().__init__(f"The disk of {place} is full; {remedy}.")
        self.place = place


class TrainingError(GanStyleError):
    """Training went wrong; the last good style is kept."""

    exit_code = 7
