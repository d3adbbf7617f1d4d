"""Writing files so that nobody ever sees half of one, and reading them where the network has hiccups."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TypeVar

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")

HICCUPS = {
    getattr(errno, name)
    for name in ("EIO", "ESTALE", "ETIMEDOUT", "EAGAIN", "ECONNRESET", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN")
    if hasattr(errno, name)
}
"""Errors of network file systems that may be gone a moment later."""

FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)}
"""Errors of a disk, or of somebody's share of it, that is full."""
MOVED = 2**20
"""Bytes that are moved at a time within a file."""

PART = ".gan-style-{}.part"
"""Name of what is being written."""

PAUSES = (0.1, 1.0, 5.0)
"""Seconds to wait before each further attempt."""


def is_full(error: BaseException) -> bool:
    """Whether something failed for want of space; libraries that are not written in Python tell it in words only."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in FULL
    return any(os.strerror(number) in str(error) for number in FULL)


def exists(path: Path) -> bool:
    """Whether something lies at a path; nothing does that cannot be looked up, whatever the reason."""
    return os.path.exists(path)  # noqa: PTH110 - that of pathlib raises where a folder is closed or a name too long


def is_file(path: Path) -> bool:
    """Whether a file lies at a path; none does that cannot be looked up, whatever the reason."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def is_folder(path: Path) -> bool:
    """Whether a folder lies at a path; none does that cannot be looked up, whatever the reason."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def real(path: Path) -> Path:
    """A path without links in it, as far as they can be followed."""
    return Path(os.path.realpath(path))  # that of pathlib raises where links go round in a circle


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

    The new file gets the permissions that a plain ``open`` gives. After an error nothing is left behind; after a death
    the temporary file is, and :func:`remove_parts` finds that nobody holds it any more.

    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    temporary, holder = new_part(path)
    try:
        with holder:
            mode = temporary.stat().st_mode
            yield temporary
            temporary.chmod(mode)  # Some writers put a private file of their own in its place.
            with temporary.open("r+b") as stream:
                os.fsync(stream.fileno())
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def new_part(path: Path) -> tuple[Path, IO[bytes]]:
    """An empty file for what is being written, and a hold on it that ends with the process."""
    while True:
        temporary = path.with_name(PART.format(secrets.token_hex(8)))
        holder = temporary.open("xb")
        if hold(holder) and is_at(temporary, holder):
            return temporary, holder
        holder.close()  # Somebody cleared it away in between.


def is_at(path: Path, stream: IO[bytes]) -> bool:
    """Whether an open file is what lies at a path."""
    try:
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


def hold(stream: IO[bytes]) -> bool:
    """Take hold of an open file, which only one process can have at a time; where there are no locks, all have it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # A file system without locks.
        return True
    return True


def remove_parts(folder: Path) -> None:
    """Remove from a folder what was being written when its writer was killed, and leave what others are writing."""
    if fcntl is None:
        return
    paths: list[Path] = []
    with contextlib.suppress(OSError):  # It may not be there, or be closed.
        paths = list(folder.glob(PART.format("*")))
    for path in paths:
        with contextlib.suppress(OSError), path.open("r+b") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # It is being written, or nobody can tell.
                continue
            path.unlink(missing_ok=True)


def splice(stream: IO[bytes], start: int, end: int, data: bytes) -> None:
    """Put bytes in the place of others, few or more, of a file that is open for both, and move what comes after them.

    Args:
        stream: the file.
        start: where the others begin.
        end: where they end; ``start`` for none.
        data: what comes instead.

    Raises:
        OSError: the disk is full.
    """
    shift = start + len(data) - end
    size = stream.seek(0, 2)
    places = range(end, size, MOVED)
    for place in reversed(places) if shift > 0 else places:
        stream.seek(place)
        moved = stream.read(MOVED)
        stream.seek(place + shift)
        stream.write(moved)
    stream.seek(start)
    stream.write(data)
    stream.truncate(size + shift)


class CheckedFile(io.BufferedRandom):
    """A file into which Pillow writes through Python.

    Given a descriptor, it writes by itself, and takes a disk that becomes full for one that has taken it all.
    """

    def fileno(self) -> int:
        """None that Pillow may have."""
        raise io.UnsupportedOperation("fileno")
