"""Safetensors files: atomic writes, and reads from paths that are not UTF-8."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from gan_style.files import atomic_path


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file atomically.

    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    with atomic_path(path) as temporary:
        try:
            save_file(dict(tensors), temporary, dict(metadata or {}))
        except Exception as error:
            # safetensors raises its own error type for a full disk.
            raise OSError(None, str(error), str(path)) from error


@contextlib.contextmanager
def text_name(path: Path) -> Iterator[str]:
    """A path that safetensors can open: the path itself, or ``/dev/fd/N`` if it is not UTF-8.

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
