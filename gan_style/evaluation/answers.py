"""Parsing of one rater's answers from an untrusted file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_style.errors import DataError
from gan_style.evaluation.study import DEGRADED, FORMAT, VERSION

MISSED = 1 / 8
"""Maximum fraction of catch trials that a rater may miss."""

MAX_BYTES = 1 << 24
"""Maximum size of an answer file; a thousand trials take a fiftieth of it."""

MAX_PAINTERS, MAX_ANSWERS, MAX_TEXT = 50, 2000, 500
"""Limits of one file: painters, answers, and characters of a name or a question."""


@dataclass(frozen=True)
class Answers:
    """Answers of one rater.

    Attributes:
        rater: ID of the rater.
        study: ID of the study.
        question: question that was asked.
        painters: all painters of the study.
        rated: (winner, loser) of every rating trial.
        left: number of these trials in which the left side was chosen.
        steady: per repeat trial, whether the answer matched the first one.
        caught: per catch trial, whether the undegraded painting was chosen.
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
        """Whether the rater passed enough catch trials."""
        return self.caught.count(False) <= MISSED * len(self.caught)


def read_answers(path: Path) -> Answers:
    """Read one rater's file, which is untrusted.

    Raises:
        DataError: the file cannot be read, or contains no valid answers.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(
                f"{path} is too large for the answers of one rater; name a file that the study's page saved."
            )
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check the path.") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is not JSON; name a file that the study's page saved.") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise DataError(f"{path} contains no answers; name a file that the study's page saved.")
    if data.get("version") != VERSION:
        raise DataError(
            f"{path} has another version than this gan-style reads ({VERSION}); use the version that made the study."
        )
    try:
        return parse_answers(data)
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{path} is damaged; ask the rater to save it again.") from None


def parse_answers(data: dict[str, Any]) -> Answers:
    """Validate a rater's answers and group them by kind of trial.

    Raises:
        KeyError: a key is missing.
        TypeError: a value has the wrong type.
        ValueError: a value is invalid, such as a chosen painter that was not shown.
    """
    painters = tuple(map(plain_text, data["painters"]))
    if not 2 <= len(painters) <= MAX_PAINTERS or len(set(painters)) < len(painters):
        raise ValueError
    if len(data["answers"]) > MAX_ANSWERS:
        raise ValueError
    rated: dict[int, str] = {}
    pairs: list[tuple[str, str]] = []
    steady, caught, left = list[bool](), list[bool](), 0
    for answer in data["answers"]:
        kind, chosen, sides = answer["kind"], answer["chosen"], (answer["left"], answer["right"])
        if chosen not in sides or not {*sides} <= {*painters, DEGRADED} or kind not in ("rating", "repeat", "catch"):
            raise ValueError
        if not isinstance(answer["trial"], int):
            raise TypeError
        if kind == "catch":
            if DEGRADED not in sides:
                raise ValueError
            caught.append(chosen != DEGRADED)
        elif DEGRADED in sides or sides[0] == sides[1]:
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
    """Validate a short line of printable text.

    Raises:
        ValueError: the value is anything else.
    """
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise ValueError
    return value
