"""``gan-style train``."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gan_style.cli import ignored
from gan_style.cli.command import RUNNING, Quiet, Verbose, explicit_parameters, within
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
    "Training",
    "Length and output",
    "Networks and objective",
    "Cross-validation",
    "Sharing",
)
"""Help panels of advanced options."""

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gan_style.cli.push import Sharing
    from gan_style.data.inspection import Inspection
    from gan_style.training.cross_validation.run import Choice
    from gan_style.training.loop.loop import Outcome
    from gan_style.training.loop.schedule import Limit
    from gan_style.training.recipe import Recipe
    from gan_style.training.run.listener import Listener

Number = TypeVar("Number", int, float)


def train(
    context: typer.Context,
    photos: Annotated[
        Path | None,
        typer.Argument(
            metavar="PHOTOS", help="Folder of photographs, read recursively.", show_default=False, readable=False
        ),
    ] = None,
    paintings: Annotated[
        Path | None,
        typer.Argument(
            metavar="PAINTINGS",
            readable=False,
            help="Folder of paintings by one painter, read recursively; or a single painting.",
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
            help="Style file to write. \\[default: PAINTINGS.safetensors in the current folder]",
        ),
    ] = None,
    minutes: Annotated[
        str | None, typer.Option(metavar="N", help=f"Training time in minutes. \\[default: {MINUTES:g}]")
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option(metavar="N", help="Number of training steps, instead of --minutes.", rich_help_panel=LENGTH),
    ] = None,
    until_done: Annotated[
        bool,
        typer.Option(
            "--until-done",
            help=f"Stop when the style no longer improves; --minutes (default: {DAY:g}) or --steps is the limit.",
            rich_help_panel=LENGTH,
        ),
    ] = False,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="STYLE",
            help="Style to start from (base was trained on the data of all bundled styles), or scratch.",
        ),
    ] = START,
    fine_tune: Annotated[
        bool,
        typer.Option(
            "--fine-tune",
            help="Fine-tune a finished style, named with --from, on nearly whole pictures: slower steps, freer "
            "brushwork.",
            rich_help_panel=PICTURES,
        ),
    ] = False,
    size: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Short side in pixels to which pictures are resized, a multiple of 32; crops are half as large, or "
            "nearly as large with --fine-tune.",
            rich_help_panel=PICTURES,
        ),
    ] = SIZE,
    batch_size: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help=f"Batch size. \\[default: {BATCH_SIZE}; {FINE_TUNING_BATCH} with --fine-tune]",
            rich_help_panel=PICTURES,
            show_default=False,
        ),
    ] = None,
    content_weight: Annotated[
        float,
        typer.Option(
            metavar="N",
            help="Weight of the content loss: how closely the painting follows the photograph; try 5 if the style "
            "hallucinates motifs.",
            rich_help_panel=PICTURES,
        ),
    ] = CONTENT_WEIGHT,
    simplify: Annotated[
        int,
        typer.Option(
            metavar="0-16",
            callback=within(0, 16),
            help="Radius in pixels over which input textures are flattened, while salient shapes stay; try 3 for "
            "prints, posters and comics, 1 if paintings keep photographic grain. Adds an order loss, which keeps soft "
            "areas soft. \\[default: 0; with --fine-tune, that of the style, also for 0]",
            rich_help_panel=PICTURES,
            show_default=False,
        ),
    ] = 0,
    streaks: Annotated[
        int | None,
        typer.Option(
            metavar="0-32",
            callback=within(0, 32),
            help="Feed the generator noise smeared along the photograph's shapes, N times two pixels to either side, "
            "so that brush strokes follow them; 0 disables it. "
            f"\\[default: {STREAKS}; with --fine-tune, that of the style]",
            rich_help_panel=PICTURES,
            show_default=False,
        ),
    ] = None,
    refiner: Annotated[
        str,
        typer.Option(
            metavar="STYLE",
            help="Refiner, the network that adds the finest strokes to large pictures: auto trains one in the last "
            "third of the time if 12 or more paintings are large enough (at --size 256, 448 pixels on the short side) "
            "and otherwise picks the best-fitting one of a bundled style; none; or the style whose refiner to use.",
            rich_help_panel=PICTURES,
        ),
    ] = REFINER,
    objective: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="GAN objective: least-squares, bce, bce-saturating, hinge or wasserstein.",
            rich_help_panel=NETWORKS,
        ),
    ] = OBJECTIVE,
    discriminator: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="projected (on features of a frozen network) or patch (four strided convolutions on pixels).",
            rich_help_panel=NETWORKS,
        ),
    ] = DISCRIMINATOR,
    critic_steps: Annotated[
        int,
        typer.Option(metavar="N", help="Discriminator steps per generator step.", rich_help_panel=NETWORKS),
    ] = 1,
    cross: Annotated[
        bool,
        typer.Option(
            "--cross-validate",
            help="Compare several settings, such as --batch-size 2,4,8 --minutes 5,10, by k-fold cross-validation; "
            "then train on all pictures with the best.",
            rich_help_panel=CROSS,
        ),
    ] = False,
    folds: Annotated[int, typer.Option(metavar="N", help="Number of folds.", rich_help_panel=CROSS)] = FOLDS,
    seed: Annotated[
        int,
        typer.Option(metavar="N", help="Seed of the initialization and all random choices.", rich_help_panel=PICTURES),
    ] = SEED,
    threads: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="CPU threads. \\[default: PyTorch's default; with --resume, as before]",
            rich_help_panel=RUNNING,
            show_default=False,
        ),
    ] = None,
    licence: Annotated[
        str,
        typer.Option(
            "--license", metavar="SPDX", help="SPDX license identifier to store in the style.", rich_help_panel=LENGTH
        ),
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing style.", rich_help_panel=LENGTH)
    ] = False,
    trim: Annotated[
        bool, typer.Option("--trim-borders", help="Crop margins and frames of the pictures.", rich_help_panel=PICTURES)
    ] = False,
    push_to: Annotated[
        str,
        typer.Option(
            metavar="OWNER/REPO", help="Upload the finished style to the Hugging Face Hub.", rich_help_panel=HUB
        ),
    ] = "",
    private: Annotated[bool, typer.Option("--private", help="Use a private repository.", rich_help_panel=HUB)] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Publish without asking for confirmation.", rich_help_panel=HUB)
    ] = False,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview/--no-preview",
            help="Upload no preview.png, which shows training photographs.",
            rich_help_panel=HUB,
        ),
    ] = True,
    run: Annotated[
        Path | None,
        typer.Option(
            "--resume", readable=False, metavar="RUN", help="Resume an interrupted training; RUN is its folder."
        ),
    ] = None,
    only_check: Annotated[bool, typer.Option("--check", help="Only check the pictures for problems.")] = False,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.", rich_help_panel=RUNNING)] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="auto, fp32 or bf16.", rich_help_panel=RUNNING)
    ] = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a style from photographs and paintings.

    Prints the style's path to standard output. The style can be used from the first minute on: Ctrl-C ends the training
    and keeps it. STYLE-run/ next to it holds preview.png, updated every minute, and a report, index.html.

    Some pictures are held out to validate the style every minute or two. If training diverges, it rolls back and lowers
    the learning rate; the best style is kept.

    Resume after Ctrl-C, a crash or a power cut with --resume STYLE-run.

    --check trains nothing: it prints problems with the pictures and exits with 1 if there are any.
    """
    from rich.progress import BarColumn, TaskProgressColumn

    from gan_style.cli.display import TimeLeft, configure_logging, description, new_progress
    from gan_style.cli.push import Sharing
    from gan_style.cli.train_display import Display

    began = time.monotonic()
    configure_logging(quiet=quiet, verbose=verbose)
    if run is not None and set(explicit_parameters(context)) - {"run", "threads", *ignored.VERBOSITY_OPTIONS}:
        raise UsageError(
            "--resume takes the folder of the training and only --threads besides; all other options are stored there."
        )
    if minutes is not None and steps is not None:
        raise UsageError("Give --minutes or --steps, not both.")
    if fine_tune and start in (START, SCRATCH):
        raise UsageError(
            "--fine-tune needs a finished style; name one with --from, your own or a bundled one such as monet."
        )
    if fine_tune and streaks == 0:
        raise UsageError("--fine-tune cannot remove the streaks of a style; remove --streaks 0.")
    default_batch = FINE_TUNING_BATCH if fine_tune else BATCH_SIZE
    batch_sizes = [default_batch] if batch_size is None else numbers("--batch-size", batch_size, int)
    lengths = numbers("--steps", steps, int) if steps else numbers("--minutes", minutes, float) if minutes else []
    if not cross and max(len(batch_sizes), len(lengths)) > 1:
        raise UsageError("Several batch sizes or lengths need --cross-validate; otherwise give one.")
    if (private or yes) and not push_to:
        raise UsageError("--private and --yes need --push-to OWNER/REPO; add it, or remove them.")
    ignored.check_train(context)
    share = bool(push_to) and not only_check
    sharing = Sharing.confirm(push_to, private=private, yes=yes, preview=preview) if share else None
    with new_progress(BarColumn(16), TaskProgressColumn(), TimeLeft(), description()) as progress:
        progress.add_task("loading", total=None)
        from gan_style.training import api
        from gan_style.training.cross_validation.grid import Grid

        display = Display(progress)
        result: Inspection | Choice | Outcome
        if run is not None:
            result = resume_run(run, threads, display)
        elif photos is None or paintings is None:
            raise UsageError("Name a folder of photographs and a folder of paintings.")
        else:
            recipe = build_recipe(
                fine_tune=fine_tune,
                discriminator=discriminator,
                simplify=simplify,
                streaks=streaks,
                size=size,
                batch_size=batch_sizes[0],
                seed=seed,
                content_weight=content_weight,
                objective=objective,
                critic_steps=critic_steps,
            )
            # With a single painting there is no way to tell when training is done.
            longest = DAY if until_done and not paintings.is_file() else MINUTES
            limits = build_limits(lengths or [longest], longest, in_steps=bool(steps), until_done=until_done)
            how = Options(start, refiner, device, precision, threads, licence, overwrite, trim, display).keywords
            if only_check:
                result = api.check(photos, paintings, recipe=recipe, trim=trim, listener=display)
            elif cross:
                grid = Grid(tuple(batch_sizes), tuple(limits), folds)
                result = api.cross_validate(photos, paintings, output, grid=grid, recipe=recipe, **how)
            else:
                result = api.train(photos, paintings, output, recipe=recipe, limit=limits[0], began=began, **how)
    finish(result, sharing)


