"""The three streams of a process, whatever they are and whatever names of files they are to carry."""

from __future__ import annotations

import codecs
import io
import os
from typing import BinaryIO, TextIO

BYTES_OR_ESCAPES = "gan_style.bytes_or_escapes"
"""Name of what is done with letters that an encoding lacks."""


def write_any_name(stream: TextIO | None) -> None:
    """Have a stream write every file name as the bytes that it is, and no letter stop it.

    Where the locale knows ASCII only, as C does, the rest is UTF-8, as Python itself has it there.
    """
    if isinstance(stream, io.TextIOWrapper):
        ascii_only = codecs.lookup(stream.encoding).name == "ascii"
        stream.reconfigure(encoding="utf-8" if ascii_only else None, errors=BYTES_OR_ESCAPES)


def write_whole(stream: BinaryIO, data: bytes) -> None:
    """Write all of something, also where standard output has no buffer (PYTHONUNBUFFERED) and takes a part at a time.

    Raises:
        OSError: not all of it can be written.
    """
    left = memoryview(data)
    while left:
        left = left[stream.write(left) :]
    stream.flush()


def bytes_or_escapes(error: UnicodeError) -> tuple[str | bytes, int]:
    """The byte that a letter stands for in a file name, or else the letter as an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    one = UnicodeEncodeError(error.encoding, error.object, error.start, error.start + 1, error.reason)
    try:
        return codecs.lookup_error("surrogateescape")(one)
    except UnicodeEncodeError:
        return codecs.backslashreplace_errors(one)


codecs.register_error(BYTES_OR_ESCAPES, bytes_or_escapes)


def keep_descriptors() -> None:
    """Fill the places of streams that are closed, or the next file that is opened would get what is meant for them."""
    for number in range(3):
        if not is_open(number):
            os.open(os.devnull, os.O_RDWR)  # It gets the lowest free number, which is this one.


def is_open(number: int) -> bool:
    """Whether a descriptor stands for something."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
