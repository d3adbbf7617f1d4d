"""Pixel buffers: in memory if small, in a temporary file if large."""

from __future__ import annotations

import os
import struct
import tempfile
import threading
import weakref
from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from gan_style.errors import ResourceError
from gan_style.imaging import vips

IN_MEMORY = 2**26
"""Maximum bytes of pixels kept in memory."""

STRIP = 2**24
"""Bytes processed at a time, assuming 4 bytes per value and 3 values per pixel."""

BLOCK = 1024
"""Tile size in pixels for rotation."""

Array: TypeAlias = npt.NDArray[Any]
Part: TypeAlias = tuple[slice, slice]

PIXEL_OFFSET = 16
"""Offset of the pixels in a canvas on disk: after the BigTIFF header."""

TIFF_STRIP = 16
"""Rows per TIFF strip of a canvas."""

FORMATS: dict[str, np.dtype[Any]] = {"uchar": np.dtype(np.uint8), "ushort": np.dtype(np.uint16)}
"""Formats of libvips and their NumPy types."""


class Raster(Protocol):
    """(H, W, C) pixels that are read in parts: an array or a canvas."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, channels."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 in 0..255, uint16 in 0..65535, or floats in [-1, 1]."""

    def __getitem__(self, part: Part, /) -> Array:
        """Read a rectangle of pixels."""