def resume_run(run: Path, threads: int | None, listener: Listener) -> Choice | Outcome:
    """Resume a training, or the cross-validation before it."""
    from gan_style.training import api
    from gan_style.training.cross_validation.state import is_unfinished

    if is_unfinished(run):
        return api.resume_cross_validation(run, threads=threads, listener=listener)
    return api.resume(run, threads=threads, listener=listener)


def build_recipe(*, fine_tune: bool, discriminator: str, simplify: int, streaks: int | None, **settings: Any) -> Recipe:
    """Build the recipe from options; ``settings`` are fields of the recipe itself."""
    from gan_style.training.recipe import Recipe

    recipe = (Recipe.fine_tuning if fine_tune else Recipe)(**settings)
    shape = {"simplify": simplify, "streaks": recipe.generator.streaks if streaks is None else streaks}
    return replace(
        recipe,
        discriminator=replace(recipe.discriminator, kind=discriminator),
        generator=replace(recipe.generator, **shape),
    )


def build_limits(lengths: Sequence[float], longest: float, *, in_steps: bool, until_done: bool) -> list[Limit]:
    """Build a limit for each length, in steps or in minutes."""
    from gan_style.training.loop.schedule import Limit

    if in_steps:
        return [Limit(longest, int(length), until_done) for length in lengths]
    return [Limit(length, None, until_done) for length in lengths]


