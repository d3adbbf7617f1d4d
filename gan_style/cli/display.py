"""What every subcommand says while it works, on standard error: progress, remarks, errors."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
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

from gan_style.errors import UsageError, printable

BROKEN_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended."""

SIGN_OF_LIFE = 30.0
"""Seconds between two lines that say how far the work is, where no terminal shows it."""

error_console = Console(stderr=True, highlight=False, soft_wrap=True)
logger = logging.getLogger("gan_style")


class Notices(logging.Handler):
    """Shows what the library remarks: warnings as ours, and the rest with the seconds since the start."""

    def __init__(self) -> None:
        super().__init__()
        self.started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """A line above the progress display."""
        sentence = record.getMessage()
        if record.levelno >= logging.WARNING:
            warn(sentence)
        else:
            show_line(f"[{time.monotonic() - self.started:6.1f} s] {sentence}")


def listen(*, quiet: bool = False, verbose: bool = False) -> None:
    """Say as much as was asked for.

    Args:
        quiet: nothing but results and errors.
        verbose: all that the library tells.

    Raises:
        UsageError: both.
    """
    if quiet and verbose:
        raise UsageError("Give --quiet or --verbose, not both.")
    silent = quiet or not is_first()  # Of several processes that train together one is enough.
    logger.setLevel(logging.ERROR if silent else logging.DEBUG if verbose else logging.WARNING)
    logger.handlers = [Notices()]
    error_console.quiet = quiet


def is_verbose() -> bool:
    """Whether everything is to be told."""
    return logger.isEnabledFor(logging.DEBUG)


class TimeLeft(ProgressColumn):
    """Time left as the task itself says in its ``remaining`` field, in seconds."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Hours, minutes and seconds."""
        remaining = task.fields.get("remaining")
        if remaining is None or remaining == float("inf"):
            return Text("-:--:--", style="progress.remaining")
        return Text(f"{clock(remaining)} left", style="progress.remaining")


def clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


class LoggedProgress(Progress):
    """Where no terminal shows a display: a plain line now and then, so that a log shows life."""

    def start(self) -> None:
        """Begin to say how far the work is."""
        self.over = threading.Event()
        self.started = time.monotonic()
        self.teller = threading.Thread(target=self.tell, daemon=True)
        self.teller.start()

    def stop(self) -> None:
        """Say no more."""
        self.over.set()
        self.teller.join(1.0)  # A line that has been begun is still written, and nothing after it.

    def tell(self) -> None:
        """Until the end a line every half minute."""
        while not self.over.wait(SIGN_OF_LIFE):
            for task in self.tasks[:1]:
                show_line(f"gan-style: {in_words(task, time.monotonic() - self.started)}")


def in_words(task: Task, spent: float) -> str:
    """How far a task is, on one line."""
    parts = [task.description]
    if task.total and task.total != 1:
        parts.append(f"{int(task.completed)} of {int(task.total)}")
    if task.total:
        # What is rounded up to 100 % looks finished.
        parts.append(f"{int(task.percentage)} % done")
    if task.fields.get("speed"):
        parts.append(task.fields["speed"])
    parts.append(f"{clock(spent)} so far")
    remaining = task.fields.get("remaining")
    if remaining is not None and remaining != float("inf"):
        parts.append(f"{clock(remaining)} left")
    return ", ".join(parts)


def new_progress(*columns: ProgressColumn | str) -> Progress:
    """A progress display that vanishes when it is done; a line now and then where it cannot be seen."""
    seen = is_terminal(sys.stderr)
    silent = error_console.quiet or not is_first()
    return (Progress if seen or silent else LoggedProgress)(
        *columns,
        console=error_console,
        transient=True,
        # Of several processes that train together one display is enough.
        disable=silent or not seen,
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
        if done == total:
            logger.info("%s: all %d in %.1f s", what, total, time.monotonic() - start)
        # A phase that has ended says nothing of those that may follow.
        left = (time.monotonic() - start) / done * (total - done) if done else 0.0
        remaining = left or float("inf")
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
        # Not by way of typer.echo, which goes past the progress display and leaves a copy of it above each line.
        print(line, flush=True)


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
    """One sentence above the progress display, or simply on standard error; not with --quiet."""
    show_line(f"gan-style: {printable(sentence)}")


def complain(sentence: str) -> None:
    """One sentence about what went wrong, which --quiet does not hide."""
    quiet, error_console.quiet = error_console.quiet, False
    show_line(f"gan-style: {printable(sentence)}")
    error_console.quiet = quiet


def show_line(line: str) -> None:
    """A line above the progress display, word for word."""
    error_console.print(line, markup=False, emoji=False)
