"""User-facing errors: one sentence with a remedy, and the exit code of the command line."""

from __future__ import annotations

import re
from pathlib import Path

UNDECODABLE_BYTES = re.compile("[\udc80-\udcff]+")
"""File-name bytes that the locale cannot decode, as Python represents them (surrogateescape)."""

MAX_LENGTH = 2000
"""Maximum message length in characters; text from untrusted files may be longer."""


def readable(text: str) -> str:
    r"""Decode surrogate escapes for display: UTF-8 in any locale, and each invalid byte as ``\xe9``."""
    return UNDECODABLE_BYTES.sub(
        lambda odd: bytes(ord(one) - 0xDC00 for one in odd[0]).decode("utf-8", "backslashreplace"), text
    )


def printable(text: str) -> str:
    """Replace unprintable characters (terminal escapes) in untrusted text and limit its length to ``LONGEST``."""
    text = "".join(letter if letter.isprintable() else "?" for letter in readable(text)[: MAX_LENGTH + 1])
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}..."


class GanStyleError(Exception):
    """Base class of all errors that this package raises deliberately.

    Attributes:
        exit_code: exit code of the command line.
    """

    exit_code = 1

    def __init__(self, sentence: str = "") -> None:
        """Sanitize the message to one printable line."""
        super().__init__(printable(sentence))


class UsageError(GanStyleError):
    """Invalid options or arguments, or an invalid combination of them."""

    exit_code = 2


class PictureError(GanStyleError):
    """A picture cannot be read or written."""

    exit_code = 3


class StyleError(GanStyleError):
    """A style file is missing, damaged or invalid."""

    exit_code = 4


class DataError(GanStyleError):
    """A training folder has too little data."""

    exit_code = 5


class ResourceError(GanStyleError):
    """The device, memory, disk space or backbone weights are unavailable."""

    exit_code = 6


class NoSpaceError(ResourceError):
    """A disk is full.

    Attributes:
        place: the folder that cannot be written to.
    """

    def __init__(self, place: Path, remedy: str = "free some space") -> None:
        """Build the message from the folder and the remedy."""
        super().__init__(f"The disk that holds {place} is full; {remedy}.")
        self.place = place


class TrainingError(GanStyleError):
    """Training failed; the last good style is kept."""

    exit_code = 7
