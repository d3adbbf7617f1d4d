"""``gan-style train``."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gan_style.cli import ignored
from gan_style.cli.command import RUNNING, Quiet, Verbose, given, within
from gan_style.defaults import (
    BATCH_SIZE,
    CONTENT_WEIGHT,
    DAY,
    DISCRIMINATOR,
    FINE_TUNING_BATCH,
    FOLDS,
    MINUTES,
    OBJECTIVE,
    REFINER,
    SCRATCH,
    SEED,
    SIZE,
    START,
    STREAKS,
)
from gan_style.errors import UsageError

PICTURES, LENGTH, NETWORKS, CROSS, HUB = (
    "What is learned",
    "Length and output",
    "Networks and objective",
    "Cross-validation",
    "Sharing",
)
"""Groups of options that a newcomer need not read."""

if TYPE_CHECKING:
    from collections.abc import Callable

    from gan_style.training.run.listener import Listener

Number = TypeVar("Number", int, float)


def train(
    context: typer.Context,
    photos: Annotated[
        Path | None,
        typer.Argument(
            metavar="PHOTOS", help="A folder of photographs, read recursively.", show_default=False, readable=False
        ),
    ] = None,
    paintings: Annotated[
        Path | None,
        typer.Argument(
            metavar="PAINTINGS",
            readable=False,
            help="A folder of paintings by one painter, read recursively; or a single painting.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            readable=False,
            metavar="FILE",
            help="The style file. \\[default: PAINTINGS.safetensors, in this folder]",
        ),
    ] = None,
    minutes: Annotated[
        str | None, typer.Option(metavar="N", help=f"How long it may take. \\[default: {MINUTES:g}]")
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option(metavar="N", help="How many steps to train, instead of --minutes.", rich_help_panel=LENGTH),
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
    fine_tune: Annotated[
        bool,
        typer.Option(
            "--fine-tune",
            help="Go on from a finished style, named with --from, on crops of nearly whole pictures: slower steps, "
            "freer brushwork.",
            rich_help_panel=PICTURES,
        ),
    ] = False,
    size: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Short side in pixels to which pictures are shrunk, a multiple of 32; crops are half of it, or most "
            "of it with --fine-tune.",
            rich_help_panel=PICTURES,
        ),
    ] = SIZE,
    batch_size: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Photographs, and paintings, in a step. "
            f"\\[default: {BATCH_SIZE}; {FINE_TUNING_BATCH} with --fine-tune]",
            rich_help_panel=PICTURES,
            show_default=False,
        ),
    ] = None,
    content_weight: Annotated[
        float,
        typer.Option(
            metavar="N",
            help="How strictly the painting keeps to the photograph; try 5 where motifs appear from nowhere.",
            rich_help_panel=PICTURES,
        ),
    ] = CONTENT_WEIGHT,
    simplify: Annotated[
        int,
        typer.Option(
            metavar="0-16",
            callback=within(0, 16),
            help="Paint from photographs whose textures are flattened over so many pixels, while what stands out "
            "stays; try 3 for prints, posters and comics, 1 where a painter leaves the grain of photographs. Brings an "
            "order term, which keeps soft parts soft. \\[default: 0, and with --fine-tune, where 0 means the same, "
            "that of the style]",
            rich_help_panel=PICTURES,
            show_default=False,
        ),
    ] = 0,
    streaks: Annotated[
        int | None,
        typer.Option(
            metavar="0-32",
            callback=within(0, 32),
            help="Show the painter, beside the photograph, noise that is drawn out along its forms, so many times two "
            "pixels to either side, for brush strokes that follow them; 0 for none. "
            f"\\[default: {STREAKS}, and with --fine-tune that of the style]",
            rich_help_panel=PICTURES,
            show_default=False,
        ),
    ] = None,
    refiner: Annotated[
        str,
        typer.Option(
            metavar="STYLE",
            help="Who adds the finest strokes to large pictures: auto has a refiner learn from the paintings, in the "
            "last third of the time, where 12 or more are large enough (at --size 256, 448 pixels on the short side), "
            "and else takes that of the bundled style which suits them best; none, or that of a style.",
            rich_help_panel=PICTURES,
        ),
    ] = REFINER,
    objective: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What the two networks try to reach: least-squares, bce, bce-saturating, hinge or wasserstein.",
            rich_help_panel=NETWORKS,
        ),
    ] = OBJECTIVE,
    discriminator: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="projected (on the features of a frozen network) or patch (four strided convolutions on pixels).",
            rich_help_panel=NETWORKS,
        ),
    ] = DISCRIMINATOR,
    critic_steps: Annotated[
        int,
        typer.Option(
            metavar="N", help="How often the discriminator learns before the generator does.", rich_help_panel=NETWORKS
        ),
    ] = 1,
    cross: Annotated[
        bool,
        typer.Option(
            "--cross-validate",
            help="Try several settings, such as --batch-size 2,4,8 --minutes 5,10, each on pictures left out of its "
            "training; then train on all with the best.",
            rich_help_panel=CROSS,
        ),
    ] = False,
    folds: Annotated[
        int, typer.Option(metavar="N", help="Parts into which pictures are split for that.", rich_help_panel=CROSS)
    ] = FOLDS,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Of the initialization and everything random.", rich_help_panel=PICTURES)
    ] = SEED,
    threads: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Threads of the CPU. \\[default: as many as PyTorch takes, and with --resume as before]",
            rich_help_panel=RUNNING,
            show_default=False,
        ),
    ] = None,
    licence: Annotated[
        str,
        typer.Option(
            "--license", metavar="SPDX", help="SPDX identifier to write into the style.", rich_help_panel=LENGTH
        ),
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a style that exists.", rich_help_panel=LENGTH)
    ] = False,
    trim: Annotated[
        bool, typer.Option("--trim-borders", help="Cut margins and frames off the pictures.", rich_help_panel=PICTURES)
    ] = False,
    push_to: Annotated[
        str,
        typer.Option(metavar="OWNER/REPO", help="Put the finished style on the Hugging Face Hub.", rich_help_panel=HUB),
    ] = "",
    private: Annotated[bool, typer.Option("--private", help="Into a private repository.", rich_help_panel=HUB)] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Into a public one, without asking.", rich_help_panel=HUB)
    ] = False,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview/--no-preview",
            help="Without preview.png, which shows photographs that were learned from.",
            rich_help_panel=HUB,
        ),
    ] = True,
    run: Annotated[
        Path | None,
        typer.Option(
            "--resume", readable=False, metavar="RUN", help="Go on with a training that was cut off; RUN is its folder."
        ),
    ] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Only look at the pictures and say what is wrong with them.")
    ] = False,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.", rich_help_panel=RUNNING)] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="auto, fp32 or bf16.", rich_help_panel=RUNNING)
    ] = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
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

    from gan_style.cli.display import TimeLeft, description, listen, new_progress
    from gan_style.cli.push import Sharing
    from gan_style.cli.train_display import Display, end, report, show

    began = time.monotonic()
    listen(quiet=quiet, verbose=verbose)
    if run is not None and set(given(context)) - {"run", "threads", *ignored.SPEAKING}:
        raise UsageError(
            "--resume takes the folder of the training and nothing else but --threads: all options are known from "
            "there."
        )
    if minutes is not None and steps is not None:
        raise UsageError("Give --minutes or --steps, not both.")
    if fine_tune and start in (START, SCRATCH):
        raise UsageError(
            "--fine-tune goes on from a finished style; name one with --from, your own or a bundled one such as monet."
        )
    if fine_tune and streaks == 0:
        raise UsageError("With --fine-tune a style keeps its streaks, or has none as before; leave --streaks 0 out.")
    usual = FINE_TUNING_BATCH if fine_tune else BATCH_SIZE
    batch_sizes = [usual] if batch_size is None else numbers("--batch-size", batch_size, int)
    lengths = numbers("--steps", steps, int) if steps else numbers("--minutes", minutes, float) if minutes else []
    if not cross and max(len(batch_sizes), len(lengths)) > 1:
        raise UsageError("Several batch sizes or lengths are to be compared with --cross-validate; else give one.")
    if (private or yes) and not push_to:
        raise UsageError("--private and --yes are for --push-to OWNER/REPO; give that, or leave them out.")
    ignored.in_training(context)
    sharing = Sharing.agreed(push_to, private=private, yes=yes, preview=preview) if push_to and not only_check else None
    with new_progress(BarColumn(16), TaskProgressColumn(), TimeLeft(), description()) as progress:
        progress.add_task("loading", total=None)
        from gan_style.training import api
        from gan_style.training.cross_validation.grid import Grid
        from gan_style.training.cross_validation.state import is_unfinished
        from gan_style.training.loop.schedule import Limit
        from gan_style.training.recipe import Recipe

        display, choice = Display(progress), None
        if run is not None and is_unfinished(run):
            choice = api.resume_cross_validation(run, threads=threads, listener=display)
        elif run is not None:
            outcome = api.resume(run, threads=threads, listener=display)
        elif photos is None or paintings is None:
            raise UsageError("Give a folder of photographs and a folder of paintings.")
        else:
            recipe = (Recipe.fine_tuning if fine_tune else Recipe)(
                size=size,
                batch_size=batch_sizes[0],
                seed=seed,
                content_weight=content_weight,
                objective=objective,
                critic_steps=critic_steps,
            )
            shown = recipe.generator.streaks if streaks is None else streaks
            recipe = replace(
                recipe,
                discriminator=replace(recipe.discriminator, kind=discriminator),
                generator=replace(recipe.generator, simplify=simplify, streaks=shown),
            )
            # Nobody can say when a painter of a single painting is done.
            longest = DAY if until_done and not paintings.is_file() else MINUTES
            limits = [
                Limit(longest, int(length), until_done) if steps else Limit(length, None, until_done)
                for length in lengths or [longest]
            ]
            how = Options(start, refiner, device, precision, threads, licence, overwrite, trim, display)
            if only_check:
                inspection = api.check(photos, paintings, recipe=recipe, trim=trim, listener=display)
            elif cross:
                grid = Grid(tuple(batch_sizes), tuple(limits), folds)
                choice = api.cross_validate(photos, paintings, output, grid=grid, recipe=recipe, **how.keywords)
            else:
                outcome = api.train(
                    photos, paintings, output, recipe=recipe, limit=limits[0], began=began, **how.keywords
                )
    if only_check:
        report(inspection)
        return
    if choice:
        show(choice)
        outcome = choice.outcome
    if choice and not choice.chosen:
        go_on = f"gan-style train --resume {shlex.quote(str(choice.folder))}"
        typer.echo(f"gan-style: interrupted before anything was chosen. To go on: {go_on}", err=True)
        raise typer.Exit(130)
    end(outcome)
    if sharing:
        sharing.share(outcome.style)


@dataclass(frozen=True)
class Options:
    """What all ways of training are told alike."""

    start: str
    refiner: str
    device: str
    precision: str
    threads: int | None
    licence: str
    overwrite: bool
    trim: bool
    listener: Listener

    @property
    def keywords(self) -> dict[str, Any]:
        """As keyword arguments."""
        return vars(self)


def numbers(option: str, text: str, kind: Callable[[str], Number]) -> list[Number]:
    """One number, or several with commas between them.

    Raises:
        UsageError: they are none.
    """
    try:
        return [kind(one) for one in text.split(",")]
    except ValueError:
        raise UsageError(
            f"{option} takes a number, or several with commas between them for --cross-validate, not {text}."
        ) from None
