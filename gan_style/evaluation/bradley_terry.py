"""How much each painter is liked.

Bradley and Terry ("Rank analysis of incomplete block designs", Biometrika 1952): painter i is preferred to j with
probability s_i / (s_i + s_j).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from gan_style.metrics.distances import Range

Wins: TypeAlias = npt.NDArray[np.float64]
"""(..., P, P): how often the painter of the row was preferred to that of the column."""

RESAMPLES = 2000
PRIOR = 0.5
"""Answers added each way to every pair, so that a painter who always won is not infinitely good."""


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
