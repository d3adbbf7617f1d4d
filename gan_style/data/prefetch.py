"""Pictures of large folders: decoded in the background shortly before they are needed, and kept where there is room."""

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
from gan_style.imaging.decoding import Pixels

MEMORY = 2**29
"""Bytes of decoded pictures kept in memory."""

DISK = 2**33
"""Bytes kept on disk beyond that, and at most a quarter of what is free there."""

THREADS = 2

Decode = Callable[[Path], Pixels | str]


class DiskCache:
    """Arrays in a nameless temporary file of bounded size, where the oldest give way to the newest."""

    def __init__(self, bound: int) -> None:
        self.bound, self.cursor = bound, 0
        self.file: IO[bytes] | None = None
        self.places: dict[int, tuple[int, tuple[int, ...]]] = {}
        self.order: deque[tuple[int, int, int]] = deque()
        self.lock = threading.Lock()

    def put(self, key: int, pixels: Pixels) -> None:
        """Keep an array; where the disk is full, nothing is kept from then on."""
        size = pixels.nbytes
        with self.lock:
            if size > self.bound or key in self.places:
                return
            if self.cursor + size > self.bound:
                while self.order and self.order[0][1] >= self.cursor:
                    del self.places[self.order.popleft()[0]]  # What lies between here and the end is the oldest.
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
        """The array, if it is still there."""
        with self.lock:
            if key not in self.places or self.file is None:
                return None
            start, shape = self.places[key]
            self.file.seek(start)
            content = self.file.read(int(np.prod(shape)))
        return np.frombuffer(content, np.uint8).reshape(shape)


class PictureStore:
    """Pictures that are decoded when they are asked for, or a little earlier."""

    def __init__(
        self,
        paths: Sequence[Path],
        decode: Decode,
        failures: list[str],
        *,
        memory: int = MEMORY,
        disk: int | None = None,
    ) -> None:
        """Decode nothing yet.

        Args:
            paths: the files.
            decode: gives a picture, or a sentence about why there is none.
            failures: gains such sentences.
            memory: bytes of decoded pictures kept in memory.
            disk: bytes kept on disk beyond that.
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
        """One picture; the next usable one where it is unusable.

        Raises:
            DataError: none is usable.
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
        """Begin to decode what will be asked for soon."""
        with self.lock:
            for place in places:
                if place not in self.kept and place not in self.pending:
                    self.pending[place] = self.pool.submit(self.load, place)

    def load(self, wanted: int) -> Pixels:
        """Read one picture from the disk cache or from its file, or the next usable one.

        Raises:
            DataError: none is usable.
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
        raise DataError(f"{self.paths[wanted].parent} holds nothing that can be read; check the folder.")

    def keep(self, place: int, pixels: Pixels) -> None:
        """Keep a picture in memory, where those longest unused give way."""
        with self.lock:
            if place not in self.kept:
                self.size += pixels.nbytes
            self.kept[place] = pixels
            while self.size > self.memory and len(self.kept) > 1:
                self.size -= self.kept.popitem(last=False)[1].nbytes


class LazyPictures(Sequence[Pixels]):
    """Some or all pictures of a store."""

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
        """Whether the file was not found unusable yet."""
        return self.places[index] not in self.store.unusable

    def part(self, places: Sequence[int]) -> LazyPictures:
        """Some of them."""
        return LazyPictures(self.store, [self.places[place] for place in places])

    def expect(self, indices: Sequence[int]) -> None:
        """Begin to decode what will be asked for soon."""
        self.store.expect([self.places[index] for index in indices])
