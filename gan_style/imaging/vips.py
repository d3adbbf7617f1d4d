"""libvips, which reads and writes pictures of any size in strips, set up once."""

from __future__ import annotations

import os

os.environ.setdefault("VIPS_WARNING", "0")  # Or it would write to standard error what it goes on past.

import pyvips

pyvips.cache_set_max(0)  # A file that has changed since it was last opened would be served as it was.

Image = pyvips.Image
Error = pyvips.Error
SourceCustom = pyvips.SourceCustom
TargetCustom = pyvips.TargetCustom


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
