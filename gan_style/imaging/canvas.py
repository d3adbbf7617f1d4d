"""Pixels of any number: in memory where they are few, in a temporary file where they are many."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from gan_style.errors import ResourceError
from gan_style.imaging import vips

IN_MEMORY = 2**26
"""Bytes up to which pixels stay in memory."""

STRIP = 2**24
"""Bytes that are worked on at a time."""

Array: TypeAlias = npt.NDArray[Any]
Part: TypeAlias = tuple[slice, slice]

FORMATS: dict[str, np.dtype[Any]] = {"uchar": np.dtype(np.uint8), "ushort": np.dtype(np.uint16)}
"""Of libvips and of NumPy."""


class Raster(Protocol):
    """(H, W, C) pixels that are read in parts: an array, or a canvas."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, channels."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 in 0..255, uint16 in 0..65535, or floats in [-1, 1]."""

    def __getitem__(self, part: Part, /) -> Array:
        """The pixels of some rows and columns."""


class Canvas:
    """(H, W, C) pixels to be painted and read in parts.

    A part of a file is mapped only while it is copied, so that pixels on disk do not count as memory of the process.
    The file has no name, so that nothing of it is left behind however the process ends.
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike, *, empty: bool = True) -> None:
        """Find room for the pixels.

        Args:
            shape: height, width, channels.
            dtype: type of a value.
            empty: whether to reserve the room on the disk at once, as whoever does not write through libvips must.

        Raises:
            ResourceError: there is not enough space for temporary files.
        """
        self.shape, self.dtype = shape, np.dtype(dtype)
        size = int(np.prod(shape)) * self.dtype.itemsize
        self.array: Array | None = None
        if size <= IN_MEMORY:
            self.array = np.empty(shape, self.dtype)
            return
        self.file = tempfile.TemporaryFile(prefix="gan-style-")  # noqa: SIM115 - it lives as long as the canvas
        weakref.finalize(self, self.file.close)
        if empty:
            # Writing to a mapped file on a full disk would kill the process; asking for the room first only fails.
            try:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(self.file.fileno(), 0, size)
                else:
                    self.file.truncate(size)
            except OSError as error:
                raise no_space(error) from None

    @classmethod
    def of(cls, image: vips.Image) -> Canvas:
        """What a pipeline of libvips gives, computed once.

        Raises:
            vips.Error: it cannot be computed.
            ResourceError: there is not enough space for temporary files.
        """
        canvas = cls((image.height, image.width, image.bands), FORMATS[image.format], empty=False)
        if canvas.array is not None:
            canvas.array = np.frombuffer(image.write_to_memory(), canvas.dtype).reshape(canvas.shape)
        else:
            try:
                image.rawsave(canvas.path)
            except vips.Error as error:
                if "No space" in str(error) or "write error" in str(error):
                    raise no_space(error) from None
                raise
        return canvas

    @property
    def path(self) -> str:
        """Where the file can be opened once more, though it has no name."""
        name = self.file.name
        return name if isinstance(name, str) else f"/dev/fd/{name}"

    def image(self) -> vips.Image:
        """The pixels for libvips; they must not change while it works on them, and live as long."""
        height, width, channels = self.shape
        form = next(name for name, dtype in FORMATS.items() if dtype == self.dtype)
        if self.array is not None:
            image = vips.Image.new_from_memory(np.ascontiguousarray(self.array).data, width, height, channels, form)
        else:
            image = vips.Image.rawload(self.path, width, height, channels, format=form)
        space = ("srgb" if channels > 2 else "b-w") if form == "uchar" else ("rgb16" if channels > 2 else "grey16")
        return image.copy(interpretation=space)

    def __getitem__(self, part: Part) -> Array:
        if self.array is not None:
            return self.array[part]
        return np.array(self.mapped("r")[part])

    def __setitem__(self, part: Part, values: Array) -> None:
        if self.array is not None:
            self.array[part] = values
        else:
            self.mapped("r+")[part] = values

    def mapped(self, mode: Any) -> Array:
        """The file as an array, for as long as the array is held."""
        return np.memmap(self.file, self.dtype, mode, shape=self.shape)


class Rows:
    """Some rows of a raster: one frame of an animation, say."""

    def __init__(self, raster: Raster, top: int, height: int) -> None:
        self.raster, self.top = raster, top
        self.shape, self.dtype = (height, *raster.shape[1:]), raster.dtype

    def __getitem__(self, part: Part) -> Array:
        rows, columns = part
        start, stop, step = rows.indices(self.shape[0])
        return self.raster[slice(start + self.top, stop + self.top, step), columns]


def strips(shape: tuple[int, ...], itemsize: int = 4, multiple: int = 1) -> Iterator[slice]:
    """Rows of a raster to be worked on at a time, in numbers that are multiples except at the end."""
    height, width = shape[:2]
    rows = max(1, STRIP // max(1, width * 3 * itemsize * multiple)) * multiple
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def no_space(error: Exception) -> ResourceError:
    """What to say where temporary files have no room."""
    detail = getattr(error, "strerror", None) or "the disk is full"
    return ResourceError(
        f"A picture of this size needs more space for temporary files than {tempfile.gettempdir()} has ({detail}); "
        "set TMPDIR to a folder with more."
    )
