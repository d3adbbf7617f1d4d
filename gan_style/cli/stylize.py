"""``gan-style stylize``."""

from __future__ import annotations

import enum
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_style.cli.styles import list_styles, show_info
from gan_style.defaults import DETAIL, KEEP_COLORS, MAX_PIXELS, NAME, QUALITY, STRENGTH, STROKE, STYLE
from gan_style.errors import UsageError
from gan_style.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress, TaskID

    from gan_style.imaging.formats import Format
    from gan_style.inference.artist import Artist
    from gan_style.inference.batch import Outcome, Pace, Rules
    from gan_style.inference.painter import Brush
    from gan_style.inference.planning import Job

MANY, FILES, STYLES = "Many pictures", "Files", "Styles"


class Metadata(str, enum.Enum):
    """What becomes of a photograph's metadata."""

    KEEP = "keep"
    STRIP = "strip"


def stylize(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[INPUT]...", help="Photographs, folders of them, or quoted patterns; - for standard input."
        ),
    ] = None,
    style: Annotated[
        str,
        typer.Option(
            "--style",
            "-s",
            envvar="GAN_STYLE_STYLE",
            help="A style file, the name of a bundled style, owner/repo on the Hub, or a painting.",
        ),
    ] = STYLE,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The painting, a folder for several, or - for standard output. \\[default: NAME-STYLE beside the "
            "photograph]",
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0, max=1.5, help="0 gives the photograph back, 1 the painting, more exaggerates.")
    ] = STRENGTH,
    detail: Annotated[
        float, typer.Option(min=0, max=1, help="How much of a large photograph's fine detail comes back.")
    ] = DETAIL,
    stroke: Annotated[
        float, typer.Option(min=0.25, max=4, help="Size of the largest brush on a large photograph.")
    ] = STROKE,
    keep_colors: Annotated[
        float, typer.Option(min=0, max=1, help="How much of the photograph's own colours stays.")
    ] = KEEP_COLORS,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Paint all in one of the style's manners. \\[default: each in one of its own]"),
    ] = None,
    variations: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Paint each photograph so many times, with seeds from --seed (or 0) on."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Most that may be spent on each photograph where --style is a painting."),
    ] = None,
    device: Annotated[str, typer.Option(envvar="GAN_STYLE_DEVICE", help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace paintings that exist.")] = False,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="png, jpg, webp, tif, gif, avif, heic or bmp. \\[default: the photograph's; png for -o -]",
            rich_help_panel=FILES,
        ),
    ] = "",
    quality: Annotated[
        int, typer.Option(min=1, max=100, help="Of jpg, webp, avif and heic.", rich_help_panel=FILES)
    ] = QUALITY,
    metadata: Annotated[
        Metadata,
        typer.Option(help="EXIF, XMP and IPTC; colour profile and density stay.", rich_help_panel=FILES),
    ] = Metadata.KEEP,
    signature: Annotated[
        bool,
        typer.Option(
            "--signature/--no-signature",
            help="Write the style's name and gan-style's version, and nothing else, into the metadata; not with strip.",
            rich_help_panel=FILES,
        ),
    ] = True,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse pictures with more, all frames together.", rich_help_panel=FILES)
    ] = MAX_PIXELS,
    from_file: Annotated[
        list[Path] | None,
        typer.Option(
            help="A list of inputs, one a line or with NUL between them; - for standard input.", rich_help_panel=MANY
        ),
    ] = None,
    name: Annotated[
        str,
        typer.Option(help="How paintings are called, of {name}, {style} and {seed}.", rich_help_panel=MANY),
    ] = NAME,
    skip: Annotated[
        bool,
        typer.Option("--skip-existing", help="Pass over photographs whose paintings exist.", rich_help_panel=MANY),
    ] = False,
    styles: Annotated[
        bool,
        typer.Option(
            "--list-styles", help="Print what styles have a name or are cached, and stop.", rich_help_panel=STYLES
        ),
    ] = False,
    info: Annotated[
        bool,
        typer.Option("--info", help="Print all that the style's file says, as JSON, and stop.", rich_help_panel=STYLES),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each picture.", rich_help_panel=MANY)
    ] = False,
) -> None:
    """Paint photographs.

    The paths of the paintings are printed on standard output, one a line. The format follows the extension. A folder
    is painted with all pictures below it, into a folder of the same shape.

    --style may also be a picture of a painting: nothing is learnt then, each photograph is worked over for a minute or
    several until its features are those of the painting.

    In a pipe: cat a.jpg | gan-style stylize - --style monet > b.png
    """
    if styles:
        list_styles()
        return
    if info:
        show_info(style)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

    from gan_style.cli.display import TimeLeft, counter, description, new_progress

    speed = TextColumn("{task.fields[speed]}")
    columns = (BarColumn(16), MofNCompleteColumn(), speed, TimeElapsedColumn(), TimeLeft(), description())
    with new_progress(*columns) as progress:
        task = progress.add_task("loading", total=None, speed="")
        from gan_style.errors import printable
        from gan_style.imaging.encoding import Saving
        from gan_style.imaging.formats import format_named
        from gan_style.inference.batch import Rules
        from gan_style.inference.painter import Brush
        from gan_style.inference.planning import PIPE, Naming, listed_paths, plan
        from gan_style.inference.style import load_artist

        brush = Brush(strength, detail, stroke, keep_colors, seed)
        saving = Saving(quality, metadata is Metadata.KEEP)
        wanted = list(inputs or [])
        for path in from_file or []:
            wanted += listed_paths(read_list(path))
        if not wanted and not from_file:
            raise UsageError("There is nothing to paint; name photographs, folders or --from-file LIST.")
        artist = load_artist(
            style, device=device, precision=precision, minutes=minutes, downloading=counter(progress, task)
        )
        if signature and saving.metadata:
            saving = replace(saving, signature=printable(f"gan-style {__version__}, style {artist.name}"))
        rules = Rules(overwrite, skip, saving, max_pixels)
        if (seed is not None or variations) and not artist.manners:
            raise UsageError(f"{artist.name} knows one manner of painting only; leave --seed and --variations out.")
        if output == PIPE or (output is None and wanted == [PIPE]):
            if len(wanted) > 1 or wanted[0].is_dir() or variations:
                several = "-o NAME.png" if wanted == [PIPE] else "-o FOLDER"
                raise UsageError(f"Standard output takes one picture; give {several} for several.")
            paint_one_to_pipe(wanted[0], artist, brush, format_named(form or "png"), rules, progress, task)
            return
        named = seed if "{seed}" in name else None
        seeds = range(seed or 0, (seed or 0) + variations) if variations else [named]
        jobs = plan(wanted, output, Naming(artist.name, name, form), list(seeds))
        outcomes = paint_files(jobs, artist, brush, rules, progress, task, as_json=as_json)
    summarise(outcomes)


