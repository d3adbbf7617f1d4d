"""The history of a run, a JSON object a line."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from gan_style.files import replacing

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


def cut_history(folder: Path, steps: int) -> None:
    """Remove what a history says of later steps, which will be made again.

    Raises:
        OSError: it cannot be written.
    """
    path, kept = folder / NAME, list[str]()
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError, KeyError, TypeError):  # A training that was killed may leave half a line.
            if json.loads(line)["step"] <= steps:
                kept.append(line + "\n")
    with replacing(path) as temporary:
        temporary.write_text("".join(kept), encoding="utf-8")
