"""Reading photographs from files or standard input."""

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
"""Bytes to read from a pipe at a time."""


def standard_input() -> bytes:
    """Read all of standard input.

    Raises:
        PictureError: standard input is closed, cannot be read, or exceeds the size limit.
    """
    if sys.stdin is None:
        raise PictureError("Standard input is closed; pipe a picture into it, or name a file.")
    chunks, remaining = [], LARGEST_PIPE
    try:
        while chunk := sys.stdin.buffer.read(CHUNK):
            chunks.append(chunk)
            remaining -= len(chunk)
            if remaining < 0:
                raise PictureError(
                    f"Standard input exceeds {LARGEST_PIPE >> 30} GiB; save it to a file and name that file."
                )
    except (OSError, ValueError) as error:  # Standard input may be write-only.
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"Standard input cannot be read ({reason}); pipe a picture into it.") from None
    return b"".join(chunks)


def read_source(path: Path, max_pixels: int, read_stdin: Callable[[], bytes] = standard_input) -> Photograph:
    """Read a photograph from a file or, for ``-``, from standard input through ``read_stdin``.

    Raises:
        PictureError: the photograph cannot be read.
    """
    if path == PIPE:
        return open_photograph(read_stdin(), name="Standard input", max_pixels=max_pixels)
    if is_folder(path):
        check_folder(path)
    return open_photograph(path, max_pixels=max_pixels)


def check_folder(path: Path) -> None:
    """Raise an error that says why a folder yields no pictures.

    Raises:
        PictureError: always.
    """
    try:
        os.scandir(path).close()
    except OSError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
    raise PictureError(f"{path} contains no pictures; check the path.")
