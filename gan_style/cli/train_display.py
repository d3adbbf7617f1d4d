"""What ``gan-style train`` shows: its progress, what it found wrong, what was compared, and how it ended."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING

import typer

from gan_style.cli.display import is_first, warn
from gan_style.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.progress import Progress

    from gan_style.data.inspection import Inspection
    from gan_style.training.cross_validation.run import Choice
    from gan_style.training.loop.loop import Outcome
    from gan_style.training.run.listener import Status

logger = logging.getLogger(__name__)

BARS, SPARKS = "▁▂▃▄▅▆▇█", 8


def end(outcome: Outcome) -> None:
    """Say where the style is, how good, how to paint with it, and how to go on where it was interrupted.

    Raises:
        typer.Exit: it was interrupted.
    """
    if is_first():
        typer.echo(outcome.style)
        for line in (
            f"the style is {outcome.style}. {outcome.verdict}",
            f"what it paints: {outcome.folder / 'index.html'}",
            f"to paint with it: gan-style stylize photo.jpg --style {quoted(outcome.style)}",
        ):
            warn(line)
    if outcome.interrupted:
        typer.echo(
            f"gan-style: interrupted after {counted(outcome.steps, 'step')}; the style is usable as it is. To go on: "
            f"gan-style train --resume {quoted(outcome.folder)}",
            err=True,
        )
        raise typer.Exit(130)


def quoted(path: Path) -> str:
    """A path as an argument in a shell, never taken for an option."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)


def show(choice: Choice) -> None:
    """Print how every setting did; the smaller the distance the better."""
    if not choice.scores:
        return
    typer.echo(f"{'batch':>5} {'minutes' if choice.scores[0].setting.limit.steps is None else 'steps':>8} "
               f"{'distance':>9} {'spread':>7}  folds")  # fmt: skip
    for score in choice.scores:
        limit = score.setting.limit
        length = f"{limit.minutes:g}" if limit.steps is None else str(limit.steps)
        folds = " ".join(f"{value:.3f}" for value in score.values)
        mark = "  chosen" if score.setting == choice.chosen else ""
        typer.echo(f"{score.setting.batch_size:>5} {length:>8} {score.mean:>9.3f} {score.spread:>7.3f}  {folds}{mark}")


def report(inspection: Inspection) -> None:
    """Print what is wrong with the pictures."""
    counts = " and ".join(
        f"{count} {what if count != 1 else what.removesuffix('s')}" for what, count in inspection.counts.items()
    )
    if not inspection.remarks:
        typer.echo(f"Nothing wrong was seen in {counts}.")
        return
    for remark in inspection.remarks:
        typer.echo(remark.sentence)
    typer.echo(f"Seen in {counts}.")
    raise typer.Exit(1)


def sparkline(values: Sequence[float]) -> str:
    """The last values, 0..1, as a row of bars."""
    return "".join(BARS[round(min(max(value, 0.0), 1.0) * (len(BARS) - 1))] for value in values[-SPARKS:])


def how_good(curve: Sequence[float]) -> str:
    """What the last examination found, in words that need no explanation."""
    if not curve:
        return "not examined yet"
    return f"{100 * curve[-1]:.0f} % of the way to the paintings"


ALMOST = 0.99
"""Share of a training that is done when only its last examination is left."""


class Display:
    """The progress display of a training: reading, then training."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task = progress.task_ids[0]
        self.examined = 0

    def reading(self, what: str, done: int, total: int) -> None:
        """A bar for the folder being read."""
        self.progress.update(self.task, description=f"reading {what}", completed=done, total=total)
        if done == total:
            logger.info("read %d %s", total, what)

    def warn(self, sentence: str) -> None:
        """A line that stays."""
        warn(sentence)

    def status(self, status: Status) -> None:
        """A bar with what matters beside it; figures for experts with --verbose, at every examination."""
        good = how_good(status.curve)
        where = f"{good} {sparkline(status.curve)}" if status.curve else f"learning, step {status.steps}"
        if status.refining:
            where = f"learning fine strokes, step {status.steps}"
        elif status.progress >= 1:
            where = "a last look at how good it is"
        # All steps are made then, and the command is not at its end yet.
        share = min(status.progress, ALMOST)
        self.progress.update(self.task, description=where, completed=share, total=1.0, remaining=status.remaining)
        if len(status.curve) > self.examined:
            self.examined = len(status.curve)
            logger.info(
                "step %d, %.1f a second, %d images: %s; losses: %s",
                status.steps,
                status.rate,
                status.images,
                good,
                ", ".join(f"{name} {value:.3g}" for name, value in status.losses.items()),
            )
