"""``gan-style train``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_style.defaults import (
    BATCH_SIZE,
    CONTENT_WEIGHT,
    DAY,
    DISCRIMINATOR,
    MINUTES,
    OBJECTIVE,
    SEED,
    SIZE,
    START,
)
from gan_style.errors import UsageError

PICTURES, NETWORKS, MACHINE, LENGTH = (
    "What is learnt",
    "Networks and objective",
    "Machine",
    "Length and output",
)
"""Groups of options that a newcomer need not read."""

BARS, SPARKS = "▁▂▃▄▅▆▇█", 12

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

    from gan_style.training.check import Inspection
    from gan_style.training.listener import Status


def train(
    context: typer.Context,
    photos: Annotated[
        Path | None,
        typer.Argument(metavar="PHOTOS", help="A folder of photographs, read recursively.", show_default=False),
    ] = None,
    paintings: Annotated[
        Path | None,
        typer.Argument(
            metavar="PAINTINGS",
            help="A folder of paintings by one painter, read recursively; or a single painting.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The style file. [default: PAINTINGS.safetensors, in this folder]"),
    ] = None,
    minutes: Annotated[float | None, typer.Option(help=f"How long to train. [default: {MINUTES:g}]")] = None,
    steps: Annotated[
        int | None, typer.Option(help="How many steps to train, instead of --minutes.", rich_help_panel=LENGTH)
    ] = None,
    until_done: Annotated[
        bool,
        typer.Option(
            "--until-done",
            help=f"Stop when it no longer improves; --minutes, then {DAY:g} by default, or --steps are a limit.",
            rich_help_panel=LENGTH,
        ),
    ] = False,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="STYLE",
            help="Begin as this style (base has learnt from all that are bundled), or from scratch.",
        ),
    ] = START,
    size: Annotated[
        int,
        typer.Option(
            help="Short side in pixels to which pictures are shrunk, a multiple of 32; crops are half of it.",
            rich_help_panel=PICTURES,
        ),
    ] = SIZE,
    batch_size: Annotated[
        int, typer.Option(help="Photographs, and paintings, in a step.", rich_help_panel=PICTURES)
    ] = BATCH_SIZE,
    content_weight: Annotated[
        float,
        typer.Option(
            help="How strictly the painting keeps to the photograph; try 5 where motifs appear from nowhere.",
            rich_help_panel=PICTURES,
        ),
    ] = CONTENT_WEIGHT,
    objective: Annotated[
        str,
        typer.Option(
            help="What the two networks try to reach: least-squares, bce, bce-saturating, hinge or wasserstein.",
            rich_help_panel=NETWORKS,
        ),
    ] = OBJECTIVE,
    discriminator: Annotated[
        str,
        typer.Option(
            help="projected (on the features of a frozen network) or patch (four strided convolutions on pixels).",
            rich_help_panel=NETWORKS,
        ),
    ] = DISCRIMINATOR,
    critic_steps: Annotated[
        int,
        typer.Option(help="How often the discriminator learns before the generator does.", rich_help_panel=NETWORKS),
    ] = 1,
    seed: Annotated[
        int, typer.Option(help="Of the initialisation and everything random.", rich_help_panel=PICTURES)
    ] = SEED,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.", rich_help_panel=MACHINE)] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.", rich_help_panel=MACHINE)] = "auto",
    licence: Annotated[str, typer.Option(help="SPDX identifier to write into the style.", rich_help_panel=LENGTH)] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a style that exists.", rich_help_panel=LENGTH)
    ] = False,
    trim: Annotated[
        bool, typer.Option("--trim-borders", help="Cut margins and frames off the pictures.", rich_help_panel=PICTURES)
    ] = False,
    run: Annotated[
        Path | None,
        typer.Option("--resume", metavar="RUN", help="Go on with a training that was cut off; RUN is its folder."),
    ] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Only look at the pictures and say what is wrong with them.")
    ] = False,
) -> None:
    """Learn a painter from photographs and paintings.

    The path of the style is printed on standard output. It is usable from the first minute on: Ctrl-C ends the training
    and keeps it. STYLE-run/ beside it holds preview.png, refreshed every minute, and index.html, a page about it.

    Some pictures are kept aside, and the painter is examined on them every minute or two: an ill training goes back and
    learns more gently, and the best style is kept.

    A training that was cut off, by whatever, goes on with --resume STYLE-run as if nothing had happened.

    With --check nothing is learnt: what is wrong with the pictures is printed, and the exit code is 1 if anything is.
    """
    from rich.progress import BarColumn, TaskProgressColumn

    from gan_style.cli.display import TimeLeft, description, is_first, new_progress

    if run is not None and given(context) != ["run"]:
        raise UsageError(
            "--resume takes the folder of the training and nothing else: all options are known from there."
        )
    if minutes is not None and steps is not None:
        raise UsageError("Give --minutes or --steps, not both.")
    with new_progress(BarColumn(16), TaskProgressColumn(), TimeLeft(), description()) as progress:
        progress.add_task("loading", total=None)
        from gan_style.models.discriminator import DiscriminatorConfig
        from gan_style.training.api import check, resume
        from gan_style.training.api import train as learn
        from gan_style.training.recipe import Recipe
        from gan_style.training.schedule import Limit

        display = Display(progress)
        if run is not None:
            outcome = resume(run, listener=display)
        elif photos is None or paintings is None:
            raise UsageError("Give a folder of photographs and a folder of paintings.")
        else:
            recipe = Recipe(
                size=size,
                batch_size=batch_size,
                seed=seed,
                content_weight=content_weight,
                objective=objective,
                critic_steps=critic_steps,
                discriminator=DiscriminatorConfig(discriminator),
            )
            if only_check:
                inspection = check(photos, paintings, recipe=recipe, trim=trim, listener=display)
            else:
                outcome = learn(
                    photos,
                    paintings,
                    output,
                    recipe=recipe,
                    start=start,
                    limit=Limit((DAY if until_done else MINUTES) if minutes is None else minutes, steps, until_done),
                    device=device,
                    precision=precision,
                    licence=licence,
                    overwrite=overwrite,
                    trim=trim,
                    listener=display,
                )
    if only_check:
        report(inspection)
        return
    if is_first():
        typer.echo(outcome.style)
    if outcome.interrupted:
        typer.echo(
            f"gan-style: interrupted after {outcome.steps} steps; the style is usable as it is. To go on: "
            f"gan-style train --resume {shlex.quote(str(outcome.folder))}",
            err=True,
        )
        raise typer.Exit(130)


def given(context: typer.Context) -> list[str]:
    """The parameters that were given, rather than left to their defaults."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def report(inspection: Inspection) -> None:
    """Print what is wrong with the pictures."""
    counts = " and ".join(f"{count} {what}" for what, count in inspection.counts.items())
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


class Display:
    """The progress display of a training: reading, then training."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task = progress.task_ids[0]

    def reading(self, what: str, done: int, total: int) -> None:
        """A bar for the folder being read."""
        self.progress.update(self.task, description=f"reading {what}", completed=done, total=total)

    def warn(self, sentence: str) -> None:
        """A line that stays."""
        from gan_style.cli.display import warn

        warn(sentence)

    def status(self, status: Status) -> None:
        """A bar with what matters beside it."""
        losses = status.losses
        self.progress.update(
            self.task,
            description=(
                f"step {status.steps}, {status.rate:.1f}/s, "
                + (f"gap closed {sparkline(status.curve)} {100 * status.curve[-1]:.0f} %, " if status.curve else "")
                + f"{status.images} images, losses: "
                f"critic {losses.discriminator:.2f} generator {losses.generator:.2f} content {losses.content:.3f}"
            ),
            completed=status.progress,
            total=1.0,
            remaining=status.remaining,
        )
