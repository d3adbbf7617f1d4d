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

from gan_style.data.prefetch import LazyPictures, PictureStore
from gan_style.data.reading import decode_picture
from gan_style.imaging.canvas import no_temporary_space
from gan_style.imaging.decoding import Pixels

MEMORY_BUDGET = 3 * 2**29
"""Bytes of decoded pictures that a set keeps in memory; what comes after goes to a memory-mapped temporary file."""


@dataclass(frozen=True)
class Crop:
    """A part of a picture.

    Attributes:
        picture: which one.
        down: where it begins, as a share of the room there is, 0..1.
        across: likewise from the left.
        mirrored: whether left and right are exchanged.
        short_side: pixels to which the picture is shrunk first, if it is larger; 0 leaves it.
    """

    picture: int
    down: float
    across: float
    mirrored: bool
    short_side: int = 0


@dataclass
class PictureSet:
    """Decoded pictures of one folder.

    Attributes:
        pictures: (H, W, 3) uint8 arrays, in memory or memory-mapped, or decoded when they are asked for.
        paths: the file that each was read from.
        failures: a sentence for each file that was found and could not be used.
        fingerprint: a hash of all decoded pixels, which tells sets apart whatever their files are called; of the files'
            names where pictures are decoded when they are asked for.
        told: how many of the failures somebody was told of.
        short_sides: pixels to which pictures are shrunk before a crop is cut, one of these by chance; as they are if
            there are none.
    """

    pictures: Sequence[Pixels] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    fingerprint: str = ""
    told: int = 0
    short_sides: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def single(self) -> bool:
        """Whether all pictures are one file at several scales."""
        return len(self.paths) > 1 and len(set(self.paths)) == 1

    def part(self, places: Sequence[int]) -> PictureSet:
        """Some of the pictures; the fingerprint stays that of the whole."""
        if isinstance(self.pictures, LazyPictures):
            pictures: Sequence[Pixels] = self.pictures.part(places)
        else:
            pictures = [self.pictures[place] for place in places]
        paths = [self.paths[place] for place in places]
        return PictureSet(pictures, paths, self.failures, self.fingerprint, self.told, self.short_sides)

    def usable(self, index: int) -> bool:
        """Whether a picture that was asked for is itself, and not another in place of a file that cannot be used."""
        return not isinstance(self.pictures, LazyPictures) or self.pictures.usable(index)

    def news(self) -> list[str]:
        """Failures that nobody was told of before."""
        told, self.told = self.told, len(self.failures)
        return self.failures[told : self.told]

    def draw(self, count: int, generator: np.random.Generator) -> list[Crop]:
        """Choose random crops of random pictures, half of them mirrored.

        Raises:
            ValueError: the set is empty.
        """
        indices = generator.integers(len(self.pictures), size=count).tolist()
        places, mirrored = generator.random((count, 2)).tolist(), generator.integers(2, size=count).tolist()
        sides = generator.choice(self.short_sides, count).tolist() if self.short_sides else [0] * count
        return [
            Crop(index, down, across, bool(side), short_side)
            for index, (down, across), side, short_side in zip(indices, places, mirrored, sides, strict=True)
        ]

    def expect(self, crops: Sequence[Crop]) -> None:
        """Begin to decode what will be cut soon."""
        if isinstance(self.pictures, LazyPictures):
            self.pictures.expect([crop.picture for crop in crops])

    def cut(self, crops: Sequence[Crop], size: int) -> Tensor:
        """Cut crops.

        Args:
            crops: what :meth:`draw` chose.
            size: side in pixels.

        Returns:
            (N, 3, size, size), uint8, in channels-last memory.

        Raises:
            ValueError: a picture is smaller than a crop.
        """
        batch = np.empty((len(crops), size, size, 3), np.uint8)
        for slot, crop in enumerate(crops):
            picture = self.pictures[crop.picture]
            short = min(picture.shape[:2])
            # What is seen of a picture that is shrunk is larger; nothing is enlarged.
            whole = size if not crop.short_side else min(max(size, round(size * short / crop.short_side)), short)
            room = [side - whole + 1 for side in picture.shape[:2]]
            if min(room) < 1 or whole < size:
                raise ValueError(f"a picture of {picture.shape[1]}x{picture.shape[0]} has no crop of {size} pixels")
            top, left = int(crop.down * room[0]), int(crop.across * room[1])
            part = picture[top : top + whole, left : left + whole]
            if whole > size:
                part = np.asarray(Image.fromarray(part).resize((size, size), Image.Resampling.BICUBIC))
            batch[slot] = part[:, ::-1] if crop.mirrored else part
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
    """A set whose pictures are decoded when they are asked for; the arguments are those of :func:`load_pictures`.

    A file that turns out to be unusable is named in ``failures`` then, and another takes its place.
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
    """``pool.map`` that runs at most ``ahead`` items before the one last asked for, so that memory stays bounded."""
    waiting: deque[Future[Pixels | str]] = deque()
    for path in paths:
        waiting.append(pool.submit(work, path))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class PixelStore:
    """Arrays kept in memory up to a budget and, beyond it, in one memory-mapped temporary file."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.kept: list[Pixels | tuple[int, tuple[int, ...]]] = []
        self.file: IO[bytes] | None = None

    def add(self, pixels: Pixels) -> None:
        """Keep one array.

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
        """All arrays, in the order in which they were added."""
        if self.file is None:
            return [item for item in self.kept if isinstance(item, np.ndarray)]
        try:
            self.file.flush()
        except OSError as error:
            raise no_temporary_space(error, "So many pictures need") from None
        mapped = np.memmap(self.file, np.uint8, "r")
        self.file.close()  # The mapping stays, and the nameless file goes when the mapping does.
        arrays = []
        for item in self.kept:
            if isinstance(item, tuple):
                start, shape = item
                item = mapped[start : start + int(np.prod(shape))].reshape(shape)
            arrays.append(item)
        return arrays
