"""Report the outcomes of a batch or a dry run: as JSON lines, on standard error and through the exit code."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gan_style.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gan_style.inference.artist import Artist
    from gan_style.inference.batch import Outcome


def show_plan(outcomes: Sequence[Outcome], artist: Artist, *, as_json: bool) -> None:
    """Print the planned outcome of each picture.

    Raises:
        GanStyleError: the only picture would fail.
        typer.Exit: some of several pictures would fail.
    """
    from gan_style.cli.display import print_error, print_result, warn

    for outcome in outcomes:
        if as_json:
            print_result(json.dumps(outcome_record(outcome)))
        elif outcome.state == "planned":
            print_result(f"{outcome.job.source} -> {outcome.job.target}")
        if outcome.error and len(outcomes) > 1:
            print_error(prefix_path(outcome.job.source, str(outcome.error)))
    counts = Counter(outcome.state for outcome in outcomes)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    warn(f"{counts['planned']} would be painted in the style {artist.name}{skipped}; dry run, nothing was written.")
    summarize(outcomes, "would fail")


def summarize(outcomes: Sequence[Outcome], verb: str = "failed") -> None:
    """Report how many pictures failed, or would fail.

    Raises:
        GanStyleError: the only picture failed.
        typer.Exit: some of several pictures failed.
    """
    from gan_style.cli.display import print_error

    failures = [outcome.error for outcome in outcomes if outcome.error]
    if failures and len(outcomes) == 1:
        raise failures[0]
    if failures:
        print_error(f"{len(failures)} of {len(outcomes)} pictures {verb}; see the messages above.")
        raise typer.Exit(1)


def prefix_path(source: Path, sentence: str) -> str:
    """Prefix a message with the picture's path unless the message already contains it."""
    name = printable(str(source))
    return sentence if name in printable(sentence) else f"{name}: {sentence}"


def outcome_record(outcome: Outcome) -> dict[str, object]:
    """Return an outcome as a JSON-serializable dictionary."""
    from gan_style.names import path_text

    return {
        "source": path_text(outcome.job.source),
        "target": path_text(outcome.job.target),
        "state": outcome.state,
        "width": outcome.size[0] if outcome.size else None,
        "height": outcome.size[1] if outcome.size else None,
        "seed": outcome.job.seed,
        "seconds": round(outcome.seconds, 3),
        "error": str(outcome.error) if outcome.error else None,
        "code": outcome.error.exit_code if outcome.error else 0,
        "remark": outcome.remark or None,
    }
