"""Output of ``gan-style train``: progress, findings of --check, cross-validation scores and the final outcome."""

from __future__ import annotations

import logging
import shlex
from typing import TYPE_CHECKING

import typer

from gan_style.cli.display import is_main_process, warn
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


def print_outcome(outcome: Outcome) -> None:
    """Print the style's path, its quality, how to paint with it and, after an interrupt, how to resume.

    Raises:
        typer.Exit: the training was interrupted.
    """
    if is_main_process():
        typer.echo(outcome.style)
        for line in (
            f"the style is {outcome.style}. {outcome.verdict}",
            f"report with previews: {outcome.folder / 'index.html'}",
            f"to paint with it: gan-style stylize photo.jpg --style {quoted(outcome.style)}",
        ):
            warn(line)
    if outcome.interrupted:
        typer.echo(
            f"gan-style: interrupted after {counted(outcome.steps, 'step')}; the style is usable as it is. To resume: "
            f"gan-style train --resume {quoted(outcome.folder)}",
            err=True,
        )
        raise typer.Exit(130)


def quoted(path: Path) -> str:
    """Quote a path as a shell argument that cannot be mistaken for an option."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)


def print_scores(choice: Choice) -> None:
    """Print the cross-validation scores of all settings; smaller distances are better."""
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


def print_inspection(inspection: Inspection) -> None:
    """Print the findings about the training pictures.

    Raises:
        typer.Exit: there are findings.
    """
    counts = " and ".join(
        f"{count} {what if count != 1 else what.removesuffix('s')}" for what, count in inspection.counts.items()
    )
    if not inspection.remarks:
        typer.echo(f"No problems found in {counts}.")
        return
    for remark in inspection.remarks:
        typer.echo(remark.sentence)
    typer.echo(f"Checked {counts}.")
    raise typer.Exit(1)


def sparkline(values: Sequence[float]) -> str:
    """Render the last values, in 0..1, as a row of bars."""
    return "".join(BARS[round(min(max(value, 0.0), 1.0) * (len(BARS) - 1))] for value in values[-SPARKS:])


def format_quality(curve: Sequence[float]) -> str:
    """Describe the result of the last validation."""
    if not curve:
        return "not validated yet"
    return f"{100 * curve[-1]:.0f} % of the way to the paintings"


MAX_PROGRESS = 0.99
"""Progress to show during the final validation, when all training steps are done."""


class Display:
    """Progress display of a training: reading pictures, then training."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task = progress.task_ids[0]
        self.validations = 0

    def reading(self, what: str, done: int, total: int) -> None:
        """Show the progress of reading a folder."""
        self.progress.update(self.task, description=f"reading {what}", completed=done, total=total)
        if done == total:
            logger.info("read %d %s", total, what)

    def warn(self, sentence: str) -> None:
        """Print a warning above the progress display."""
        warn(sentence)

    def status(self, status: Status) -> None:
        """Show progress and quality; with --verbose, log details after every validation."""
        quality = format_quality(status.curve)
        stage = f"{quality} {sparkline(status.curve)}" if status.curve else f"training, step {status.steps}"
        if status.refining:
            stage = f"training the refiner, step {status.steps}"
        elif status.progress >= 1:
            stage = "final validation"
        completed = min(status.progress, MAX_PROGRESS)
        self.progress.update(self.task, description=stage, completed=completed, total=1.0, remaining=status.remaining)
        if len(status.curve) > self.validations:
            self.validations = len(status.curve)
            logger.info(
                "step %d, %.1f steps/s, %d images: %s; losses: %s",
                status.steps,
                status.rate,
                status.images,
                quality,
                ", ".join(f"{name} {value:.3g}" for name, value in status.losses.items()),
            )
