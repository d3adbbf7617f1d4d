"""The history of a run, a JSON object a line."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from gan_style.files import atomic_path

NAME = "history.jsonl"


def begin_history(folder: Path) -> None:
    """An empty history.

    Raises:
        OSError: it cannot be written.
    """
    (folder / NAME).write_text("")


def add_to_history(folder: Path, line: dict[str, Any]) -> None:
    """Add a line.

    Raises:
        OSError: it cannot be written.
    """
    with (folder / NAME).open("a") as stream:
        stream.write(json.dumps(line) + "\n")


def read_history(folder: Path) -> list[dict[str, Any]]:
    """All lines that are whole; a training that was killed may leave half of one.

    Raises:
        OSError: it cannot be read.
    """
    path, lines = folder / NAME, []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict) and {"step", "seconds"} <= line.keys():
                lines.append(line)
    return lines


def cut_history(folder: Path, steps: int) -> None:
    """Remove what a history says of later steps, which will be made again.

    Raises:
        OSError: it cannot be read or written.
    """
    kept = [line for line in read_history(folder) if line["step"] <= steps]
    with atomic_path(folder / NAME) as temporary:
        temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
