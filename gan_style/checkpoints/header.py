"""The header of a safetensors file, read without believing it: what a stranger wrote must not cost time or memory."""

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
"""Under which a header's metadata hold the description of a style."""

HEADER_LIMIT = 1 << 20
FILE_LIMIT = 32 << 20
"""Sixteen million parameters; those of a default style take 2.2 MB."""
ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@contextlib.contextmanager
def open_regular(path: Path, most: float = FILE_LIMIT) -> Iterator[tuple[IO[bytes], int]]:
    """An open file and its size in bytes.

    Args:
        path: the file.
        most: bytes that it may have.

    Raises:
        StyleError: it cannot be read, is larger, or is a pipe or a device, which might never end.
    """
    try:
        # Opening a pipe waits for a writer unless told otherwise.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as stream:
            about = os.fstat(stream.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise StyleError(
                    f"{path} is no ordinary file, so it is not a style; give one written by gan-style train."
                )
            if about.st_size > most:
                raise StyleError(
                    f"{path} is larger than {FILE_LIMIT >> 20} MiB, so it is not a gan-style style; check the path."
                )
            yield stream, about.st_size
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({error.strerror}); check the path and its permissions.") from None


def has_description(path: Path) -> bool:
    """Whether a file claims to be a style, by no more of it than the header."""
    try:
        with open_regular(path) as (stream, _):
            header = read_header(path, stream.read(8 + HEADER_LIMIT))
    except StyleError:
        return False
    metadata = header.get("__metadata__")
    return isinstance(metadata, dict) and METADATA_KEY in metadata


def is_pickle(data: bytes) -> bool:
    """Whether a file is a pickle, bare or in PyTorch's zip; a safetensors header's length can begin like one."""
    return data.startswith(ZIP_MAGIC) or (data.startswith(PICKLE_MAGIC) and data[8:9] != b"{")


def read_header(path: Path, data: bytes) -> dict[str, Any]:
    """The JSON header of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > HEADER_LIMIT or data[8:9] != b"{":
        raise StyleError(f"{path} is not a safetensors file, so it is not a style; use one written by gan-style train.")
    if 8 + length > len(data):
        raise StyleError(f"{path} is cut off; copy or download it again.")
    try:
        header = strict_json(data[8 : 8 + length])
    except (ValueError, RecursionError):
        raise StyleError(f"{path} has a damaged header; copy or download it again.") from None
    if not isinstance(header, dict):
        raise StyleError(f"{path} has a damaged header; copy or download it again.")
    return header


def strict_json(text: str | bytes) -> Any:
    """What JSON says, where every reader must understand the same.

    Raises:
        ValueError: it is damaged, names something twice, or holds what is no number.
        RecursionError: it is nested too deep.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            raise ValueError("a name occurs twice")
        return result

    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is no number")

    def finite(word: str) -> float:
        number = float(word)
        return number if math.isfinite(number) else refuse(word)

    return json.loads(text, object_pairs_hook=once, parse_constant=refuse, parse_float=finite)
