"""Safetensors files, written beside and renamed."""

from __future__ import annotations

from collections.abc import Mapping
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
