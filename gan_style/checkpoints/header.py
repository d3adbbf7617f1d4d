"""Safetensors headers of untrusted files, validated within bounded time and memory."""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

from gan_style.errors import StyleError

SUFFIX = ".safetensors"
METADATA_KEY = "gan_style"
"""Key of the style description in the header's metadata."""

HEADER_LIMIT = 1 << 20
FILE_LIMIT = 32 << 20
"""16 million parameters in half precision; the default style has 2.2 MB."""
ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@contextlib.contextmanager
def open_regular(path: Path, most: float = FILE_LIMIT) -> Iterator[tuple[IO[bytes], int]]:
    """Open a regular file; yield the stream and its size in bytes.

    Args:
        path: the file.
        most: maximum size in bytes.

    Raises:
        StyleError: it cannot be read, is larger, or is a pipe or device.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for a writer.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as stream:
            about = os.fstat(stream.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise StyleError(f"{path} is not a regular file; use a style written by gan-style train.")
            if about.st_size > most:
                raise StyleError(
                    f"{path} is larger than {FILE_LIMIT >> 20} MiB, so it is not a gan-style style; check the path."
                )
            yield stream, about.st_size
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({error.strerror}); check the path and its permissions.") from None


def has_description(path: Path) -> bool:
    """Whether the header of a file has a style description; nothing else is read."""
    try:
        with open_regular(path) as (stream, _):
            header = read_header(path, stream.read(8 + HEADER_LIMIT))
    except StyleError:
        return False
    metadata = header.get("__metadata__")
    return isinstance(metadata, dict) and METADATA_KEY in metadata


def is_pickle(data: bytes) -> bool:
    """Whether a file is a pickle, plain or in a PyTorch zip; a safetensors length can start with the same bytes."""
    return data.startswith(ZIP_MAGIC) or (data.startswith(PICKLE_MAGIC) and data[8:9] != b"{")


def read_header(path: Path, data: bytes) -> dict[str, Any]:
    """Parse the JSON header of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > HEADER_LIMIT or data[8:9] != b"{":
        raise StyleError(f"{path} is not a safetensors file; use a style written by gan-style train.")
    if 8 + length > len(data):
        raise StyleError(f"{path} is truncated; copy or download it again.")
    try:
        header = strict_json(data[8 : 8 + length])
    except (ValueError, RecursionError):
        raise StyleError(f"{path} has a damaged header; copy or download it again.") from None
    if not isinstance(header, dict):
        raise StyleError(f"{path} has a damaged header; copy or download it again.")
    return header


def strict_json(text: str | bytes) -> Any:
    """Parse JSON, rejecting what parsers interpret differently.

    Raises:
        ValueError: it is damaged, has duplicate keys, or a number that is not finite.
        RecursionError: it is nested too deeply.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            raise ValueError("duplicate key")
        return result

    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is not a finite number")

    def finite(word: str) -> float:
        number = float(word)
        return number if math.isfinite(number) else refuse(word)

    return json.loads(text, object_pairs_hook=once, parse_constant=refuse, parse_float=finite)
