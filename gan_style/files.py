"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path``; when the block ends without an error it takes the place of ``path``.

    The new file gets the permissions that a plain ``open`` gives. After an error nothing is left behind.

    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".gan-style-{secrets.token_hex(8)}.part")
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
