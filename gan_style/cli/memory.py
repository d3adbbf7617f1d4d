"""Memory allocator settings of the command-line process."""

from __future__ import annotations

import ctypes
import os

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Parameters of ``mallopt`` in glibc's ``malloc.h``."""

RETAINED_BYTES = 1 << 28
"""Freed bytes that the process keeps instead of returning them to the operating system."""


def keep_freed_memory() -> None:
    """Let glibc reuse memory that one layer frees for the next; does nothing with other C libraries.

    By default glibc maps every tensor of a few megabytes anew, and the kernel zeroes each page first: about a sixth of
    the CPU seconds of a large picture (``benchmarks/large_picture.py``). The setting affects the whole process, so only
    the command line applies it, never the library. Environment variables such as MALLOC_TRIM_THRESHOLD_ take
    precedence.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None and not any(name.startswith("MALLOC_") for name in os.environ):
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, RETAINED_BYTES)
