"""Which of the styles that a training passes through is kept, how often it fell ill, and whether it still improves."""

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
"""Illnesses after which a training is given up."""

TOLERANCE = 0.02
"""Share of the style gap by which the newest style may certainly be worse than the best and still be kept."""

FEWEST, SMOOTH = 9, 3
"""Examinations before anything is said about improvement, and of how many the mean is taken."""

GAIN = 0.01
"""Share of the style gap that the last third of a training must have gained to be worth more of the same."""


class BestTracker:
    """Keeps the best style.

    Later styles are better in ways that no distance measures, since the learning rate has fallen further, and the
    largest of many uncertain figures is a lucky one. So the newest style is kept unless it is worse than the best ever
    measured by more than a little, with 95 % certainty and on the same pictures.

    Attributes:
        failures: how many there were.
        best: the largest share of the gap that was found closed.
        kept: weights of the style to keep; None before the first examination.
        kept_steps: after how many steps that was.
        best_metrics: a line about it.
        newest: whether that is the newest one.
        examined: after how many steps the painter was examined last.
        curve: where in the training, and what share of the gap was closed there.
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
        """Take note of an examination, and keep the style if nothing speaks against it.

        Args:
            metrics: what was found.
            position: where in the training, in seconds or in steps.
            steps: after how many steps.
            average: the style.

        Returns:
            What it suffers from.
        """
        self.examined = steps
        if self.best and metrics.closed and not self.best.comparable(metrics.closed):
            self.best = None  # Of other pictures, as an earlier version chose them.
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
        """Count an illness; whether there is any point in going on."""
        self.failures += 1
        self.newest = False
        return self.failures < MOST_FAILURES

    def done(self) -> bool:
        """Whether more of the same would be in vain."""
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
        """Remember what :meth:`about` and :meth:`tensors` told.

        Raises:
            KeyError, TypeError or ValueError: it was something else.
        """
        best = about["best"]
        self.best = Replicated(float(best[0]), *(np.array(one, np.float64) for one in best[1:])) if best else None
        self.failures, self.kept_steps = int(about["illnesses"]), int(about["kept_steps"])
        self.best_metrics, self.newest = dict(about["kept_checkup"]), bool(about["newest"])
        self.kept, self.examined = dict(tensors) or None, int(about["examined"])
        self.curve = [(float(position), float(closed)) for position, closed in about["curve"]]


def no_longer_improves(curve: Sequence[tuple[float, float]]) -> bool:
    """Whether the last third of a training, of whatever length, gained next to nothing over what came before."""
    if len(curve) < FEWEST:
        return False
    positions = np.array([position for position, _ in curve])[SMOOTH - 1 :]
    means = np.convolve([closed for _, closed in curve], np.ones(SMOOTH) / SMOOTH, "valid")
    early = positions <= positions[-1] * 2 / 3
    return bool(early.any() and means[~early].max() < means[early].max() + GAIN)
