"""What became of pictures, or would: in lines of JSON, on standard error, and in the exit code."""

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
    """Print what would become of each picture.

    Raises:
        GanStyleError: the only one would fail.
        typer.Exit: some of several would.
    """
    from gan_style.cli.display import complain, say, warn

    for outcome in outcomes:
        if as_json:
            say(json.dumps(as_line(outcome)))
        elif outcome.state == "planned":
            say(f"{outcome.job.source} -> {outcome.job.target}")
        if outcome.error and len(outcomes) > 1:
            complain(naming(outcome.job.source, str(outcome.error)))
    counts = Counter(outcome.state for outcome in outcomes)
    skipped = f", {counts['skipped']} passed over" if counts["skipped"] else ""
    warn(f"{counts['planned']} would be painted in the style {artist.name}{skipped}; nothing was.")
    summarize(outcomes, "would fail")


def summarize(outcomes: Sequence[Outcome], verb: str = "failed") -> None:
    """Say how many failed, or would fail.

    Raises:
        GanStyleError: the only picture did.
        typer.Exit: some of several did.
    """
    from gan_style.cli.display import complain

    failures = [outcome.error for outcome in outcomes if outcome.error]
    if failures and len(outcomes) == 1:
        raise failures[0]
    if failures:
        complain(f"{len(failures)} of {len(outcomes)} pictures {verb}; they are named above.")
        raise typer.Exit(1)


def naming(source: Path, sentence: str) -> str:
    """A sentence about what went wrong with a picture, which it names."""
    name = printable(str(source))
    return sentence if name in printable(sentence) else f"{name}: {sentence}"


def as_line(outcome: Outcome) -> dict[str, object]:
    """What became of a picture, for programs."""
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
