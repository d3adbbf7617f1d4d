"""Settings and scores of a cross-validation."""

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
    """Settings to compare.

    Attributes:
        batch_sizes: batch sizes; each batch has as many photographs and as many paintings.
        limits: lengths of training, all in the same unit.
        folds: number of folds.
    """

    batch_sizes: tuple[int, ...]
    limits: tuple[Limit, ...]
    folds: int = FOLDS

    def __post_init__(self) -> None:
        if not 2 <= self.folds <= 20:
            raise UsageError(f"folds must be from 2 to 20, not {self.folds}.")
        for what, values in (("batch sizes", self.batch_sizes), ("lengths", self.limits)):
            if not values or len(set(values)) < len(values):
                raise UsageError(f"{what} must be given, without duplicates.")
        if any(limit.until_done for limit in self.limits):
            raise UsageError("--until-done cannot be combined with --cross-validate, which compares fixed lengths.")
        if len({limit.steps is None for limit in self.limits}) > 1:
            raise UsageError("Lengths must be either all in minutes or all in steps.")

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
        """Name used in files and messages."""
        length = f"{self.limit.minutes:g}min" if self.limit.steps is None else f"{self.limit.steps}steps"
        return f"batch{self.batch_size}-{length}"

    @property
    def work(self) -> float:
        """Duration of training, in a unit shared by all settings of a grid."""
        return self.limit.minutes if self.limit.steps is None else self.limit.steps * self.batch_size


@dataclass(frozen=True)
class Score:
    """Score of a setting.

    Attributes:
        setting: the setting.
        values: kernel inception distance on each held-out fold; lower is better.
    """

    setting: Setting
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over folds."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Standard deviation over folds."""
        return float(np.std(self.values, ddof=1))


def chosen_sentence(best: Score, scores: Sequence[Score]) -> str:
    """Describe the best setting, and those within a standard error of it."""
    error = best.spread / len(best.values) ** 0.5
    alike = [one.setting.name for one in scores if one is not best and one.mean - best.mean < error]
    sentence = (
        f"Chosen: {best.setting.name}, with a distance of {best.mean:.3f} ± {best.spread:.3f} on held-out pictures."
    )
    if alike:
        sentence += f" Within one standard error of it: {', '.join(alike)}."
    return sentence
