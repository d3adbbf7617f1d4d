"""Safetensors files: written beside and renamed, and read whatever they are called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from gan_style.files import replacing


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file atomically.

    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    with replacing(path) as temporary:
        try:
            save_file(dict(tensors), temporary, dict(metadata or {}))
        except Exception as error:
            # safetensors reports a full disk as an error of its own kind.
            raise OSError(None, str(error), str(path)) from error


@contextlib.contextmanager
def text_name(path: Path) -> Iterator[str]:
    """What safetensors can open a file by: its path, or where that is no UTF-8 the number under which it is open.

    Raises:
        OSError: it cannot be opened.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        with path.open("rb") as stream:
            yield f"/dev/fd/{stream.fileno()}"
    else:
        yield str(path)
