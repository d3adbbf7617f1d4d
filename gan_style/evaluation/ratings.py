"""From the answers of many raters to how much each painter is liked.

Bradley and Terry ("Rank analysis of incomplete block designs", Biometrika 1952): painter i is preferred to j with
probability s_i / (s_i + s_j).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gan_style.errors import DataError
from gan_style.evaluation.results import to_plain
from gan_style.evaluation.study import FORMAT, SPOILT, VERSION
from gan_style.metrics.distances import Range
from gan_style.pages.page import interval_plot, template, write_page

Wins: TypeAlias = npt.NDArray[np.float64]
"""(..., P, P): how often the painter of the row was preferred to that of the column."""

RESAMPLES = 2000
PRIOR = 0.5
"""Answers added each way to every pair, so that a painter who always won is not infinitely good."""

MISSED = 1 / 8
"""Share of the catch trials that a rater may miss."""

LARGEST = 1 << 24
"""Bytes of a file of answers; a thousand trials take a fiftieth of it."""

MOST_PAINTERS, MOST_ANSWERS, LONGEST_TEXT = 50, 2000, 500
"""What one file may hold: names, answers, and letters of a name or a question."""

SLOT = re.compile(r"<!-- people -->.*<!-- /people -->", re.DOTALL)
"""Where a report keeps what people say."""


@dataclass(frozen=True)
class Answers:
    """What one rater answered.

    Attributes:
        rater: the rater's number.
        study: the page's number.
        question: what was asked.
        painters: all that took part.
        rated: (winner, loser) of every trial that counts.
        left: how often the left side was chosen in these.
        steady: for every repeat whether the answer was the same as before.
        caught: for every catch trial whether the unspoilt painting was chosen.
    """

    rater: str
    study: str
    question: str
    painters: tuple[str, ...]
    rated: list[tuple[str, str]]
    left: int
    steady: list[bool]
    caught: list[bool]

    @property
    def attentive(self) -> bool:
        """Whether the rater looked, as far as the catch trials tell."""
        return self.caught.count(False) <= MISSED * len(self.caught)


@dataclass(frozen=True)
class Rating:
    """How one painter did.

    Attributes:
        painter: the name.
        won: trials in which this painter was preferred.
        shown: trials in which this painter took part.
        strength: natural logarithm of the Bradley-Terry strength; the mean over painters is 0.
        preferred: probability of being preferred to another painter, averaged over the others.
    """

    painter: str
    won: int
    shown: int
    strength: Range
    preferred: Range


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
        f"Rater {one.rater} missed {one.caught.count(False)} of {len(one.caught)} catch trials and is left out."
        for one in everybody.values()
        if not one.attentive
    ]
    unproven = sum(not one.caught for one in kept)
    if unproven:
        warnings.append(f"{unproven} of {len(kept)} raters met no catch trial: nothing tells whether they looked.")
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


def read_answers(path: Path) -> Answers:
    """Read one rater's file, which comes from strangers.

    Raises:
        DataError: it cannot be read, or is something else.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path} is too large to be the answers of one rater.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check the path.") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is not JSON; give a file that the study's page saved.") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise DataError(f"{path} holds no answers; give a file that the study's page saved.")
    if data.get("version") != VERSION:
        raise DataError(f"{path} is of another version than this gan-style reads ({VERSION}).")
    try:
        return understand(data)
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{path} is damaged; ask the rater to save it again.") from None


def understand(data: dict[str, Any]) -> Answers:
    """Sort a rater's answers by what they tell.

    Raises:
        KeyError: something is missing.
        TypeError: something is of another kind.
        ValueError: somebody was chosen who was not shown.
    """
    painters = tuple(map(plain_text, data["painters"]))
    if not 2 <= len(painters) <= MOST_PAINTERS or len(set(painters)) < len(painters):
        raise ValueError
    if len(data["answers"]) > MOST_ANSWERS:
        raise ValueError
    rated: dict[int, str] = {}
    pairs: list[tuple[str, str]] = []
    steady, caught, left = list[bool](), list[bool](), 0
    for answer in data["answers"]:
        kind, chosen, sides = answer["kind"], answer["chosen"], (answer["left"], answer["right"])
        if chosen not in sides or not {*sides} <= {*painters, SPOILT} or kind not in ("rating", "repeat", "catch"):
            raise ValueError
        if not isinstance(answer["trial"], int):
            raise TypeError
        if kind == "catch":
            if SPOILT not in sides:
                raise ValueError
            caught.append(chosen != SPOILT)
        elif SPOILT in sides or sides[0] == sides[1]:
            raise ValueError
        elif kind == "rating":
            if answer["trial"] in rated:
                raise ValueError
            rated[answer["trial"]] = chosen
            pairs.append((chosen, sides[1] if chosen == sides[0] else sides[0]))
            left += chosen == sides[0]
        elif answer["trial"] in rated:
            steady.append(chosen == rated[answer["trial"]])
    rater, study, question = (plain_text(data[name]) for name in ("rater", "study", "question"))
    return Answers(rater, study, question, painters, pairs, left, steady, caught)


