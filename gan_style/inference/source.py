"""Where a photograph comes from: a file, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from gan_style.errors import PictureError
from gan_style.files import is_folder
from gan_style.imaging.opening import LARGEST_PIPE, open_photograph
from gan_style.imaging.photograph import Photograph
from gan_style.inference.planning import PIPE

CHUNK = 2**20
"""Bytes that are read from a pipe at a time."""


def standard_input() -> bytes:
    """All that standard input holds.

    Raises:
        PictureError: it is closed, cannot be read, or has no end.
    """
    if sys.stdin is None:
        raise PictureError("Standard input is closed; send a picture into it, or name a file.")
    chunks, room = [], LARGEST_PIPE
    try:
        while chunk := sys.stdin.buffer.read(CHUNK):
            chunks.append(chunk)
            room -= len(chunk)
            if room < 0:
                raise PictureError(
                    f"Standard input gives more than {LARGEST_PIPE >> 30} GiB; save it as a file and name that."
                )
    except (OSError, ValueError) as error:  # It may have been opened for writing only.
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"Standard input cannot be read ({reason}); send a picture into it.") from None
    return b"".join(chunks)


def read_source(path: Path, max_pixels: int, given: Callable[[], bytes] = standard_input) -> Photograph:
    """A photograph from a file, or from standard input, which ``given`` reads.

    Raises:
        PictureError: it cannot be read.
    """
    if path == PIPE:
        return open_photograph(given(), name="Standard input", max_pixels=max_pixels)
    if is_folder(path):
        check_folder(path)
    return open_photograph(path, max_pixels=max_pixels)


def check_folder(path: Path) -> None:
    """Say why a folder gives no pictures.

    Raises:
        PictureError: always.
    """
    try:
        os.scandir(path).close()
    except OSError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
    raise PictureError(f"{path} holds no pictures; check the path.")
