"""Formats that Pillow reads and writes only with the help of another package."""

from __future__ import annotations

import functools


@functools.cache
def heic_is_there() -> bool:
    """Whether HEIC can be read and written; Pillow is told of it the first time."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True
