"""How a process of the command line asks its operating system for memory."""

from __future__ import annotations

import ctypes
import os

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Parameters of ``mallopt`` in glibc's ``malloc.h``."""

KEPT = 1 << 28
"""Bytes that stay with the process rather than go back to the system when they are freed."""


def keep_freed_memory() -> None:
    """Have what one layer frees serve the next one, where the C library is glibc.

    By default every tensor of a few megabytes is mapped anew, and the system fills each of its pages with zeros first:
    a fifth of the CPU seconds of a large picture (``benchmarks/large_picture.py``). This is for a process that is
    ours alone, so the library never does it. Environment variables such as MALLOC_TRIM_THRESHOLD_ take precedence.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None and not any(name.startswith("MALLOC_") for name in os.environ):
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, KEPT)
