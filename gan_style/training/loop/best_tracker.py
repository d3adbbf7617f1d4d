"""Tracks the best style of a run, its failures, and whether it still improves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from gan_style.metrics.distances import Replicated
from gan_style.models.generator import Generator
from gan_style.training.loop.failure import Failure, diagnose
from gan_style.training.loop.validator import ValidationMetrics

MOST_FAILURES = 3
"""Number of failures after which training is aborted."""

TOLERANCE = 0.02
"""Drop in the share of the style gap closed that the newest style may certainly have and still be kept."""

FEWEST, SMOOTH = 9, 3
"""Fewest validations before a plateau can be detected, and width of their moving average."""

GAIN = 0.01
"""Gain in the share of the style gap closed, over the last third of training, below which it has stopped improving."""


class BestTracker:
    """Keeps the best style.

    Later styles are better in ways that no distance measures, since the learning rate has decayed further, and the
    largest of many noisy values is biased upward. So the newest style is kept unless it is worse than the best one so
    far by more than ``TOLERANCE``, with 95 % confidence and on the same pictures.

    Attributes:
        failures: number of failures.
        best: the largest share of the style gap closed so far.
        kept: weights of the style to keep; None before the first validation.
        kept_steps: number of steps of that style.
        best_metrics: its metrics.
        newest: whether it is the newest style.
        examined: number of steps at the latest validation.
        curve: position in the run and share of the gap closed, for each validation.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.best: Replicated | None = None
        self.kept: dict[str, Tensor] | None = None
        self.kept_steps = 0
        self.best_metrics: dict[str, float | None] = {}
        self.newest = True
        self.examined = 0
        self.curve: list[tuple[float, float]] = []

    def judge(self, metrics: ValidationMetrics, position: float, steps: int, average: Generator) -> Failure | None:
        """Record a validation, and keep the style unless it shows a failure.

        Args:
            metrics: the metrics measured.
            position: position in the run, in seconds or in steps.
            steps: number of steps.
            average: the generator validated.

        Returns:
            The failure that the metrics show, or None.
        """
        self.examined = steps
        if self.best and metrics.closed and not self.best.comparable(metrics.closed):
            self.best = None  # Measured on other pictures, as chosen by an earlier version.
        failure = diagnose(metrics, self.best)
        if failure:
            return failure
        self.newest = True
        if metrics.closed:
            self.curve.append((position, metrics.closed.value))
            if self.best is None or metrics.closed.value > self.best.value:
                self.best = metrics.closed
            self.newest = (metrics.closed - self.best).estimate.interval[1] >= -TOLERANCE
        if self.newest:
            self.kept = {name: value.detach().clone() for name, value in average.state_dict().items()}
            self.kept_steps, self.best_metrics = steps, metrics.line()
        return None

    def record_failure(self) -> bool:
        """Count a failure, and return whether training should continue."""
        self.failures += 1
        self.newest = False
        return self.failures < MOST_FAILURES

    def done(self) -> bool:
        """Whether training has stopped improving."""
        return no_longer_improves(self.curve)

    def about(self) -> dict[str, Any]:
        """Everything but the weights, as JSON."""
        best = self.best
        return {
            "illnesses": self.failures,
            "best": [best.value, best.without_first.tolist(), best.without_second.tolist()] if best else None,
            "kept_steps": self.kept_steps,
            "kept_checkup": self.best_metrics,
            "newest": self.newest,
            "examined": self.examined,
            "curve": self.curve,
        }

    def tensors(self) -> dict[str, Tensor]:
        """The weights."""
        return self.kept or {}

    def restore(self, about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """Restore the values of :meth:`about` and :meth:`tensors`.

        Raises:
            KeyError, TypeError or ValueError: the values are invalid.
        """
        best = about["best"]
        self.best = Replicated(float(best[0]), *(np.array(one, np.float64) for one in best[1:])) if best else None
        self.failures, self.kept_steps = int(about["illnesses"]), int(about["kept_steps"])
        self.best_metrics, self.newest = dict(about["kept_checkup"]), bool(about["newest"])
        self.kept, self.examined = dict(tensors) or None, int(about["examined"])
        self.curve = [(float(position), float(closed)) for position, closed in about["curve"]]


def no_longer_improves(curve: Sequence[tuple[float, float]]) -> bool:
    """Return whether the last third of the run gained less than ``GAIN`` over the part before."""
    if len(curve) < FEWEST:
        return False
    positions = np.array([position for position, _ in curve])[SMOOTH - 1 :]
    means = np.convolve([closed for _, closed in curve], np.ones(SMOOTH) / SMOOTH, "valid")
    early = positions <= positions[-1] * 2 / 3
    return bool(early.any() and means[~early].max() < means[early].max() + GAIN)
