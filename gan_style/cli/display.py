"""Console output shared by all subcommands: progress, warnings and errors on standard error, results on stdout."""

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
"""Exit code that a shell reports for a process ended by SIGPIPE."""

LOG_INTERVAL = 30.0
"""Seconds between two progress lines when standard error is not a terminal."""

error_console = Console(stderr=True, highlight=False, soft_wrap=True)
logger = logging.getLogger("gan_style")


class ConsoleHandler(logging.Handler):
    """Logging handler: prints warnings as the program's own, and other records with the seconds since the start."""

    def __init__(self) -> None:
        super().__init__()
        self.started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record above the progress display."""
        sentence = record.getMessage()
        if record.levelno >= logging.WARNING:
            warn(sentence)
        else:
            show_line(f"[{time.monotonic() - self.started:6.1f} s] {sentence}")


def configure_logging(*, quiet: bool = False, verbose: bool = False) -> None:
    """Set the verbosity of the console and of the library's logger.

    Args:
        quiet: print only results and errors.
        verbose: print all log records.

    Raises:
        UsageError: both are set.
    """
    if quiet and verbose:
        raise UsageError("Give --quiet or --verbose, not both.")
    silent = quiet or not is_main_process()
    logger.setLevel(logging.ERROR if silent else logging.DEBUG if verbose else logging.WARNING)
    logger.handlers = [ConsoleHandler()]
    error_console.quiet = quiet


def is_verbose() -> bool:
    """Whether --verbose is set."""
    return logger.isEnabledFor(logging.DEBUG)


class TimeLeft(ProgressColumn):
    """Progress column that shows a task's own estimate: its ``remaining`` field, in seconds."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Render as H:MM:SS."""
        remaining = task.fields.get("remaining")
        if remaining is None or remaining == float("inf"):
            return Text("-:--:--", style="progress.remaining")
        return Text(f"{format_duration(remaining)} left", style="progress.remaining")


def format_duration(seconds: float) -> str:
    """Format seconds as H:MM:SS."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


class LoggedProgress(Progress):
    """Progress for non-terminals: prints a plain line every ``LOG_INTERVAL`` seconds, so that logs show progress."""

    def start(self) -> None:
        """Start the background thread that prints progress lines."""
        self.stopped = threading.Event()
        self.started = time.monotonic()
        self.thread = threading.Thread(target=self.print_periodically, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stop printing; wait for a line that is being written."""
        self.stopped.set()
        self.thread.join(1.0)

    def print_periodically(self) -> None:
        """Print a progress line every ``LOG_INTERVAL`` seconds until stopped."""
        while not self.stopped.wait(LOG_INTERVAL):
            for task in self.tasks[:1]:
                show_line(f"gan-style: {format_task(task, time.monotonic() - self.started)}")


def format_task(task: Task, spent: float) -> str:
    """Format a task's progress as one line; ``spent`` is in seconds."""
    parts = [task.description]
    if task.total and task.total != 1:
        parts.append(f"{int(task.completed)} of {int(task.total)}")
    if task.total:
        # Round down: 100 % would look finished.
        parts.append(f"{int(task.percentage)} % done")
    if task.fields.get("speed"):
        parts.append(task.fields["speed"])
    parts.append(f"{format_duration(spent)} so far")
    remaining = task.fields.get("remaining")
    if remaining is not None and remaining != float("inf"):
        parts.append(f"{format_duration(remaining)} left")
    return ", ".join(parts)


def new_progress(*columns: ProgressColumn | str) -> Progress:
    """Create a progress display that disappears when done; without a terminal it logs plain lines instead."""
    interactive = is_terminal(sys.stderr)
    silent = error_console.quiet or not is_main_process()
    return (Progress if interactive or silent else LoggedProgress)(
        *columns,
        console=error_console,
        transient=True,
        disable=silent or not interactive,
        # Rich redirects standard output to its own console, standard error. That is right when both are the same
        # terminal, but would lose the results when standard output is a pipe.
        redirect_stdout=is_terminal(sys.stdout),
        expand=True,
    )


def is_main_process() -> bool:
    """Whether this is rank 0 of a distributed training, or the only process; other ranks print nothing."""
    return os.environ.get("RANK", "0") == "0"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; a closed stream is None."""
    return stream is not None and stream.isatty()


@contextlib.contextmanager
def phase_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show progress of work in phases; yields a callback that takes the phase's name, the count done and the total."""
    columns = (BarColumn(16), MofNCompleteColumn(), TimeElapsedColumn(), TimeLeft(), description())
    with new_progress(*columns) as progress:
        yield phase_callback(progress, progress.add_task("loading", total=None))


def phase_callback(progress: Progress, task: TaskID) -> Callable[[str, int, int], None]:
    """Return a callback that shows phases as one task; it takes the phase's name, the count done and the total."""
    start, phase = time.monotonic(), ""

    def show(what: str, done: int, total: int) -> None:
        nonlocal start, phase
        if what != phase:
            start, phase = time.monotonic(), what
        if done == total:
            logger.info("%s: all %d in %.1f s", what, total, time.monotonic() - start)
        # A finished phase gives no estimate for the phases after it.
        left = (time.monotonic() - start) / done * (total - done) if done else 0.0
        remaining = left or float("inf")
        progress.update(task, description=what, completed=done, total=total, remaining=remaining)

    return show


def description() -> TextColumn:
    """Return the column with a task's description, truncated to the width that the other columns leave."""
    return TextColumn(
        "{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )


def print_result(line: str) -> None:
    """Print a line to standard output; exit silently if the reader has closed the pipe.

    Raises:
        typer.Exit: the pipe is broken; exit code 141.
    """
    with exit_on_broken_pipe():
        # Not typer.echo, which bypasses the progress display and leaves a copy of it above each line.
        print(line, flush=True)


@contextlib.contextmanager
def exit_on_broken_pipe() -> Iterator[None]:
    """Exit silently if the reader of standard output closes the pipe while the block writes to it.

    Raises:
        typer.Exit: the pipe is broken; exit code 141.
    """
    try:
        yield
    except BrokenPipeError:
        # Keep Python from failing when it flushes the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None


def warn(sentence: str) -> None:
    """Print a sentence to standard error, above any progress display; hidden by --quiet."""
    show_line(f"gan-style: {printable(sentence)}")


def print_error(sentence: str) -> None:
    """Print an error to standard error, above any progress display; shown even with --quiet."""
    quiet, error_console.quiet = error_console.quiet, False
    show_line(f"gan-style: {printable(sentence)}")
    error_console.quiet = quiet


def show_line(line: str) -> None:
    """Print a line verbatim to standard error, above any progress display."""
    error_console.print(line, markup=False, emoji=False)
