"""Training pictures: decoded once, stored as bytes, served as random crops."""

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
"""Memory budget in bytes for the decoded pictures of a set; the rest goes to a memory-mapped temporary file."""


@dataclass(frozen=True)
class Crop:
    """A random crop of a picture.

    Attributes:
        picture: index of the picture.
        down: vertical position within the available range, 0..1.
        across: horizontal position, likewise.
        mirrored: whether the crop is flipped horizontally.
        short_side: short side in pixels to which a larger picture is first resized; 0 keeps its size.
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
        pictures: (H, W, 3) uint8 arrays, in memory, memory-mapped, or decoded on demand.
        paths: the source file of each picture.
        failures: a message for each file that cannot be used.
        fingerprint: hash of all decoded pixels, independent of file names; of the file names if pictures are decoded on
            demand.
        reported: number of failures already reported.
        short_sides: short sides in pixels to which pictures are resized before cropping, one drawn at random for each
            crop; if empty, pictures keep their size.
    """

    pictures: Sequence[Pixels] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    fingerprint: str = ""
    reported: int = 0
    short_sides: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def single(self) -> bool:
        """Whether all pictures are copies of one file at several scales."""
        return len(self.paths) > 1 and len(set(self.paths)) == 1

    def part(self, places: Sequence[int]) -> PictureSet:
        """Select some of the pictures; the fingerprint remains that of the whole set."""
        if isinstance(self.pictures, LazyPictures):
            pictures: Sequence[Pixels] = self.pictures.part(places)
        else:
            pictures = [self.pictures[place] for place in places]
        paths = [self.paths[place] for place in places]
        return PictureSet(pictures, paths, self.failures, self.fingerprint, self.reported, self.short_sides)

    def usable(self, index: int) -> bool:
        """Return whether a picture is itself, and not a substitute for an unusable file."""
        return not isinstance(self.pictures, LazyPictures) or self.pictures.usable(index)

    def unreported(self) -> list[str]:
        """Return failures that have not been reported yet."""
        reported, self.reported = self.reported, len(self.failures)
        return self.failures[reported : self.reported]

    def draw(self, count: int, generator: np.random.Generator) -> list[Crop]:
        """Draw random crops of random pictures, half of them mirrored.

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
        """Start decoding the pictures of upcoming crops."""
        if isinstance(self.pictures, LazyPictures):
            self.pictures.expect([crop.picture for crop in crops])

    def cut(self, crops: Sequence[Crop], size: int) -> Tensor:
        """Cut crops out of their pictures.

        Args:
            crops: crops from :meth:`draw`.
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
            # A crop of a downscaled picture covers more of the original; nothing is upscaled.
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
