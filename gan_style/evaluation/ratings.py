"""What all raters of a study say together, and the page that shows it."""

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
"""Where a report keeps what people say."""


@dataclass(frozen=True)
class Tally:
    """What all raters together say.

    Attributes:
        study: the page's number.
        question: what was asked.
        ratings: the most liked painter first.
        raters: how many count.
        answers: how many of their trials count.
        left: share of them in which the left side was chosen.
        steady: share of repeats answered as before; None without any.
        warnings: what a reader must know, a sentence each.
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
        """All figures."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def tally(files: Sequence[Path], seed: int = 0) -> Tally:
    """Read answers and rank the painters.

    Args:
        files: what raters saved.
        seed: of the bootstrap.

    Raises:
        DataError: a file holds no answers, they belong to different studies, or nobody is left who looked.
    """
    if not files:
        raise DataError("There are no answers; give the files that raters saved.")
    warnings: list[str] = []
    everybody: dict[str, Answers] = {}
    for path in files:
        one = read_answers(path)
        before = everybody.get(one.rater)
        if before:
            warnings.append(f"{path} is by a rater already read; the longer of the two files counts.")
        if before is None or len(one.rated) > len(before.rated):
            everybody[one.rater] = one
    first = next(iter(everybody.values()))
    if any((one.study, one.painters) != (first.study, first.painters) for one in everybody.values()):
        raise DataError("These answers belong to different studies; tally each study on its own.")
    kept = [one for one in everybody.values() if one.attentive and one.rated]
    warnings += [
        f"Rater {one.rater} missed {one.caught.count(False)} of {counted(len(one.caught), 'catch trial')} and is left "
        "out."
        for one in everybody.values()
        if not one.attentive
    ]
    unproven = sum(not one.caught for one in kept)
    if unproven:
        warnings.append(
            f"{unproven} of {counted(len(kept), 'rater')} met no catch trial: nothing tells whether they looked."
        )
    if not kept:
        raise DataError("No rater is left who answered and did not miss the catch trials; ask more people.")
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
    """Put the table into the report of a folder, or write a page of its own where there is none.

    Returns:
        The page.

    Raises:
        DataError: there is a page, but no report.
        ResourceError: it cannot be written.
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
        raise DataError(f"{folder / 'index.html'} is no report of gan-style eval; choose another folder with -o.")
    return write_page(SLOT.sub(lambda _: section, before, count=1), folder)