def paint_one_to_pipe(
    source: Path, artist: Artist, brush: Brush, form: Format, rules: Rules, progress: Progress, task: TaskID
) -> None:
    """Paint a photograph, or standard input, to standard output.

    Raises:
        UsageError: that is a terminal.
        PictureError: it cannot be read or written.
        typer.Exit: nobody reads on.
    """
    from gan_style.cli.display import is_terminal, warn, while_read
    from gan_style.inference.batch import paint_to_pipe

    if is_terminal(sys.stdout):
        raise UsageError("Standard output is a terminal; send it to a file or a program, or give -o a name.")

    def share(done: float) -> None:
        progress.update(task, total=1.0, completed=done)

    painted, remark = paint_to_pipe(source, artist, brush, form, rules, share)
    if remark:
        warn(remark)
    with while_read():
        sys.stdout.buffer.write(painted)
        sys.stdout.buffer.flush()


def paint_files(
    jobs: Sequence[Job],
    artist: Artist,
    brush: Brush,
    rules: Rules,
    progress: Progress,
    task: TaskID,
    *,
    as_json: bool,
) -> list[Outcome]:
    """Paint to files, a line for each.

    Raises:
        typer.Exit: interrupted.
    """
    from gan_style.cli.display import say, warn
    from gan_style.inference.batch import run

    progress.update(task, total=len(jobs))

    def show(pace: Pace) -> None:
        speed = f"{pace.megapixels:.2f} MP/s" if pace.megapixels else ""
        progress.update(task, description=pace.name, completed=pace.finished, remaining=pace.remaining, speed=speed)

    def tell(outcome: Outcome) -> None:
        if as_json:
            say(json.dumps(as_line(outcome)))
        elif outcome.state == "painted":
            say(str(outcome.job.target))
        if outcome.error and len(jobs) > 1:
            warn(str(outcome.error))
        elif outcome.remark:
            warn(f"{outcome.job.source}: {outcome.remark}")

    try:
        return run(jobs, artist, brush, rules, on_pace=show, on_outcome=tell)
    except KeyboardInterrupt:
        warn("interrupted; the paintings named on standard output are finished, the others are not there.")
        raise typer.Exit(130) from None


def summarise(outcomes: Sequence[Outcome]) -> None:
    """Say how many failed.

    Raises:
        GanStyleError: the only picture did.
        typer.Exit: some of several did.
    """
    from gan_style.cli.display import warn

    failures = [outcome.error for outcome in outcomes if outcome.error]
    if failures and len(outcomes) == 1:
        raise failures[0]
    if failures:
        warn(f"{len(failures)} of {len(outcomes)} pictures failed; they are named above.")
        raise typer.Exit(1)


def read_list(path: Path) -> bytes:
    """What a list of inputs holds.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if path == Path("-") else path.read_bytes()
    except OSError as error:
        raise UsageError(f"The list {path} cannot be read ({error.strerror}); check the path.") from None


def as_line(outcome: Outcome) -> dict[str, object]:
    """What became of a picture, for programs."""
    return {
        "source": str(outcome.job.source),
        "target": str(outcome.job.target),
        "state": outcome.state,
        "width": outcome.size[0] if outcome.size else None,
        "height": outcome.size[1] if outcome.size else None,
        "seed": outcome.job.seed,
        "seconds": round(outcome.seconds, 3),
        "error": str(outcome.error) if outcome.error else None,
        "code": outcome.error.exit_code if outcome.error else 0,
        "remark": outcome.remark or None,
    }
