"""Training pictures: decoded once, kept as bytes, served as random crops."""

from __future__ import annotations

import hashlib
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_style.errors import GanStyleError
from gan_style.imaging.decoding import Pixels, read_picture
from gan_style.training.faults import find_margins

MEMORY_BUDGET = 3 * 2**29
"""Bytes of decoded pictures that a set keeps in memory; what comes after goes to a memory-mapped temporary file."""

SMALLEST_SIDE = 32
"""Pictures with a shorter side than this teach nothing and are passed over."""


@dataclass
class PictureSet:
    """Decoded pictures of one folder.

    Attributes:
        pictures: (H, W, 3) uint8 arrays, in memory or memory-mapped.
        paths: the file that each was read from.
        failures: a sentence for each file that was found and could not be used.
        fingerprint: a hash of all decoded pixels, which tells sets apart whatever their files are called.
    """

    pictures: list[Pixels] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    fingerprint: str = ""

    def __len__(self) -> int:
        return len(self.pictures)

    def part(self, places: Sequence[int]) -> PictureSet:
        """Some of the pictures; the fingerprint stays that of the whole."""
        pictures, paths = [self.pictures[place] for place in places], [self.paths[place] for place in places]
        return PictureSet(pictures, paths, fingerprint=self.fingerprint)

    def crops(self, count: int, size: int, generator: np.random.Generator, part: slice = slice(None)) -> Tensor:
        """Random crops of random pictures, half of them mirrored.

        Args:
            count: crops that are drawn.
            size: side in pixels.
            generator: source of chance; used alike whatever part is wanted.
            part: which of them to cut.

        Returns:
            (count, 3, size, size), uint8, in channels-last memory, or as many as are wanted.

        Raises:
            ValueError: the set is empty, or a picture is smaller than a crop.
        """
        drawn = []
        for index in generator.integers(len(self.pictures), size=count):
            picture = self.pictures[index]
            top, left = (int(generator.integers(side - size + 1)) for side in picture.shape[:2])
            drawn.append((picture, top, left, bool(generator.integers(2))))
        wanted = drawn[part]
        batch = np.empty((len(wanted), size, size, 3), np.uint8)
        for slot, (picture, top, left, mirrored) in enumerate(wanted):
            crop = picture[top : top + size, left : left + size]
            batch[slot] = crop[:, ::-1] if mirrored else crop
        return torch.from_numpy(batch).permute(0, 3, 1, 2)


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
    """Decode pictures, shrunk to a short side, in the order given.

    Args:
        paths: files to decode; those that fail are named in ``failures``.
        short_side: pixels; larger pictures are shrunk to it.
        smallest: pictures with a shorter side are enlarged to this, so that a crop of this size always fits.
        trim: cut margins and frames off first.
        budget: bytes kept in memory before the rest goes to a memory-mapped temporary file.
        threads: how many pictures are decoded at a time.
        progress: called with the number of files done after each.

    Raises:
        OSError: the temporary file cannot be written.
    """
    result, digest, store, paths = PictureSet(), hashlib.sha256(), PixelStore(budget), list(paths)

    def decode(path: Path) -> Pixels | str:
        try:
            rgb = read_trimmed(path, short_side) if trim else read_picture(path, short_side).rgb
        except GanStyleError as error:
            return str(error)
        if min(rgb.shape[:2]) < SMALLEST_SIDE:
            return f"{path} has only {rgb.shape[1]}x{rgb.shape[0]} pixels, too few to learn from."
        return fit(rgb, smallest)

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


def read_trimmed(path: Path, short_side: int) -> Pixels:
    """A picture without its margins, shrunk to a short side in pixels.

    Raises:
        PictureError: it cannot be read.
        ResourceError: there is not enough memory for it.
    """
    rgb = read_picture(path, short_side).rgb
    margins = find_margins(rgb)
    if not margins:
        return rgb
    left = min(margins.cut(rgb).shape[:2])
    larger = read_picture(path, short_side * short_side // left + 2).rgb  # What is cut is rounded up.
    return read_picture(margins.scaled(larger.shape[0] / rgb.shape[0]).cut(larger), short_side).rgb


def bounded_map(
    pool: ThreadPoolExecutor, work: Callable[[Path], Pixels | str], paths: Iterable[Path], ahead: int
) -> Iterator[Pixels | str]:
    """``pool.map`` that runs at most ``ahead`` items before the one last asked for, so that memory stays bounded."""
    waiting: deque[Future[Pixels | str]] = deque()
    for path in paths:
        waiting.append(pool.submit(work, path))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def fit(rgb: Pixels, smallest: int) -> Pixels:
    """Enlarge a picture whose short side is below ``smallest``."""
    height, width = rgb.shape[:2]
    short = min(height, width)
    if short >= smallest:
        return rgb
    size = (-(-width * smallest // short), -(-height * smallest // short))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


class PixelStore:
    """Arrays kept in memory up to a budget and, beyond it, in one memory-mapped temporary file."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.kept: list[Pixels | tuple[int, tuple[int, ...]]] = []
        self.file: IO[bytes] | None = None

    def add(self, pixels: Pixels) -> None:
        """Keep one array."""
        if pixels.nbytes <= self.budget:
            self.budget -= pixels.nbytes
            self.kept.append(pixels)
            return
        self.budget = 0
        if self.file is None:
            self.file = tempfile.TemporaryFile(prefix="gan-style-")  # noqa: SIM115 - closed in finish()
        self.kept.append((self.file.tell(), pixels.shape))
        self.file.write(pixels.tobytes())

    def finish(self) -> list[Pixels]:
        """All arrays, in the order in which they were added."""
        if self.file is None:
            return [item for item in self.kept if isinstance(item, np.ndarray)]
        self.file.flush()
        mapped = np.memmap(self.file, np.uint8, "r")
        self.file.close()  # The mapping stays, and the nameless file goes when the mapping does.
        arrays = []
        for item in self.kept:
            if isinstance(item, tuple):
                start, shape = item
                item = mapped[start : start + int(np.prod(shape))].reshape(shape)
            arrays.append(item)
        return arrays
