"""``gan-style eval``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_style.cli import ignored
from gan_style.cli.command import RUNNING, Quiet, Verbose, within
from gan_style.errors import UsageError
from gan_style.text import counted

if TYPE_CHECKING:
    from rich.table import Table

    from gan_style.evaluation.results import Evaluation

JUDGING, PEOPLE = "Judging", "Asking people"


def evaluate(
    context: typer.Context,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="With --humans painters to compare, with --tally files of answers.",
            show_default=False,
        ),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option("--style", "-s", metavar="STYLE", help="A style file, or the name of a bundled style."),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            "--photos", readable=False, metavar="FOLDER", help="Photographs that were not trained on; not for --tally."
        ),
    ] = None,
    paintings: Annotated[
        Path | None,
        typer.Option(
            "--paintings",
            readable=False,
            metavar="FOLDER",
            help="Real paintings that were not trained on; only to judge.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", readable=False, metavar="FOLDER", help="A folder for a page that is opened in a browser."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    outputs: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="FOLDER",
            help="Instead of --style: photographs painted by any program, under the photographs' names.",
            rich_help_panel=JUDGING,
        ),
    ] = None,
    features: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Network to look through: auto, lite2, lite0, dinov2, inception, or the path of one.",
            rich_help_panel=JUDGING,
        ),
    ] = "auto",
    humans: Annotated[
        bool,
        typer.Option(
            "--humans", help="Make a page that asks people which painter they prefer.", rich_help_panel=PEOPLE
        ),
    ] = False,
    trials: Annotated[
        int,
        typer.Option(
            metavar="1-1000", callback=within(1, 1000), help="With --humans: pairs that count.", rich_help_panel=PEOPLE
        ),
    ] = 40,
    question: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --humans: what they are asked.", rich_help_panel=PEOPLE)
    ] = None,
    tally: Annotated[bool, typer.Option("--tally", help="Count what people answered.", rich_help_panel=PEOPLE)] = False,
    seed: Annotated[
        int,
        typer.Option(metavar="N", callback=within(0), help="Of every random choice.", rich_help_panel=RUNNING),
    ] = 0,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.", rich_help_panel=RUNNING)] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="auto, fp32 or bf16.", rich_help_panel=RUNNING)
    ] = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
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
    from gan_style.cli.display import listen

    listen(quiet=quiet, verbose=verbose)
    if humans and tally:
        raise UsageError("Give either --humans, to make a page, or --tally, to count its answers.")
    ignored.in_evaluation(context)
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

    from gan_style.cli.display import complain, counting, warn

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
    for sentence in result.failures:
        complain(sentence)
    for sentence in result.warnings:
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
        complain(f"{counted(len(result.failures), 'picture')} could not be used, as said above.")
        raise typer.Exit(1)


def distances_table(result: Evaluation) -> Table:
    """Every set beside the real paintings."""
    from rich.table import Table
    from rich.text import Text

    from gan_style.evaluation.phrases import SHORT_NAMES, number

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

    from gan_style.evaluation.phrases import SHORT_NAMES, scales

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

    from gan_style.evaluation.phrases import figures

    table = Table(show_header=False)
    for row in figures(result):
        table.add_row(*row)
    return table