class Canvas:
    """(H, W, C) pixels that are written and read in parts.

    On disk they are the strips of an uncompressed TIFF, which libvips reads without memory-mapping the file. The file
    is unlinked, so that it disappears however the process ends.
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        """Allocate the pixels.

        Args:
            shape: height, width, channels.
            dtype: type of a value.

        Raises:
            ResourceError: no temporary file can be created.
        """
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.row = int(np.prod(shape[1:])) * self.dtype.itemsize
        self.array: Array | None = None
        if shape[0] * self.row <= IN_MEMORY:
            self.array = np.empty(shape, self.dtype)
            return
        self.lock = threading.Lock()
        try:
            self.file = tempfile.TemporaryFile(prefix="gan-style-", buffering=0)  # noqa: SIM115 - closed with the canvas
        except OSError as error:
            raise no_temporary_space(error) from None
        weakref.finalize(self, self.file.close)

    @classmethod
    def of(cls, image: vips.Image) -> Canvas:
        """Evaluate a libvips pipeline into a new canvas.

        Raises:
            vips.Error: it cannot be computed.
            ResourceError: there is not enough space for temporary files.
        """
        canvas = cls((image.height, image.width, image.bands), FORMATS[image.format])
        if canvas.array is not None:
            canvas.array = np.frombuffer(image.write_to_memory(), canvas.dtype).reshape(canvas.shape)
            return canvas
        failures: list[OSError] = []
        place = PIXEL_OFFSET

        def write(chunk: bytes) -> int:
            nonlocal place
            try:
                canvas.write_at(place, memoryview(chunk))
            except OSError as error:
                failures.append(error)
                return -1
            place += len(chunk)
            return len(chunk)

        target = vips.TargetCustom()
        target.on_write(write)
        try:
            image.rawsave_target(target)
        except vips.Error:
            if failures:
                raise no_temporary_space(failures[0]) from None
            raise
        return canvas

    def image(self) -> vips.Image:
        """The pixels as a libvips image for sequential access; keep the canvas alive and unchanged while it is used.

        Raises:
            ResourceError: there is not enough space for temporary files.
        """
        height, width, channels = self.shape
        form = next(name for name, dtype in FORMATS.items() if dtype == self.dtype)
        if self.array is not None:
            image = vips.Image.new_from_memory(np.ascontiguousarray(self.array).data, width, height, channels, form)
        else:
            try:
                self.write_at(0, memoryview(tiff_header(PIXEL_OFFSET + height * self.row)))
                self.write_at(PIXEL_OFFSET + height * self.row, memoryview(tiff_directory(self.shape, self.dtype)))
            except OSError as error:
                raise no_temporary_space(error) from None
            image = vips.Image.tiffload(self.path, access="sequential")
        space = ("srgb" if channels > 2 else "b-w") if form == "uchar" else ("rgb16" if channels > 2 else "grey16")
        return image.copy(interpretation=space)

    @property
    def path(self) -> str:
        """A path that opens the unlinked file again."""
        name = self.file.name
        return name if isinstance(name, str) else f"/dev/fd/{name}"

    def __getitem__(self, part: Part) -> Array:
        if self.array is not None:
            return self.array[part]
        (top, bottom), (left, right) = self.bounds(part)
        values = np.empty((bottom - top, right - left, *self.shape[2:]), self.dtype)
        for place, rows in self.runs(top, left, values):
            self.read_at(place, rows.data.cast("B"))
        return values

    def __setitem__(self, part: Part, values: Array) -> None:
        if self.array is not None:
            self.array[part] = values
            return
        (top, bottom), (left, right) = self.bounds(part)
        shape = (bottom - top, right - left, *self.shape[2:])
        values = np.ascontiguousarray(np.broadcast_to(values, shape), self.dtype)
        try:
            for place, rows in self.runs(top, left, values):
                self.write_at(place, rows.data.cast("B"))
        except OSError as error:
            raise no_temporary_space(error) from None

    def bounds(self, part: Part) -> tuple[tuple[int, int], tuple[int, int]]:
        """Row and column ranges of a part, ends exclusive."""
        rows, columns = (one.indices(side) for one, side in zip(part, self.shape, strict=False))
        if rows[2] != 1 or columns[2] != 1:
            raise ValueError("a canvas does not support slice steps")
        return (rows[0], max(rows[:2])), (columns[0], max(columns[:2]))

    def runs(self, top: int, left: int, values: Array) -> Iterator[tuple[int, Array]]:
        """Yield file offsets and the contiguous pixels stored there."""
        if not values.size:
            return
        pixel = self.row // self.shape[1]
        if values.shape[1] == self.shape[1]:
            yield PIXEL_OFFSET + top * self.row, values
            return
        for index in range(len(values)):
            yield PIXEL_OFFSET + (top + index) * self.row + left * pixel, values[index]

    def read_at(self, place: int, data: memoryview) -> None:
        """Read bytes from the file; unwritten bytes are zero."""
        with self.lock:
            self.file.seek(place)
            while len(data):
                count = self.file.readinto(data) or 0
                if not count:
                    data[:] = bytes(len(data))
                data = data[count:] if count else data[:0]

    def write_at(self, place: int, data: memoryview) -> None:
        """Write bytes to the file.

        Raises:
            OSError: the disk is full.
        """
        with self.lock:
            self.file.seek(place)
            while len(data):
                data = data[self.file.write(data) or 0 :]


def tiff_header(directory: int) -> bytes:
    """Header of a BigTIFF with its directory at an offset."""
    return struct.pack("<2sHHHQ", b"II", 43, 8, 0, directory)


def tiff_directory(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """Directory of an uncompressed BigTIFF: pixels start at ``BEGINNING``, and the directory follows them."""
    height, width, channels = shape
    row = width * channels * dtype.itemsize
    tops = range(0, height, TIFF_STRIP)
    offsets = struct.pack(f"<{len(tops)}Q", *(PIXEL_OFFSET + top * row for top in tops))
    counts = struct.pack(f"<{len(tops)}Q", *(min(TIFF_STRIP, height - top) * row for top in tops))
    bits = struct.pack(f"<{channels}H", *[8 * dtype.itemsize] * channels)
    short, long, very_long = (3, "H"), (4, "I"), (16, "Q")
    entries: list[tuple[int, tuple[int, str], int, bytes | int]] = [
        (256, long, 1, width),
        (257, long, 1, height),
        (258, short, channels, bits),
        (259, short, 1, 1),  # no compression
        (262, short, 1, 2 if channels > 2 else 1),
        (273, very_long, len(tops), offsets),
        (277, short, 1, channels),
        (278, long, 1, TIFF_STRIP),
        (279, very_long, len(tops), counts),
    ]
    if channels in (2, 4):
        entries.append((338, short, 1, 2))  # unassociated alpha
    after = PIXEL_OFFSET + height * row + 8 + 20 * len(entries) + 8
    result, rest = struct.pack("<Q", len(entries)), b""
    for tag, (kind, code), count, value in entries:
        data = value if isinstance(value, bytes) else struct.pack(f"<{code}", value)
        if len(data) > 8:
            place, rest = after + len(rest), rest + data + bytes(-len(data) % 8)
            data = struct.pack("<Q", place)
        result += struct.pack("<HHQ8s", tag, kind, count, data)
    return result + bytes(8) + rest


class Rows:
    """A range of rows of a raster, such as one frame of an animation."""

    def __init__(self, raster: Raster, top: int, height: int) -> None:
        self.raster, self.top = raster, top
        self.shape, self.dtype = (height, *raster.shape[1:]), raster.dtype

    def __getitem__(self, part: Part) -> Array:
        rows, columns = part
        start, stop, step = rows.indices(self.shape[0])
        return self.raster[slice(start + self.top, stop + self.top, step), columns]


def oriented(canvas: Canvas, orientation: int) -> Canvas:
    """Apply an EXIF orientation, 1 to 8."""
    if orientation not in range(2, 9):
        return canvas
    transposed = orientation >= 5
    upside_down, mirrored = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    height, width = canvas.shape[:2][::-1] if transposed else canvas.shape[:2]
    result = Canvas((height, width, canvas.shape[2]), canvas.dtype)
    for top in range(0, height, BLOCK):
        for left in range(0, width, BLOCK):
            bottom, right = min(top + BLOCK, height), min(left + BLOCK, width)
            rows = slice(height - bottom, height - top) if upside_down else slice(top, bottom)
            columns = slice(width - right, width - left) if mirrored else slice(left, right)
            block = canvas[columns, rows].swapaxes(0, 1) if transposed else canvas[rows, columns]
            block = block[::-1] if upside_down else block
            result[top:bottom, left:right] = block[:, ::-1] if mirrored else block
    return result


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Split the rows of a raster into strips of limited memory."""
    height, width = shape[:2]
    rows = max(1, STRIP // (width * 12))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def no_temporary_space(error: Exception, what: str = "A picture of this size needs") -> ResourceError:
    """Make the error for too little temporary space."""
    detail = getattr(error, "strerror", None) or "the disk is full"
    place = tempfile.tempdir or os.environ.get("TMPDIR", "/tmp")
    return ResourceError(
        f"{what} more temporary space than {place} has ({detail}); set TMPDIR to a folder with more space."
    )
