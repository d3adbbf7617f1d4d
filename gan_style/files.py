"""Atomic file writes, and retries on transient errors of network file systems."""

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

TRANSIENT_ERRORS = {
    getattr(errno, name)
    for name in ("EIO", "ESTALE", "ETIMEDOUT", "EAGAIN", "ECONNRESET", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN")
    if hasattr(errno, name)
}
"""Error numbers that network file systems raise transiently."""

DISK_FULL_ERRORS = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)}
"""Error numbers of a full disk or an exhausted quota."""

COPY_CHUNK = 2**20
"""Bytes moved per step within a file."""

PART = ".gan-style-{}.part"
"""Name pattern of temporary files."""

RETRY_DELAYS = (0.1, 1.0, 5.0)
"""Seconds to wait before each retry."""


def is_full(error: BaseException) -> bool:
    """Whether an error means a full disk; native libraries report it only in the message text."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in DISK_FULL_ERRORS
    return any(os.strerror(number) in str(error) for number in DISK_FULL_ERRORS)


def exists(path: Path) -> bool:
    """Whether a path exists; False where it cannot be looked up, whatever the reason."""
    return os.path.exists(path)  # noqa: PTH110 - pathlib raises if a folder is unreadable or a name too long


def is_file(path: Path) -> bool:
    """Whether a path is a file; False where it cannot be looked up, whatever the reason."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; False where it cannot be looked up, whatever the reason."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def resolved(path: Path) -> Path:
    """Resolve the symbolic links of a path as far as possible."""
    return Path(os.path.realpath(path))  # pathlib raises on circular links


def retry_transient(work: Callable[[], T], pauses: Sequence[float] = RETRY_DELAYS) -> T:
    """Call a function that uses files, and retry after transient errors of network file systems.

    Raises:
        OSError: ``work`` failed permanently, or still fails after the last retry.
    """
    for pause in pauses:
        try:
            return work()
        except OSError as error:
            if error.errno not in TRANSIENT_ERRORS:
                raise
        time.sleep(pause)
    return work()


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, and rename it to ``path`` when the block ends without an error.

    The new file gets the permissions of a plain ``open``. An error removes the temporary file; if the process is killed
    it remains, unlocked, and :func:`remove_parts` deletes it.

    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    temporary, holder = new_part(path)
    try:
        with holder:
            mode = temporary.stat().st_mode
            yield temporary
            temporary.chmod(mode)  # Some writers replace it by a private file of their own.
            with temporary.open("r+b") as stream:
                os.fsync(stream.fileno())
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def new_part(path: Path) -> tuple[Path, IO[bytes]]:
    """Create an empty temporary file and lock it until the process ends."""
    while True:
        temporary = path.with_name(PART.format(secrets.token_hex(8)))
        holder = temporary.open("xb")
        if try_lock(holder) and is_at(temporary, holder):
            return temporary, holder
        holder.close()  # Another process removed it in between.


def is_at(path: Path, stream: IO[bytes]) -> bool:
    """Whether a path refers to an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


def try_lock(stream: IO[bytes]) -> bool:
    """Try to lock an open file exclusively; True also where the file system has no locks."""
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
    """Remove temporary files of killed processes from a folder, and keep those that are still being written."""
    if fcntl is None:
        return
    paths: list[Path] = []
    with contextlib.suppress(OSError):  # It may be missing or unreadable.
        paths = list(folder.glob(PART.format("*")))
    for path in paths:
        with contextlib.suppress(OSError), path.open("r+b") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # It is being written, or its lock cannot be tested.
                continue
            path.unlink(missing_ok=True)


def splice(stream: IO[bytes], start: int, end: int, data: bytes) -> None:
    """Replace a byte range of a file by data of any length and shift the rest of the file.

    Args:
        stream: the file, open for reading and writing.
        start: start of the range.
        end: end of the range, exclusive; ``start`` to insert.
        data: replacement bytes.

    Raises:
        OSError: the disk is full.
    """
    shift = start + len(data) - end
    size = stream.seek(0, 2)
    places = range(end, size, COPY_CHUNK)
    for place in reversed(places) if shift > 0 else places:
        stream.seek(place)
        moved = stream.read(COPY_CHUNK)
        stream.seek(place + shift)
        stream.write(moved)
    stream.seek(start)
    stream.write(data)
    stream.truncate(size + shift)


class CheckedFile(io.BufferedRandom):
    """A file without a descriptor, so that Pillow writes through Python.

    Given a descriptor, Pillow writes to it directly and misses that the disk became full.
    """

    def fileno(self) -> int:
        """Hide the descriptor from Pillow."""
        raise io.UnsupportedOperation("fileno")
