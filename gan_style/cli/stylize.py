"""``gan-style stylize``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gan_style.defaults import DETAIL, KEEP_COLORS, QUALITY, STRENGTH, STROKE, STYLE
from gan_style.errors import GanStyleError, UsageError


def stylize(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT", help="Photographs, or folders of them; - for standard input.")
    ],
    style: Annotated[str, typer.Option("--style", "-s", help="A style file, or the name of a bundled style.")] = STYLE,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The painting, a folder for several, or - for standard output. [default: NAME-STYLE beside the "
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
        typer.Option(min=0, help="Paint all in one of the style's manners. [default: each in one of its own]"),
    ] = None,
    variations: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Paint each photograph so many times, with seeds from --seed (or 0) on."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = "auto",
    form: Annotated[
        str, typer.Option("--format", help="png, jpg, webp, tif or bmp. [default: the photograph's; png for -o -]")
    ] = "",
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of jpg and webp.")] = QUALITY,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace paintings that exist.")] = False,
    skip: Annotated[bool, typer.Option("--skip-existing", help="Pass over photographs whose paintings exist.")] = False,
) -> None:
    """Paint photographs.

    The paths of the paintings are printed on standard output, one a line. The format follows the extension: png, jpg,
    webp, tif or bmp. A folder is painted with all pictures below it, into a folder of the same shape.

    In a pipe: cat a.jpg | gan-style stylize - --style monet > b.png
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn

    from gan_style.cli.display import TimeLeft, description, is_terminal, new_progress, warn

    with new_progress(BarColumn(16), MofNCompleteColumn(), TimeElapsedColumn(), TimeLeft(), description()) as progress:
        task = progress.add_task("loading", total=None)
        from gan_style.inference.batch import PIPE, Pace, paint_to_pipe, plan, run, varied, without_clashes
        from gan_style.inference.painter import Brush
        from gan_style.inference.style import load_style

        brush = Brush(strength, detail, stroke, keep_colors, seed)
        loaded = load_style(style, device=device, precision=precision)
        if (seed is not None or variations) and not loaded.file.generator.config.noise:
            raise UsageError(f"{loaded.name} knows one manner of painting only; leave --seed and --variations out.")
        if output == PIPE or (output is None and inputs == [PIPE]):
            if len(inputs) > 1 or inputs[0].is_dir() or variations:
                raise UsageError("Standard output takes one picture; give -o FOLDER for several.")
            if is_terminal(sys.stdout):
                raise UsageError("Standard output is a terminal; send it to a file or a program, or give -o a name.")

            def share(done: float) -> None:
                progress.update(task, total=1.0, completed=done)

            painted = paint_to_pipe(inputs[0], loaded, brush, form=form, quality=quality, on_progress=share)
            sys.stdout.buffer.write(painted)
            sys.stdout.buffer.flush()
            return
        jobs = plan(inputs, output, loaded.name, form)
        if variations:
            jobs = without_clashes(varied(jobs, variations, seed or 0))
        progress.update(task, total=len(jobs))

        def show(pace: Pace) -> None:
            progress.update(task, description=pace.name, completed=pace.finished, remaining=pace.remaining)

        def fail(error: GanStyleError) -> None:
            if len(jobs) > 1:
                warn(str(error))

        def done(path: Path) -> None:
            typer.echo(path)

        try:
            failures = run(
                jobs,
                loaded,
                brush,
                overwrite=overwrite,
                skip=skip,
                quality=quality,
                on_pace=show,
                on_done=done,
                on_failure=fail,
            )
        except KeyboardInterrupt:
            warn("interrupted; the paintings named on standard output are finished, the others are not there.")
            raise typer.Exit(130) from None
    if len(jobs) == 1 and failures:
        raise failures[0]
    if failures:
        warn(f"{len(failures)} of {len(jobs)} pictures failed; they are named above.")
        raise typer.Exit(1)
