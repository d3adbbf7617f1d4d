"""What a cross-validation compares, and how each of it did."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gan_style.defaults import FOLDS
from gan_style.errors import UsageError
from gan_style.training.loop.schedule import Limit


@dataclass(frozen=True)
class Grid:
    """What is tried.

    Attributes:
        batch_sizes: photographs, and paintings, in a step.
        limits: how long; lengths in one unit.
        folds: parts into which pictures are split.
    """

    batch_sizes: tuple[int, ...]
    limits: tuple[Limit, ...]
    folds: int = FOLDS

    def __post_init__(self) -> None:
        if not 2 <= self.folds <= 20:
            raise UsageError(f"folds must be from 2 to 20, not {self.folds}.")
        for what, values in (("batch sizes", self.batch_sizes), ("lengths", self.limits)):
            if not values or len(set(values)) < len(values):
                raise UsageError(f"{what} to be tried must be given, each once.")
        if any(limit.until_done for limit in self.limits):
            raise UsageError("Lengths are compared, so that --until-done makes no sense with --cross-validate.")
        if len({limit.steps is None for limit in self.limits}) > 1:
            raise UsageError("Lengths must all be in minutes or all in steps.")

    @property
    def settings(self) -> list[Setting]:
        """All pairs, in the order given."""
        return [Setting(*pair) for pair in itertools.product(self.batch_sizes, self.limits)]


@dataclass(frozen=True)
class Setting:
    """One of the settings that are compared.

    Attributes:
        batch_size: photographs, and paintings, in a step.
        limit: how long.
    """

    batch_size: int
    limit: Limit

    @property
    def name(self) -> str:
        """For files and people."""
        length = f"{self.limit.minutes:g}min" if self.limit.steps is None else f"{self.limit.steps}steps"
        return f"batch{self.batch_size}-{length}"

    @property
    def work(self) -> float:
        """How long a training takes, in a unit that all settings of a grid share."""
        return self.limit.minutes if self.limit.steps is None else self.limit.steps * self.batch_size


@dataclass(frozen=True)
class Score:
    """How a setting did.

    Attributes:
        setting: which one.
        values: kernel inception distances on the folds left out; smaller is better.
    """

    setting: Setting
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over folds."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Standard deviation over folds."""
        return float(np.std(self.values, ddof=1))


def chosen_sentence(best: Score, scores: Sequence[Score]) -> str:
    """Which setting is the best, and how sure that is."""
    error = best.spread / len(best.values) ** 0.5
    alike = [one.setting.name for one in scores if one is not best and one.mean - best.mean < error]
    sentence = (
        f"Chosen: {best.setting.name}, with a distance of {best.mean:.3f} ± {best.spread:.3f} on pictures left out."
    )
    if alike:
        sentence += f" Within a standard error of it: {', '.join(alike)}."
    return sentence
