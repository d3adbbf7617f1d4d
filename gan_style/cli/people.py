"""``gan-style eval --humans`` and ``--tally``: create a preference study and tally its answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gan_style.text import counted

if TYPE_CHECKING:
    from rich.table import Table

    from gan_style.evaluation.ratings import Tally


def create_study(
    painters: list[str],
    photos: Path,
    folder: Path,
    trials: int,
    question: str | None,
    seed: int,
    device: str,
    precision: str,
) -> None:
    """Write the study page and print its path."""
    from gan_style.cli.display import phase_progress, print_error, warn
    from gan_style.pages.page import check_page

    check_page(folder)
    with phase_progress() as show:
        from gan_style.evaluation.study import QUESTION, StudyConfig, write_study

        config = StudyConfig(trials=trials, question=question or QUESTION, seed=seed)
        study = write_study(painters, photos, folder, config, device=device, precision=precision, progress=show)
    for sentence in study.failures:
        print_error(sentence)
    if study.trials < trials:
        warn(f"only {counted(study.trials, 'pair')} could be made, not {trials}; add more readable photographs.")
    typer.echo(study.page)
    if study.failures:
        print_error(f"{counted(len(study.failures), 'photograph')} could not be used; see the messages above.")
        raise typer.Exit(1)


def tally_answers(files: list[Path], folder: Path | None, json: bool, seed: int) -> None:
    """Print the ratings, and add them to the report in ``folder`` if given."""
    import json as json_format

    from rich.console import Console

    from gan_style.cli.display import warn
    from gan_style.evaluation.ratings import tally, write_tally

    result = tally(files, seed)
    page = write_tally(result, folder) if folder is not None else None
    for sentence in result.warnings:
        warn(sentence)
    if json:
        typer.echo(json_format.dumps(result.as_json(), indent=2))
        return
    console = Console(highlight=False)
    console.print(ratings_table(result))
    if page is not None:
        typer.echo(page)


def ratings_table(result: Tally) -> Table:
    """Build the table of painters, most preferred first."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{result.question} {result.raters} raters, {result.answers} answers"))
    table.add_column("painter")
    for column in ("preferred", "95 % interval", "strength", "95 % interval", "won"):
        table.add_column(column, justify="right")
    for one in result.ratings:
        low, high = (f"{100 * end:.0f}" for end in one.preferred.interval)
        table.add_row(
            Text(one.painter),
            f"{100 * one.preferred.value:.0f} %",
            f"{low} to {high} %",
            f"{one.strength.value:+.2f}",
            "{:+.2f} to {:+.2f}".format(*one.strength.interval),
            f"{one.won} of {one.shown}",
        )
    return table