def plain_text(value: object) -> str:
    """A short line of text that a terminal and a page can show.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
        raise ValueError
    return value


def rank(painters: Sequence[str], raters: Sequence[Sequence[tuple[str, str]]], seed: int = 0) -> list[Rating]:
    """Bradley-Terry strengths with bootstrap intervals.

    Raters are drawn with repeats, and then the answers of each, because answers of one person are alike.

    Args:
        painters: all names.
        raters: for each rater (winner, loser) of every trial, at least one.
        seed: of the bootstrap.

    Returns:
        The most liked painter first.
    """
    random = np.random.default_rng(seed)
    place = {painter: index for index, painter in enumerate(painters)}
    count = len(painters)
    # One number for each ordered pair, so that drawing answers is drawing numbers.
    coded = [np.array([place[winner] * count + place[loser] for winner, loser in rater]) for rater in raters]

    def counted(answers: Sequence[npt.NDArray[np.int64]]) -> Wins:
        wins: Wins = np.bincount(np.concatenate(answers), minlength=count**2).reshape(count, count).astype(float)
        return wins

    wins = counted(coded)
    drawn = np.stack([counted(resampled(coded, random)) for _ in range(RESAMPLES)])
    both = np.concatenate([wins[None], drawn])
    strengths = bradley_terry(both)
    liked = preferred(strengths)

    def spread(values: Wins) -> Range:
        low, high = np.quantile(values[1:], (0.025, 0.975))
        return Range(float(values[0]), (float(low), float(high)))

    ratings = [
        Rating(
            painter=painter,
            won=int(wins[index].sum()),
            shown=int(wins[index].sum() + wins[:, index].sum()),
            strength=spread(strengths[:, index]),
            preferred=spread(liked[:, index]),
        )
        for painter, index in place.items()
    ]
    return sorted(ratings, key=lambda rating: -rating.strength.value)


def resampled(raters: Sequence[npt.NDArray[np.int64]], random: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """As many raters drawn with repeats, and as many answers of each."""
    drawn = random.integers(len(raters), size=len(raters))
    return [random.choice(raters[who], len(raters[who])) for who in drawn]


def bradley_terry(wins: Wins, rounds: int = 200) -> Wins:
    """Most likely strengths, by the iteration of Hunter ("MM algorithms for generalized Bradley-Terry models", 2004).

    Args:
        wins: (..., P, P); PRIOR is added to each pair both ways.
        rounds: of the iteration; it stops earlier when nothing moves.

    Returns:
        (..., P) natural logarithms with a mean of 0.
    """
    count = wins.shape[-1]
    wins = wins + PRIOR * (1 - np.eye(count))
    games, won = wins + wins.swapaxes(-1, -2), wins.sum(-1)
    logs = np.zeros(won.shape)
    for _ in range(rounds):
        strengths = np.exp(logs)
        new = np.log(won / (games / (strengths[..., :, None] + strengths[..., None, :])).sum(-1))
        new -= new.mean(-1, keepdims=True)
        moved, logs = np.abs(new - logs).max(), new
        if moved < 1e-9:
            break
    return logs


def preferred(strengths: Wins) -> Wins:
    """(..., P) logarithms to the probability of being preferred to another painter, averaged over the others."""
    count = strengths.shape[-1]
    against = 1 / (1 + np.exp(strengths[..., None, :] - strengths[..., :, None]))
    share: Wins = (against.sum(-1) - 0.5) / (count - 1)
    return share


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
