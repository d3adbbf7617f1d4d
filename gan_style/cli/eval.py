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

METRICS, PEOPLE = "Metrics", "Preference study"


def evaluate(
    context: typer.Context,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="With --humans: styles or folders to compare; with --tally: answer files.",
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
            "--photos", readable=False, metavar="FOLDER", help="Photographs not used in training; not for --tally."
        ),
    ] = None,
    paintings: Annotated[
        Path | None,
        typer.Option(
            "--paintings",
            readable=False,
            metavar="FOLDER",
            help="Real paintings not used in training; not for --humans or --tally.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", readable=False, metavar="FOLDER", help="Folder for an HTML report or study page."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    outputs: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="FOLDER",
            help="Instead of --style: paintings made by any program, named like their photographs.",
            rich_help_panel=METRICS,
        ),
    ] = None,
    features: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Feature network: auto, lite2, lite0, dinov2, inception, or the path of one.",
            rich_help_panel=METRICS,
        ),
    ] = "auto",
    humans: Annotated[
        bool,
        typer.Option(
            "--humans", help="Create a page on which people choose the painter they prefer.", rich_help_panel=PEOPLE
        ),
    ] = False,
    trials: Annotated[
        int,
        typer.Option(
            metavar="1-1000",
            callback=within(1, 1000),
            help="With --humans: number of rated pairs.",
            rich_help_panel=PEOPLE,
        ),
    ] = 40,
    question: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --humans: the question to ask.", rich_help_panel=PEOPLE)
    ] = None,
    tally: Annotated[
        bool, typer.Option("--tally", help="Tally the answers of a study.", rich_help_panel=PEOPLE)
    ] = False,
    seed: Annotated[
        int,
        typer.Option(metavar="N", callback=within(0), help="Random seed.", rich_help_panel=RUNNING),
    ] = 0,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.", rich_help_panel=RUNNING)] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="auto, fp32 or bf16.", rich_help_panel=RUNNING)
    ] = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Evaluate a style, or the output of another program, against real paintings.

    Reports the distance to the real paintings, next to that of the unchanged photographs, of photographs with only
    their colors transferred, and of the paintings among themselves; the share of the style gap closed; content
    preservation; artifacts; and cost. Intervals are 95 %. Hold out photographs and paintings for this before training.

    For a preference study, --humans STYLE STYLE --photos FOLDER -o FOLDER creates a page of blind comparisons between
    styles (or folders of paintings), and --tally ANSWERS.json... tallies the files that it saves.
    """
    from gan_style.cli import people
    from gan_style.cli.display import configure_logging

    configure_logging(quiet=quiet, verbose=verbose)
    if humans and tally:
        raise UsageError("Use either --humans, to create a study, or --tally, to tally its answers.")
    ignored.check_eval(context)
    if humans:
        if photos is None or report is None:
            raise UsageError("--humans needs photographs and an output folder; add --photos FOLDER -o FOLDER.")
        people.create_study(inputs or [], photos, report, trials, question, seed, device, precision)
    elif tally:
        people.tally_answers([Path(name) for name in inputs or []], report, json, seed)
    elif inputs:
        raise UsageError(
            f"Unexpected argument {inputs[0]}; add --humans to compare styles or --tally to tally answers."
        )
    elif photos is None or paintings is None:
        raise UsageError("Evaluation needs photographs and real paintings; add --photos FOLDER --paintings FOLDER.")
    else:
        print_evaluation(photos, paintings, style, outputs, report, json, features, seed, device, precision)


def print_evaluation(
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
    """Run the evaluation and print it; also write a report if ``report`` is given."""
    import json as json_format

    from rich.console import Console

    from gan_style.cli.display import phase_progress, print_error, warn

    if report is not None:
        from gan_style.pages.page import check_page

        check_page(report)
    with phase_progress() as show:
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
        print_error(sentence)
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
        print_error(f"{counted(len(result.failures), 'picture')} could not be used; see the messages above.")
        raise typer.Exit(1)


def distances_table(result: Evaluation) -> Table:
    """Build the table of each set's distance to the real paintings."""
    from rich.table import Table
    from rich.text import Text

    from gan_style.evaluation.phrases import SHORT_NAMES, number

    table = Table(title=Text(f"Distance to the real paintings in {result.settings['features']['network']} features"))
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
    """Build the table of each set's patch distances to the real paintings, one column per scale."""
    from rich.table import Table

    from gan_style.evaluation.phrases import SHORT_NAMES, scales

    table = Table(title="Patch distance to the real paintings, per scale")
    table.add_column("")
    for column in scales(len(result.painted.patches)):
        table.add_column(column, justify="right")
    for name, row in zip(SHORT_NAMES, result.rows, strict=True):
        table.add_row(name, *(f"{one.value:.3f}" for one in row.patches))
    return table


def figures_table(result: Evaluation) -> Table:
    """Build the table of the remaining metrics."""
    from rich.table import Table

    from gan_style.evaluation.phrases import figures

    table = Table(show_header=False)
    for row in figures(result):
        table.add_row(*row)
    return table
