"""Pictures of large folders: decoded in the background shortly before use, and cached in memory and on disk."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, overload

import numpy as np

from gan_style.errors import DataError
from gan_style.imaging.types import Pixels

MEMORY = 2**29
"""Memory cache of decoded pictures, in bytes."""

DISK = 2**33
"""Largest disk cache, in bytes; at most a quarter of the free disk space is used."""

THREADS = 2

Decode = Callable[[Path], Pixels | str]


class DiskCache:
    """Stores arrays in an unlinked temporary file of bounded size; new arrays overwrite the oldest."""

    def __init__(self, bound: int) -> None:
        self.bound, self.cursor = bound, 0
        self.file: IO[bytes] | None = None
        self.places: dict[int, tuple[int, tuple[int, ...]]] = {}
        self.order: deque[tuple[int, int, int]] = deque()
        self.lock = threading.Lock()

    def put(self, key: int, pixels: Pixels) -> None:
        """Store an array; if the disk is full, the cache is disabled."""
        size = pixels.nbytes
        with self.lock:
            if size > self.bound or key in self.places:
                return
            if self.cursor + size > self.bound:
                while self.order and self.order[0][1] >= self.cursor:
                    del self.places[self.order.popleft()[0]]  # Arrays from here to the end are the oldest.
                self.cursor = 0
            end = self.cursor + size
            while self.order and self.order[0][1] < end and self.order[0][2] > self.cursor:
                del self.places[self.order.popleft()[0]]
            try:
                if self.file is None:
                    self.file = tempfile.TemporaryFile(prefix="gan-style-")  # noqa: SIM115 - as long as the cache
                    weakref.finalize(self, self.file.close)
                self.file.seek(self.cursor)
                self.file.write(pixels.tobytes())
                self.file.flush()
            except OSError:
                self.bound = 0
                self.places.clear()
                self.order.clear()
                return
            self.places[key] = (self.cursor, pixels.shape)
            self.order.append((key, self.cursor, end))
            self.cursor = end

    def get(self, key: int) -> Pixels | None:
        """Return an array if it is still stored."""
        with self.lock:
            if key not in self.places or self.file is None:
                return None
            start, shape = self.places[key]
            self.file.seek(start)
            content = self.file.read(int(np.prod(shape)))
        return np.frombuffer(content, np.uint8).reshape(shape)


class PictureStore:
    """Decodes pictures on demand or in advance, and caches them."""

    def __init__(
        self,
        paths: Sequence[Path],
        decode: Decode,
        failures: list[str],
        *,
        memory: int = MEMORY,
        disk: int | None = None,
    ) -> None:
        """Initialize the store without decoding anything.

        Args:
            paths: the files.
            decode: returns a picture, or a message if the file is unusable.
            failures: list that collects these messages.
            memory: size of the memory cache in bytes.
            disk: size of the disk cache in bytes.
        """
        if disk is None:
            disk = min(DISK, shutil.disk_usage(tempfile.gettempdir()).free // 4)
        self.paths, self.decode, self.failures, self.memory = paths, decode, failures, memory
        self.disk = DiskCache(disk)
        self.kept: OrderedDict[int, Pixels] = OrderedDict()
        self.size = 0
        self.unusable: set[int] = set()
        self.pending: dict[int, Future[Pixels]] = {}
        self.lock = threading.Lock()
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="gan-style-decode")

    def get(self, place: int) -> Pixels:
        """Return a picture, or the next usable one if it is unusable.

        Raises:
            DataError: no picture is usable.
        """
        with self.lock:
            found, future = self.kept.get(place), self.pending.pop(place, None)
            if found is not None:
                self.kept.move_to_end(place)
                return found
        pixels = future.result() if future else self.load(place)
        self.keep(place, pixels)
        return pixels

    def expect(self, places: Sequence[int]) -> None:
        """Start decoding pictures that are needed soon."""
        with self.lock:
            for place in places:
                if place not in self.kept and place not in self.pending:
                    self.pending[place] = self.pool.submit(self.load, place)

    def load(self, wanted: int) -> Pixels:
        """Read a picture from the disk cache or from its file; if it is unusable, the next usable one.

        Raises:
            DataError: no picture is usable.
        """
        for place in (*range(wanted, len(self.paths)), *range(wanted)):
            if place in self.unusable:
                continue
            pixels = self.disk.get(place)
            if pixels is not None:
                return pixels
            outcome = self.decode(self.paths[place])
            if not isinstance(outcome, str):
                self.disk.put(place, outcome)
                return outcome
            with self.lock:
                if place not in self.unusable:
                    self.unusable.add(place)
                    self.failures.append(outcome)
        raise DataError(f"{self.paths[wanted].parent} contains no readable pictures; check the folder.")

    def keep(self, place: int, pixels: Pixels) -> None:
        """Cache a picture in memory, and evict the least recently used ones."""
        with self.lock:
            if place not in self.kept:
                self.size += pixels.nbytes
            self.kept[place] = pixels
            while self.size > self.memory and len(self.kept) > 1:
                self.size -= self.kept.popitem(last=False)[1].nbytes


class LazyPictures(Sequence[Pixels]):
    """A sequence of some or all pictures of a store."""

    def __init__(self, store: PictureStore, places: Sequence[int]) -> None:
        self.store, self.places = store, places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Pixels: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Pixels]: ...

    def __getitem__(self, index: int | slice) -> Pixels | Sequence[Pixels]:
        if isinstance(index, slice):
            return LazyPictures(self.store, self.places[index])
        return self.store.get(self.places[index])

    def usable(self, index: int) -> bool:
        """Return whether the file has not proved unusable."""
        return self.places[index] not in self.store.unusable

    def part(self, places: Sequence[int]) -> LazyPictures:
        """Select some of the pictures."""
        return LazyPictures(self.store, [self.places[place] for place in places])

    def expect(self, indices: Sequence[int]) -> None:
        """Start decoding pictures that are needed soon."""
        self.store.expect([self.places[index] for index in indices])
