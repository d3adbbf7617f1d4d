"""``gan-style stylize``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_style.defaults import DETAIL, STRENGTH, STYLE
from gan_style.errors import GanStyleError


def stylize(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="Photographs, or folders of them.")],
    style: Annotated[str, typer.Option("--style", "-s", help="A style file, or the name of a bundled style.")] = STYLE,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The painting, or a folder for several. [default: NAME-STYLE beside the photograph]"
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0, max=1.5, help="0 gives the photograph back, 1 the painting, more exaggerates.")
    ] = STRENGTH,
    detail: Annotated[
        float, typer.Option(min=0, max=1, help="How much of a large photograph's fine detail comes back.")
    ] = DETAIL,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace paintings that exist.")] = False,
) -> None:
    """Paint photographs.

    The paths of the paintings are printed on standard output, one a line. The format follows the extension: png, jpg,
    webp, tif or bmp. A folder is painted with all pictures below it, into a folder of the same shape.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn

    from gan_style.cli.display import TimeLeft, description, new_progress, warn

    with new_progress(BarColumn(16), MofNCompleteColumn(), TimeElapsedColumn(), TimeLeft(), description()) as progress:
        task = progress.add_task("loading", total=None)
        from gan_style.inference.batch import Pace, plan, run
        from gan_style.inference.painter import Brush
        from gan_style.inference.style import load_style

        brush = Brush(strength, detail)
        loaded = load_style(style, device=device, precision=precision)
        jobs = plan(inputs, output, loaded.name)
        progress.update(task, total=len(jobs))

        def show(pace: Pace) -> None:
            progress.update(task, description=pace.name, completed=pace.finished, remaining=pace.remaining)

        def fail(error: GanStyleError) -> None:
            if len(jobs) > 1:
                warn(str(error))

        def done(path: Path) -> None:
            typer.echo(path)

        try:
            failures = run(jobs, loaded, brush, overwrite=overwrite, on_pace=show, on_done=done, on_failure=fail)
        except KeyboardInterrupt:
            warn("interrupted; the paintings named on standard output are finished, the others are not there.")
            raise typer.Exit(130) from None
    if len(jobs) == 1 and failures:
        raise failures[0]
    if failures:
        warn(f"{len(failures)} of {len(jobs)} pictures failed; they are named above.")
        raise typer.Exit(1)
