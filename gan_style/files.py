"""Writing files so that nobody ever sees half of one, and reading them where the network has hiccups."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

HICCUPS = {
    getattr(errno, name)
    for name in ("EIO", "ESTALE", "ETIMEDOUT", "EAGAIN", "ECONNRESET", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN")
    if hasattr(errno, name)
}
"""Errors of network file systems that may be gone a moment later."""

PART = ".gan-style-{}.part"
"""Name of what is being written."""

PAUSES = (0.1, 1.0, 5.0)
"""Seconds to wait before each further attempt."""


def patiently(work: Callable[[], T], pauses: Sequence[float] = PAUSES) -> T:
    """Do something with files, again after a while where a network file system had a hiccup.

    Raises:
        OSError: what ``work`` raises, at once or in the end.
    """
    for pause in pauses:
        try:
            return work()
        except OSError as error:
            if error.errno not in HICCUPS:
                raise
        time.sleep(pause)
    return work()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path``; when the block ends without an error it takes the place of ``path``.

    The new file gets the permissions that a plain ``open`` gives. After an error nothing is left behind.

    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(PART.format(secrets.token_hex(8)))
    temporary.open("xb").close()
    mode = temporary.stat().st_mode
    try:
        yield temporary
        temporary.chmod(mode)  # Some writers put a private file of their own in its place.
        with temporary.open("r+b") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_parts(folder: Path) -> None:
    """Remove what was being written below a folder when its only writer was killed."""
    for path in folder.rglob(PART.format("*")):
        path.unlink(missing_ok=True)
