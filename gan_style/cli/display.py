"""What every subcommand shows while it works: on standard error, and nothing at all when that is no terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from gan_style.errors import printable

BROKEN_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended."""

error_console = Console(stderr=True, highlight=False, soft_wrap=True)


class TimeLeft(ProgressColumn):
    """Time left as the task itself says in its ``remaining`` field, in seconds."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Hours, minutes and seconds."""
        remaining = task.fields.get("remaining")
        if remaining is None or remaining == float("inf"):
            return Text("-:--:--", style="progress.remaining")
        minutes, seconds = divmod(int(remaining + 0.5), 60)
        return Text(f"{minutes // 60}:{minutes % 60:02}:{seconds:02} left", style="progress.remaining")


def new_progress(*columns: ProgressColumn | str) -> Progress:
    """A progress display that vanishes when it is done and is silent when piped."""
    return Progress(
        *columns,
        console=error_console,
        transient=True,
        # Of several processes that train together one display is enough.
        disable=not is_terminal(sys.stderr) or not is_first(),
        # rich would send what is printed to standard output along with its own display, to standard error: right where
        # both are one terminal, and the loss of our results where standard output is a pipe.
        redirect_stdout=is_terminal(sys.stdout),
        expand=True,
    )


def is_first() -> bool:
    """Whether this is the only process, or the one of several that speaks for all."""
    return os.environ.get("RANK", "0") == "0"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at it; a closed stream is None."""
    return stream is not None and stream.isatty()


@contextlib.contextmanager
def counting() -> Iterator[Callable[[str, int, int], None]]:
    """A progress display for work in phases: call what it gives with the phase, how many are done and of how many."""
    columns = (BarColumn(16), MofNCompleteColumn(), TimeElapsedColumn(), TimeLeft(), description())
    with new_progress(*columns) as progress:
        yield counter(progress, progress.add_task("loading", total=None))


def counter(progress: Progress, task: TaskID) -> Callable[[str, int, int], None]:
    """What shows work in phases as one task: called with the phase, how many are done and of how many."""
    start, phase = time.monotonic(), ""

    def show(what: str, done: int, total: int) -> None:
        nonlocal start, phase
        if what != phase:
            start, phase = time.monotonic(), what
        remaining = (time.monotonic() - start) / done * (total - done) if done else float("inf")
        progress.update(task, description=what, completed=done, total=total, remaining=remaining)

    return show


def description() -> TextColumn:
    """What is being done, cut off where the terminal is too narrow for it and the columns beside it."""
    return TextColumn(
        "{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )


def say(line: str) -> None:
    """A line of results on standard output; the end, with no words, where nobody reads it any more.

    Raises:
        typer.Exit: as the shell counts a broken pipe.
    """
    with while_read():
        typer.echo(line)


@contextlib.contextmanager
def while_read() -> Iterator[None]:
    """Writing to standard output, which whoever reads it may close.

    Raises:
        typer.Exit: as the shell counts a broken pipe.
    """
    try:
        yield
    except BrokenPipeError:
        # Or Python would complain of what it still holds when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None


def warn(sentence: str) -> None:
    """One sentence above the progress display, or simply on standard error."""
    error_console.print(f"gan-style: {printable(sentence)}", markup=False)
