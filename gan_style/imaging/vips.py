"""libvips, which reads and writes pictures of any size in strips, set up once."""

from __future__ import annotations

import os

os.environ.setdefault("VIPS_WARNING", "0")  # Or it would write to standard error what it goes on past.

import pyvips


def message_text(pointer: object) -> str:
    """A message of libvips, in which a file's name, or the file, may have put bytes that are no text."""
    if pointer == pyvips.ffi.NULL:
        return ""
    return str(pyvips.ffi.string(pointer), "utf-8", "surrogateescape")


# pyvips fails on such bytes before it clears the message, and then on whatever else it is asked for.
pyvips.error._to_string = message_text
pyvips.cache_set_max(0)  # A file that has changed since it was last opened would be served as it was.

Image = pyvips.Image
Error = pyvips.Error
SourceCustom = pyvips.SourceCustom
TargetCustom = pyvips.TargetCustom


def knows(operation: str, option: str) -> bool:
    """Whether an operation of this libvips has an option; older ones lack some."""
    return option in pyvips.Introspect.get(operation).optional_input


def reason(error: pyvips.Error) -> str:
    """What went wrong, without the names of functions that libvips puts before and below it."""
    lines = [line.strip() for line in str(error.detail or error.message).splitlines() if line.strip()]
    last = lines[-1] if lines else "unknown reason"
    return last.rpartition(": ")[2]


BLOB, INT, INTS, STRING = (
    pyvips.GValue.blob_type,
    pyvips.GValue.gint_type,
    pyvips.GValue.array_int_type,
    pyvips.GValue.gstr_type,
)
