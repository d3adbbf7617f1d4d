"""Robust standard streams: closed descriptors, unbuffered output and file names in any encoding."""

from __future__ import annotations

import codecs
import io
import os
from typing import BinaryIO, TextIO

BYTES_OR_ESCAPES = "gan_style.bytes_or_escapes"
"""Name of the codec error handler for characters that an encoding lacks."""


def allow_any_file_name(stream: TextIO | None) -> None:
    """Make a stream write file names as their original bytes and escape other characters that it cannot encode.

    In an ASCII locale such as C, the stream uses UTF-8, as Python's own UTF-8 mode does.
    """
    if isinstance(stream, io.TextIOWrapper):
        ascii_only = codecs.lookup(stream.encoding).name == "ascii"
        stream.reconfigure(encoding="utf-8" if ascii_only else None, errors=BYTES_OR_ESCAPES)


def write_all(stream: BinaryIO, data: bytes) -> None:
    """Write all bytes, even if the stream is unbuffered (PYTHONUNBUFFERED) and writes partially.

    Raises:
        OSError: the data cannot be written completely.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) :]
    stream.flush()


def bytes_or_escapes(error: UnicodeError) -> tuple[str | bytes, int]:
    """Encode a surrogate escape as its original byte, and any other character as a backslash escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    one = UnicodeEncodeError(error.encoding, error.object, error.start, error.start + 1, error.reason)
    try:
        return codecs.lookup_error("surrogateescape")(one)
    except UnicodeEncodeError:
        return codecs.backslashreplace_errors(one)


codecs.register_error(BYTES_OR_ESCAPES, bytes_or_escapes)


def reserve_descriptors() -> None:
    """Open os.devnull on closed descriptors 0 to 2, or the next opened file would receive output meant for them."""
    for number in range(3):
        if not is_open(number):
            os.open(os.devnull, os.O_RDWR)  # Gets the lowest free number, which is this one.


def is_open(number: int) -> bool:
    """Whether a file descriptor is open."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
