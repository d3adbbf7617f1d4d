"""Environment that affects the exact bytes of a style: device, precision, threads, versions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import torch

from gan_style.device import Compute
from gan_style.errors import UsageError
from gan_style.text import counted
from gan_style.version import __version__

Conditions: TypeAlias = dict[str, str | int]

MOST_THREADS = 1024


def conditions_of(compute: Compute) -> Conditions:
    """Return the current environment."""
    return {
        "device": str(compute),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "gan_style": __version__,
    }


@contextlib.contextmanager
def on_threads(count: int | None) -> Iterator[None]:
    """Set the number of CPU threads in a context; unchanged if None.

    Raises:
        UsageError: the number is out of range.
    """
    if count is not None and not 1 <= count <= MOST_THREADS:
        raise UsageError(f"threads must be from 1 to {MOST_THREADS}, not {count}.")
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_of(conditions: Mapping[str, str | int]) -> int | None:
    """Return the number of threads that a run began with; None if its file does not say."""
    threads = conditions.get("threads")
    return threads if isinstance(threads, int) and 1 <= threads <= MOST_THREADS else None


def changed(before: Mapping[str, str | int], now: Mapping[str, str | int]) -> str:
    """Describe, in a sentence, what has changed since a run began; empty if nothing has."""
    parts = [
        f"{words(name, now[name])} instead of {words(name, value)}"
        for name, value in before.items()
        if name in now and now[name] != value
    ]
    if not parts:
        return ""
    return f"Resuming with {', '.join(parts)}: the style will differ slightly from that of an uninterrupted run."


def words(name: str, value: str | int) -> str:
    """Return the display text of a condition."""
    if isinstance(value, int):
        return counted(value, "thread") if name == "threads" else str(value)
    return value if name in ("device", "instructions") else f"{name.replace('_', '-')} {value}"
