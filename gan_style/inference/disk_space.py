"""Checks of the output folder and its free space before a painting is started."""

from __future__ import annotations

import shutil
from pathlib import Path

from gan_style.errors import NoSpaceError, PictureError
from gan_style.files import is_full
from gan_style.imaging.encoding import write_error

MIN_FREE_BYTES = 2**20
"""Free bytes that the output folder must have before a painting is started."""

RETRY_HINT = "make room and run the same command with --skip-existing"


def target_exists(path: Path) -> bool:
    """Whether an output path exists.

    Raises:
        PictureError: the path cannot be examined.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise write_error(path, error.strerror or str(error)) from None
    return True


def prepare_folder(target: Path) -> None:
    """Create the folder of a painting and check its free space and that it accepts the file name.

    Raises:
        PictureError: the folder cannot be created or does not accept the name.
        NoSpaceError: the disk is full.
    """
    folder = target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        if is_full(error):
            raise NoSpaceError(folder, RETRY_HINT) from None
        raise PictureError(
            f"The folder {folder} cannot be created ({error.strerror}); choose another folder with -o."
        ) from None
    if free < MIN_FREE_BYTES:
        raise NoSpaceError(folder, RETRY_HINT)
    target_exists(target)
