"""``gan-style stylize``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gan_style.cli import ignored
from gan_style.cli import stylize_options as options
from gan_style.cli.command import Quiet, Verbose
from gan_style.cli.outcomes import outcome_record, prefix_path, show_plan, summarize
from gan_style.cli.streams import write_all
from gan_style.cli.styles import list_styles, show_info
from gan_style.cli.stylize_options import Metadata
from gan_style.defaults import DETAIL, KEEP_COLORS, MAX_PIXELS, NAME, QUALITY, STRENGTH, STROKE, STYLE
from gan_style.errors import UsageError
from gan_style.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress, TaskID

    from gan_style.imaging.formats import Format
    from gan_style.inference.artist import Artist
    from gan_style.inference.batch import Outcome, Pace, Rules
    from gan_style.inference.options import StylizeOptions
    from gan_style.inference.planning import Job


def stylize(
    context: typer.Context,
    inputs: options.Inputs = None,
    style: options.StyleWord = STYLE,
    output: options.Output = None,
    strength: options.Strength = STRENGTH,
    keep_colors: options.KeepColors = KEEP_COLORS,
    overwrite: options.Overwrite = False,
    detail: options.Detail = DETAIL,
    stroke: options.Stroke = STROKE,
    seed: options.Seed = None,
    variations: options.Variations = None,
    minutes: options.Minutes = None,
    form: options.FormatName = "",
    quality: options.Quality = QUALITY,
    metadata: options.MetadataChoice = Metadata.KEEP,
    signature: options.Signature = True,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    from_file: options.FromFile = None,
    name: options.Name = NAME,
    skip: options.SkipExisting = False,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    styles: options.ListStyles = False,
    info: options.Info = False,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn photographs into paintings.

    Prints the paths of the paintings to standard output, one per line. The file extension selects the format. Folders
    are read recursively, and the output keeps their structure.

    --style also accepts a picture of a painting: each photograph is then optimized for a minute or more, without
    training, until its features match those of the painting.
    """
    from gan_style.cli.display import configure_logging

    configure_logging(quiet=quiet, verbose=verbose)
    if styles:
        ignored.check_list_styles(context)
        list_styles(as_json=as_json)
        return
    if info:
        ignored.check_info(context)
        show_info(style)
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from gan_style.cli.display import TimeLeft, description, new_progress, phase_callback, warn

    count, speed = TextColumn("{task.fields[count]}"), TextColumn("{task.fields[speed]}")
    columns = (BarColumn(16), TaskProgressColumn(), count, speed, TimeElapsedColumn(), TimeLeft(), description())
    with new_progress(*columns) as progress:
        task = progress.add_task("loading", total=None, count="", speed="")
        from gan_style.errors import printable
        from gan_style.files import is_folder
        from gan_style.imaging.encoding import Saving
        from gan_style.imaging.formats import format_named
        from gan_style.inference.batch import Outcome, Rules, plan_outcomes
        from gan_style.inference.naming import Naming
        from gan_style.inference.options import StylizeOptions
        from gan_style.inference.planning import PIPE, Job, listed_paths, plan
        from gan_style.inference.style import load_artist

        settings = StylizeOptions(strength, detail, stroke, keep_colors, seed)
        saving = Saving(quality, metadata is Metadata.KEEP)
        wanted = list(inputs or [])
        for path in from_file or []:
            wanted += listed_paths(read_list(path))
        if not wanted and not from_file:
            raise UsageError("No input; name photographs or folders, or use --from-file LIST.")
        artist = load_artist(
            style, device=device, precision=precision, minutes=minutes, downloading=phase_callback(progress, task)
        )
        if warning := artist.warning(settings):
            warn(warning)
        if signature and saving.metadata:
            saving = replace(saving, signature=printable(f"gan-style {__version__}, style {artist.name}"))
        rules = Rules(overwrite, skip, saving, max_pixels)
        if (seed is not None or variations) and not artist.stochastic:
            raise UsageError(f"{artist.name} is deterministic; remove --seed and --variations.")
        ignored.check_artist(context, artist, settings)
        if output == PIPE or (output is None and wanted == [PIPE]):
            if len(wanted) > 1 or is_folder(wanted[0]) or variations:
                several = "-o NAME.png" if wanted == [PIPE] else "-o FOLDER"
                raise UsageError(f"Standard output takes only one picture; use {several} for several.")
            ignored.check_pipe(context)
            if dry_run:
                show_plan([Outcome(Job(wanted[0], PIPE), "planned")], artist, as_json=as_json)
                return
            paint_one_to_pipe(wanted[0], artist, settings, format_named(form or "png"), rules, progress, task)
            return
        named = seed if "{seed}" in name else None
        seeds = range(seed or 0, (seed or 0) + variations) if variations else [named]
        jobs = plan(wanted, output, Naming(artist.name, name, form), list(seeds))
        ignored.check_files(context, jobs, output)
        if dry_run:
            show_plan(plan_outcomes(jobs, artist, rules), artist, as_json=as_json)
            return
        outcomes = paint_files(jobs, artist, settings, rules, progress, task, as_json=as_json)
        ignored.warn_ignored_options(context, artist, settings, outcomes)
    summarize(outcomes)


