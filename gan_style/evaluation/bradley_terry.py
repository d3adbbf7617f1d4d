"""Bradley-Terry ratings of painters.

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
"""Win counts, (..., P, P): how often the row's painter was preferred to the column's."""

RESAMPLES = 2000
PRIOR = 0.5
"""Pseudo-count added to both sides of every pair, so that the strength of an undefeated painter is finite."""


@dataclass(frozen=True)
class Rating:
    """Rating of one painter.

    Attributes:
        painter: name.
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
    """Estimate Bradley-Terry strengths with bootstrap intervals.

    The bootstrap is hierarchical: it resamples raters, then the answers of each, because one person's answers are
    correlated.

    Args:
        painters: all names.
        raters: (winner, loser) of every trial, at least one, per rater.
        seed: seed of the bootstrap.

    Returns:
        Ratings, most preferred painter first.
    """
    random = np.random.default_rng(seed)
    indices = {painter: index for index, painter in enumerate(painters)}
    count = len(painters)
    # Encode each ordered pair as one number, so that resampling answers is resampling numbers.
    coded = [np.array([indices[winner] * count + indices[loser] for winner, loser in rater]) for rater in raters]

    def count_wins(answers: Sequence[npt.NDArray[np.int64]]) -> Wins:
        wins: Wins = np.bincount(np.concatenate(answers), minlength=count**2).reshape(count, count).astype(float)
        return wins

    wins = count_wins(coded)
    drawn = np.stack([count_wins(resampled(coded, random)) for _ in range(RESAMPLES)])
    both = np.concatenate([wins[None], drawn])
    strengths = bradley_terry(both)
    preferences = preferred(strengths)

    def with_interval(values: Wins) -> Range:
        low, high = np.quantile(values[1:], (0.025, 0.975))
        return Range(float(values[0]), (float(low), float(high)))

    ratings = [
        Rating(
            painter=painter,
            won=int(wins[index].sum()),
            shown=int(wins[index].sum() + wins[:, index].sum()),
            strength=with_interval(strengths[:, index]),
            preferred=with_interval(preferences[:, index]),
        )
        for painter, index in indices.items()
    ]
    return sorted(ratings, key=lambda rating: -rating.strength.value)


def resampled(raters: Sequence[npt.NDArray[np.int64]], random: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Draw as many raters with replacement, and as many answers of each."""
    drawn = random.integers(len(raters), size=len(raters))
    return [random.choice(raters[who], len(raters[who])) for who in drawn]


def bradley_terry(wins: Wins, rounds: int = 200) -> Wins:
    """Fit maximum-likelihood strengths (Hunter, "MM algorithms for generalized Bradley-Terry models", 2004).

    Args:
        wins: (..., P, P); ``PRIOR`` is added to both sides of each pair.
        rounds: maximum number of iterations; stops earlier on convergence.

    Returns:
        Natural logarithms of the strengths, (..., P), with a mean of 0.
    """
    count = wins.shape[-1]
    wins = wins + PRIOR * (1 - np.eye(count))
    games, won = wins + wins.swapaxes(-1, -2), wins.sum(-1)
    logs = np.zeros(won.shape)
    for _ in range(rounds):
        strengths = np.exp(logs)
        new = np.log(won / (games / (strengths[..., :, None] + strengths[..., None, :])).sum(-1))
        new -= new.mean(-1, keepdims=True)
        change, logs = np.abs(new - logs).max(), new
        if change < 1e-9:
            break
    return logs


def preferred(strengths: Wins) -> Wins:
    """Convert log strengths, (..., P), to the mean probability of being preferred to another painter."""
    count = strengths.shape[-1]
    against = 1 / (1 + np.exp(strengths[..., None, :] - strengths[..., :, None]))
    share: Wins = (against.sum(-1) - 0.5) / (count - 1)
    return share
