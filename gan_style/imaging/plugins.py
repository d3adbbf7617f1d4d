"""Pillow plugins for additional formats."""

from __future__ import annotations

import functools


@functools.cache
def heic_available() -> bool:
    """Whether HEIC can be read and written; registers the Pillow plugin on the first call."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True
