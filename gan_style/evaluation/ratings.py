"""Tally of a preference study, and its HTML page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_style.errors import DataError
from gan_style.evaluation.answers import Answers, read_answers
from gan_style.evaluation.bradley_terry import Rating, rank
from gan_style.evaluation.results import to_plain
from gan_style.pages.page import interval_plot, template, write_page
from gan_style.text import counted

SLOT = re.compile(r"<!-- people -->.*<!-- /people -->", re.DOTALL)
"""Placeholder of the human ratings in a report."""


@dataclass(frozen=True)
class Tally:
    """Combined result of all raters.

    Attributes:
        study: ID of the study.
        question: question that was asked.
        ratings: ratings, most preferred painter first.
        raters: number of raters included.
        answers: number of their rating trials.
        left: share of these trials in which the left side was chosen.
        steady: share of repeat trials with the same answer; None without any.
        warnings: caveats, one sentence each.
    """

    study: str
    question: str
    ratings: list[Rating]
    raters: int
    answers: int
    left: float
    steady: float | None
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return all figures as JSON-serializable data."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def tally(files: Sequence[Path], seed: int = 0) -> Tally:
    """Read answers and rank the painters.

    Args:
        files: files that raters saved.
        seed: seed of the bootstrap.

    Raises:
        DataError: a file contains no answers, they belong to different studies, or no attentive rater is left.
    """
    if not files:
        raise DataError("There are no answers; name the files that raters saved.")
    warnings: list[str] = []
    by_rater: dict[str, Answers] = {}
    for path in files:
        one = read_answers(path)
        before = by_rater.get(one.rater)
        if before:
            warnings.append(f"{path} is a second file of the same rater; only the one with more answers is used.")
        if before is None or len(one.rated) > len(before.rated):
            by_rater[one.rater] = one
    first = next(iter(by_rater.values()))
    if any((one.study, one.painters) != (first.study, first.painters) for one in by_rater.values()):
        raise DataError("These answers belong to different studies; tally each study separately.")
    kept = [one for one in by_rater.values() if one.attentive and one.rated]
    warnings += [
        f"Rater {one.rater} missed {one.caught.count(False)} of {counted(len(one.caught), 'catch trial')} and is "
        "excluded."
        for one in by_rater.values()
        if not one.attentive
    ]
    unproven = sum(not one.caught for one in kept)
    if unproven:
        warnings.append(
            f"{unproven} of {counted(len(kept), 'rater')} had no catch trial, so their attention is unverified."
        )
    if not kept:
        raise DataError("No rater is left who answered and passed the catch trials; ask more people.")
    rated = sum(len(one.rated) for one in kept)
    steady = [same for one in kept for same in one.steady]
    return Tally(
        study=first.study,
        question=first.question,
        ratings=rank(first.painters, [one.rated for one in kept], seed),
        raters=len(kept),
        answers=rated,
        left=sum(one.left for one in kept) / rated,
        steady=sum(steady) / len(steady) if steady else None,
        warnings=warnings,
    )


def write_tally(result: Tally, folder: Path) -> Path:
    """Insert the ratings into the report of a folder, or write a new page if there is none.

    Returns:
        Path of the page.

    Raises:
        DataError: there is a page that is not a report.
        ResourceError: the page cannot be written.
    """
    plot = interval_plot(
        "Preferred to another painter, %",
        [one.painter for one in result.ratings],
        [one.preferred for one in result.ratings],
        factor=100,
        digits=0,
    )
    section = template("people.html").render(result=result, plot_of=plot)
    try:
        before = (folder / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return write_page(template("ratings.html").render(title=result.question, section=section), folder)
    except (OSError, ValueError) as error:
        raise DataError(f"{folder / 'index.html'} cannot be read ({error}); choose another folder with -o.") from None
    if not SLOT.search(before):
        raise DataError(f"{folder / 'index.html'} is not a report of gan-style eval; choose another folder with -o.")
    return write_page(SLOT.sub(lambda _: section, before, count=1), folder)
