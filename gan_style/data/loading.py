"""Sets of pictures from files: decoded once, in memory or on disk."""

from __future__ import annotations

import hashlib
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np

from gan_style.data.picture_set import PictureSet
from gan_style.data.prefetch import LazyPictures, PictureStore
from gan_style.data.reading import decode_picture
from gan_style.imaging.canvas import no_temporary_space
from gan_style.imaging.types import Pixels

MEMORY_BUDGET = 3 * 2**29
"""Memory budget in bytes for the decoded pictures of a set; the rest goes to a memory-mapped temporary file."""


def load_pictures(
    paths: Iterable[Path],
    short_side: int,
    *,
    smallest: int = 0,
    trim: bool = False,
    budget: int = MEMORY_BUDGET,
    threads: int = 2,
    progress: Callable[[int], object] = lambda _: None,
) -> PictureSet:
    """Decode pictures, in the order given, and downscale them to a short side.

    Args:
        paths: files to decode; those that fail are listed in ``failures``.
        short_side: short side in pixels to which larger pictures are downscaled.
        smallest: short side in pixels to which smaller pictures are upscaled, so that a crop of this size always fits.
        trim: crop margins and frames first.
        budget: bytes kept in memory before the rest goes to a memory-mapped temporary file.
        threads: how many pictures are decoded at a time.
        progress: called with the number of files done after each.

    Raises:
        ResourceError: there is not enough space for temporary files.
    """
    result, digest, store, paths = PictureSet(), hashlib.sha256(), PixelStore(budget), list(paths)

    def decode(path: Path) -> Pixels | str:
        return decode_picture(path, short_side, smallest, trim)

    with ThreadPoolExecutor(threads) as pool:
        outcomes = bounded_map(pool, decode, paths, 4 * threads)
        for done, (path, outcome) in enumerate(zip(paths, outcomes, strict=True), 1):
            if isinstance(outcome, str):
                result.failures.append(outcome)
            else:
                digest.update(outcome.tobytes())
                store.add(outcome)
                result.paths.append(path)
            progress(done)
    result.pictures, result.fingerprint = store.finish(), digest.hexdigest()[:16]
    return result


def open_pictures(
    folder: Path, paths: Sequence[Path], short_side: int, *, smallest: int = 0, trim: bool = False
) -> PictureSet:
    """Return a set whose pictures are decoded on demand; the arguments are those of :func:`load_pictures`.

    A file that proves unusable is listed in ``failures`` and replaced by another picture.
    """
    failures: list[str] = []

    def decode(path: Path) -> Pixels | str:
        return decode_picture(path, short_side, smallest, trim)

    names = "\n".join(str(path.relative_to(folder)) for path in paths)
    digest = hashlib.sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    pictures = LazyPictures(PictureStore(paths, decode, failures), range(len(paths)))
    return PictureSet(pictures, list(paths), failures, digest)


def bounded_map(
    pool: ThreadPoolExecutor, work: Callable[[Path], Pixels | str], paths: Iterable[Path], ahead: int
) -> Iterator[Pixels | str]:
    """``pool.map`` with at most ``ahead`` items in progress, so that memory use stays bounded."""
    waiting: deque[Future[Pixels | str]] = deque()
    for path in paths:
        waiting.append(pool.submit(work, path))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class PixelStore:
    """Stores arrays in memory up to a budget, and further ones in a memory-mapped temporary file."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.kept: list[Pixels | tuple[int, tuple[int, ...]]] = []
        self.file: IO[bytes] | None = None

    def add(self, pixels: Pixels) -> None:
        """Store an array.

        Raises:
            ResourceError: there is not enough space for temporary files.
        """
        if pixels.nbytes <= self.budget:
            self.budget -= pixels.nbytes
            self.kept.append(pixels)
            return
        self.budget = 0
        try:
            if self.file is None:
                self.file = tempfile.TemporaryFile(prefix="gan-style-")  # noqa: SIM115 - closed in finish()
            self.kept.append((self.file.tell(), pixels.shape))
            self.file.write(pixels.tobytes())
        except OSError as error:
            raise no_temporary_space(error, "So many pictures need") from None

    def finish(self) -> list[Pixels]:
        """Return all arrays in the order added."""
        if self.file is None:
            return [item for item in self.kept if isinstance(item, np.ndarray)]
        try:
            self.file.flush()
        except OSError as error:
            raise no_temporary_space(error, "So many pictures need") from None
        mapped = np.memmap(self.file, np.uint8, "r")
        self.file.close()  # The mapping stays valid; the unlinked file is freed with it.
        arrays = []
        for item in self.kept:
            if isinstance(item, tuple):
                start, shape = item
                item = mapped[start : start + int(np.prod(shape))].reshape(shape)
            arrays.append(item)
        return arrays
