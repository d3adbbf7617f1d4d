"""Whether there is room for a painting, before it is begun."""

from __future__ import annotations

import shutil
from pathlib import Path

from gan_style.errors import NoSpaceError, PictureError
from gan_style.files import is_full
from gan_style.imaging.encoding import write_error

LEAST_SPACE = 2**20
"""Bytes that must be free where a painting goes, or it is not begun."""

GO_ON = "make room and run the same command with --skip-existing"


def is_there(path: Path) -> bool:
    """Whether something lies at a path.

    Raises:
        PictureError: nobody can tell.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise write_error(path, error.strerror or str(error)) from None
    return True


def make_room(target: Path) -> None:
    """Make the folder of a painting, and see that it is not full and takes the name.

    Raises:
        PictureError: it cannot be made, or does not.
        NoSpaceError: the disk is full.
    """
    folder = target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        if is_full(error):
            raise NoSpaceError(folder, GO_ON) from None
        raise PictureError(
            f"The folder {folder} cannot be made ({error.strerror}); choose another place with -o."
        ) from None
    if free < LEAST_SPACE:
        raise NoSpaceError(folder, GO_ON)
    is_there(target)
