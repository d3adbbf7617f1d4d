"""What one rater answered, from a file that comes from strangers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_style.errors import DataError
from gan_style.evaluation.study import FORMAT, SPOILT, VERSION

MISSED = 1 / 8
"""Share of the catch trials that a rater may miss."""

LARGEST = 1 << 24
"""Bytes of a file of answers; a thousand trials take a fiftieth of it."""

MOST_PAINTERS, MOST_ANSWERS, LONGEST_TEXT = 50, 2000, 500
"""What one file may hold: names, answers, and letters of a name or a question."""


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
