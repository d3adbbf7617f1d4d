"""Configuration of libvips, which reads and writes pictures of any size in strips."""

from __future__ import annotations

import os

os.environ.setdefault("VIPS_WARNING", "0")  # Otherwise it prints recoverable problems to standard error.

import pyvips


def message_text(pointer: object) -> str:
    """Decode a libvips message, which may contain bytes from a file or file name that are not UTF-8."""
    if pointer == pyvips.ffi.NULL:
        return ""
    return str(pyvips.ffi.string(pointer), "utf-8", "surrogateescape")


# pyvips fails on such bytes before it clears the message, and then in every later call.
pyvips.error._to_string = message_text
pyvips.cache_set_max(0)  # The cache would return stale content of modified files.

Image = pyvips.Image
Error = pyvips.Error
SourceCustom = pyvips.SourceCustom
TargetCustom = pyvips.TargetCustom


def knows(operation: str, option: str) -> bool:
    """Whether an operation of this libvips version has an option."""
    return option in pyvips.Introspect.get(operation).optional_input


def reason(error: pyvips.Error) -> str:
    """The error message without the function names that libvips adds."""
    lines = [line.strip() for line in str(error.detail or error.message).splitlines() if line.strip()]
    last = lines[-1] if lines else "unknown reason"
    return last.rpartition(": ")[2]


BLOB, INT, INTS, STRING = (
    pyvips.GValue.blob_type,
    pyvips.GValue.gint_type,
    pyvips.GValue.array_int_type,
    pyvips.GValue.gstr_type,
)