def finish(result: Inspection | Choice | Outcome, sharing: Sharing | None) -> None:
    """Print what a command did, and share the style where that was asked for."""
    from gan_style.cli.train_display import print_inspection, print_outcome, print_scores
    from gan_style.data.inspection import Inspection
    from gan_style.training.cross_validation.run import Choice

    if isinstance(result, Inspection):
        print_inspection(result)
        return
    if isinstance(result, Choice):
        print_scores(result)
        if not result.chosen:
            resume = f"gan-style train --resume {shlex.quote(str(result.folder))}"
            typer.echo(f"gan-style: interrupted before a setting was chosen. To resume: {resume}", err=True)
            raise typer.Exit(130)
    outcome = result.outcome if isinstance(result, Choice) else result
    print_outcome(outcome)
    if sharing:
        sharing.share(outcome.style)


@dataclass(frozen=True)
class Options:
    """Options that plain training and cross-validation share."""

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
        """Return the options as keyword arguments."""
        return vars(self)


def numbers(option: str, text: str, kind: Callable[[str], Number]) -> list[Number]:
    """Parse one number or several separated by commas.

    Raises:
        UsageError: the text is not a list of numbers.
    """
    try:
        return [kind(one) for one in text.split(",")]
    except ValueError:
        raise UsageError(
            f"{option} takes a number, or a comma-separated list with --cross-validate, not {text}."
        ) from None
