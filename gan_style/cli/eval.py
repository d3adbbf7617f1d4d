"""``gan-style eval``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_style.errors import UsageError
from gan_style.words import counted

if TYPE_CHECKING:
    from rich.table import Table

    from gan_style.evaluation.results import Evaluation


def evaluate(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT", help="With --humans painters to compare, with --tally files of answers."),
    ] = None,
    photos: Annotated[
        Path | None, typer.Option("--photos", help="Photographs that were not trained on; not for --tally.")
    ] = None,
    paintings: Annotated[
        Path | None, typer.Option("--paintings", help="Real paintings that were not trained on; only to judge.")
    ] = None,
    style: Annotated[
        str | None, typer.Option("--style", "-s", help="A style file, or the name of a bundled style.")
    ] = None,
    outputs: Annotated[
        Path | None,
        typer.Option(help="Instead of --style: photographs painted by any program, under the photographs' names."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder for a page that is opened in a browser.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    features: Annotated[
        str, typer.Option(help="Network to look through: auto, lite2, lite0, dinov2, inception, or the path of one.")
    ] = "auto",
    humans: Annotated[
        bool, typer.Option("--humans", help="Make a page that asks people which painter they prefer.")
    ] = False,
    trials: Annotated[int, typer.Option(min=1, max=1000, help="With --humans: pairs that count.")] = 40,
    question: Annotated[str | None, typer.Option(help="With --humans: what they are asked.")] = None,
    tally: Annotated[bool, typer.Option("--tally", help="Count what people answered.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of every random choice.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = "auto",
) -> None:
    """Judge a style, or what another program painted, against real paintings.

    Distances to the real paintings, beside those of the untouched photographs, of photographs with only their
    colours moved, and of the paintings among themselves; the share of the style gap closed; how much of the
    photographs is kept; faults; cost. Intervals are of 95 %. Keep photographs and paintings aside for this before
    training.

    Or ask people: --humans STYLE STYLE --photos FOLDER -o FOLDER makes a page of blind choices between styles (or
    folders of paintings), and --tally ANSWERS.json... counts the files that it saved.
    """
    from gan_style.cli import people

    if humans and tally:
        raise UsageError("Give either --humans, to make a page, or --tally, to count its answers.")
    if humans:
        if photos is None or report is None:
            raise UsageError("--humans needs photographs and a folder for its page; add --photos FOLDER -o FOLDER.")
        people.ask(inputs or [], photos, report, trials, question, seed, device, precision)
    elif tally:
        people.count([Path(name) for name in inputs or []], report, json, seed)
    elif inputs:
        raise UsageError(f"{inputs[0]} is neither needed nor used; painters go with --humans, answers with --tally.")
    elif photos is None or paintings is None:
        raise UsageError("Judging needs photographs and real paintings; add --photos FOLDER --paintings FOLDER.")
    else:
        judge(photos, paintings, style, outputs, report, json, features, seed, device, precision)


def judge(
    photos: Path,
    paintings: Path,
    style: str | None,
    outputs: Path | None,
    report: Path | None,
    json: bool,
    features: str,
    seed: int,
    device: str,
    precision: str,
) -> None:
    """Measure, and print or write what was found."""
    import json as json_format

    from rich.console import Console

    from gan_style.cli.display import counting, warn

    if report is not None:
        from gan_style.pages.page import check_page

        check_page(report)
    with counting() as show:
        from gan_style.evaluation.evaluate import evaluate as measure

        result = measure(
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
    for sentence in [*result.failures, *result.warnings]:
        warn(sentence)
    if json:
        typer.echo(json_format.dumps(result.as_json(), indent=2))
    else:
        console = Console(highlight=False)
        console.print(distances_table(result))
        console.print(patches_table(result))
        console.print(figures_table(result))
    if report is not None:
        from gan_style.evaluation.report import write_report

        page = write_report(result, report)
        if not json:
            typer.echo(page)
    if result.failures:
        warn(f"{counted(len(result.failures), 'picture')} could not be used, as said above.")
        raise typer.Exit(1)


def distances_table(result: Evaluation) -> Table:
    """Every set beside the real paintings."""
    from rich.table import Table
    from rich.text import Text

    from gan_style.evaluation.words import SHORT_NAMES, number

    table = Table(title=Text(f"Distance to the real paintings, as {result.settings['features']['network']} sees it"))
    table.add_column("")
    for column in ("pictures", "KID x 1000", "gap closed", "FID"):
        table.add_column(column, justify="right")
    for name, row in zip(SHORT_NAMES, result.rows, strict=True):
        table.add_row(
            name,
            str(row.pictures),
            number(row.kid, 1000),
            number(row.closed, 100, " %"),
            f"{row.fid:.2f}",
        )
    return table


def patches_table(result: Evaluation) -> Table:
    """Every set beside the real paintings, patches of each size by themselves."""
    from rich.table import Table

    from gan_style.evaluation.words import SHORT_NAMES, scales

    table = Table(title="Distance of patches to those of the real paintings, scale by scale")
    table.add_column("")
    for column in scales(len(result.painted.patches)):
        table.add_column(column, justify="right")
    for name, row in zip(SHORT_NAMES, result.rows, strict=True):
        table.add_row(name, *(f"{one.value:.3f}" for one in row.patches))
    return table


def figures_table(result: Evaluation) -> Table:
    """Everything else."""
    from rich.table import Table

    from gan_style.evaluation.words import figures

    table = Table(show_header=False)
    for row in figures(result):
        table.add_row(*row)
    return table