def paint_one_to_pipe(
    source: Path, artist: Artist, settings: StylizeOptions, form: Format, rules: Rules, progress: Progress, task: TaskID
) -> None:
    """Paint a photograph, or standard input, to standard output.

    Raises:
        UsageError: standard output is a terminal, or closed.
        PictureError: the photograph cannot be read or the painting cannot be written.
        typer.Exit: the reader has closed the pipe.
    """
    from gan_style.cli.display import exit_on_broken_pipe, is_terminal, warn
    from gan_style.inference.batch import paint_to_pipe

    if sys.stdout is None:
        raise UsageError("Standard output is closed; redirect it to a file or a pipe, or name the painting with -o.")
    if is_terminal(sys.stdout):
        raise UsageError(
            "Standard output is a terminal; redirect it to a file or a pipe, or name the painting with -o."
        )

    def show(done: float) -> None:
        progress.update(task, total=1.0, completed=done)

    painted, remark = paint_to_pipe(source, artist, settings, form, rules, show)
    if remark:
        warn(remark)
    with exit_on_broken_pipe():
        write_all(sys.stdout.buffer, painted)


def paint_files(
    jobs: Sequence[Job],
    artist: Artist,
    settings: StylizeOptions,
    rules: Rules,
    progress: Progress,
    task: TaskID,
    *,
    as_json: bool,
) -> list[Outcome]:
    """Paint to files and print a line for each outcome.

    Raises:
        typer.Exit: interrupted.
    """
    from gan_style.cli.display import print_error, print_result, warn
    from gan_style.inference.batch import run

    progress.update(task, total=len(jobs))

    def show(pace: Pace) -> None:
        speed = pace.stage or (f"{pace.megapixels:.2f} MP/s" if pace.megapixels else "")
        count = f"{int(pace.finished)}/{len(jobs)}" if len(jobs) > 1 else ""
        progress.update(task, description=pace.name, completed=pace.finished, count=count, speed=speed)
        progress.update(task, remaining=pace.remaining)

    def report(outcome: Outcome) -> None:
        if as_json:
            print_result(json.dumps(outcome_record(outcome)))
        elif outcome.state == "painted":
            print_result(str(outcome.job.target))
        if outcome.error and len(jobs) > 1:
            print_error(prefix_path(outcome.job.source, str(outcome.error)))
        elif outcome.remark:
            warn(prefix_path(outcome.job.source, outcome.remark))

    try:
        return run(jobs, artist, settings, rules, on_pace=show, on_outcome=report)
    except KeyboardInterrupt:
        print_error("interrupted; the paintings listed on standard output are complete, no others were written.")
        raise typer.Exit(130) from None


def read_list(path: Path) -> bytes:
    """Read a list of inputs from a file or, for ``-``, from standard input.

    Raises:
        UsageError: the list cannot be read.
    """
    try:
        if path != Path("-"):
            return path.read_bytes()
        if sys.stdin is None:
            raise UsageError("The list cannot be read because standard input is closed; pipe it in, or name a file.")
        return sys.stdin.buffer.read()
    except (OSError, ValueError) as error:  # Standard input may be write-only.
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"The list {path} cannot be read ({reason}); check the path.") from None
