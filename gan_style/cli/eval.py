"""``gan-style eval``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from gan_style.evaluation.results import Evaluation


def evaluate(
    photos: Annotated[Path, typer.Option("--photos", help="Photographs that were not trained on.")],
    paintings: Annotated[Path, typer.Option("--paintings", help="Real paintings that were not trained on.")],
    style: Annotated[
        str | None, typer.Option("--style", "-s", help="A style file, or the name of a bundled style.")
    ] = None,
    outputs: Annotated[
        Path | None,
        typer.Option(help="Instead of --style: photographs painted by any program, under the photographs' names."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder for the report, one page to be opened in a browser.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    features: Annotated[
        str, typer.Option(help="Network to look through: lite2, lite0, or auto for the better one that is there.")
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Of every random choice.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = "auto",
) -> None:
    """Judge a style, or what another program painted, against real paintings.

    Distances to the real paintings, beside those of the untouched photographs, of photographs with only their
    colours moved, and of the paintings among themselves; the share of the style gap closed; how much of the
    photographs is kept; faults; cost. Intervals are of 95 %. Keep photographs and paintings aside for this before
    training.
    """
    import json as json_format
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn

    from gan_style.cli.display import TimeLeft, description, new_progress, warn

    with new_progress(BarColumn(16), MofNCompleteColumn(), TimeElapsedColumn(), TimeLeft(), description()) as progress:
        task = progress.add_task("loading", total=None)
        from gan_style.evaluation.evaluate import evaluate as judge

        start = time.monotonic()
        phase = ""

        def show(what: str, done: int, total: int) -> None:
            nonlocal start, phase
            if what != phase:
                start, phase = time.monotonic(), what
            remaining = (time.monotonic() - start) / done * (total - done) if done else float("inf")
            progress.update(task, description=what, completed=done, total=total, remaining=remaining)

        result = judge(
            photos,
            paintings,
            style=style,
            outputs=outputs,
            features=features,
            seed=seed,
            device=device,
            precision=precision,
            progress=show,
        )
    if report is not None:
        from gan_style.evaluation.report import write_report

        page = write_report(result, report)
    for sentence in [*result.failures, *result.warnings]:
        warn(sentence)
    if json:
        typer.echo(json_format.dumps(result.as_json(), indent=2, ensure_ascii=False))
    else:
        console = Console(highlight=False)
        console.print(distances_table(result))
        console.print(figures_table(result))
        if report is not None:
            console.print(page, soft_wrap=True)
    if result.failures:
        warn(f"{len(result.failures)} pictures could not be used; they are named above.")
        raise typer.Exit(1)


def distances_table(result: Evaluation) -> Table:
    """Every set beside the real paintings."""
    from rich.table import Table

    from gan_style.evaluation.words import number

    table = Table(title=f"Distance to the real paintings, as {result.settings['features']['network']} sees it")
    table.add_column("")
    for column in ("pictures", "KID x 1000", "gap closed", "FID", "patches, fine to coarse"):
        table.add_column(column, justify="right")
    for row in result.rows:
        table.add_row(
            row.name,
            str(row.pictures),
            number(row.kid, 1000),
            number(row.closed, 100, " %"),
            f"{row.fid:.2f}",
            "  ".join(f"{one.value:.3f}" for one in row.patches),
        )
    return table


def figures_table(result: Evaluation) -> Table:
    """Everything else."""
    from rich.table import Table

    from gan_style.evaluation.words import figures

    table = Table(show_header=False)
    for row in figures(result):
        table.add_row(*row)
    return table
