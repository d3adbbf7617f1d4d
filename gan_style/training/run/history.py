"""The history of a run: JSON Lines."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from gan_style.files import atomic_path

NAME = "history.jsonl"


def begin_history(folder: Path) -> None:
    """Create an empty history.

    Raises:
        OSError: the file cannot be written.
    """
    (folder / NAME).write_text("")


def add_to_history(folder: Path, line: dict[str, Any]) -> None:
    """Add a line.

    Raises:
        OSError: the file cannot be written.
    """
    with (folder / NAME).open("a") as stream:
        stream.write(json.dumps(line) + "\n")


def read_history(folder: Path) -> list[dict[str, Any]]:
    """Read all complete lines; a killed run may leave an incomplete one.

    Raises:
        OSError: the file cannot be read.
    """
    path, lines = folder / NAME, []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict) and {"step", "seconds"} <= line.keys():
                lines.append(line)
    return lines


def cut_history(folder: Path, steps: int) -> None:
    """Remove the entries of later steps, which will be repeated.

    Raises:
        OSError: the file cannot be read or written.
    """
    kept = [line for line in read_history(folder) if line["step"] <= steps]
    with atomic_path(folder / NAME) as temporary:
        temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
