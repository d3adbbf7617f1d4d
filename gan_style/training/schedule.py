"""How long training goes on, and how the learning rate falls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gan_style.defaults import MINUTES
from gan_style.errors import UsageError


def rate_factor(progress: float) -> float:
    """Constant over the first half, then linear to exactly zero at the end.

    Args:
        progress: share of the training that is done, 0..1.
    """
    return min(1.0, 2.0 * (1.0 - min(1.0, progress)))


@dataclass(frozen=True)
class Limit:
    """Where training ends: a number of steps if given, else a number of minutes.

    Attributes:
        minutes: time to train, used where ``steps`` is None.
        steps: number of steps.
    """

    minutes: float = MINUTES
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise UsageError("steps must be at least 1.")
        if self.steps is None and not 0 < self.minutes <= 60 * 24 * 365:
            raise UsageError("minutes must be above 0 and at most a year.")


class Clock:
    """Seconds and steps trained, and what they say about progress."""

    def __init__(self, limit: Limit, now: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.now, self.start, self.steps = limit, now, now(), 0

    def restart(self, seconds: float = 0.0) -> None:
        """Count time from now on, after so many seconds that were trained before."""
        self.start = self.now() - seconds

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return self.now() - self.start

    def progress(self) -> float:
        """Share that is done, 0..1."""
        if self.limit.steps is not None:
            return min(1.0, self.steps / self.limit.steps)
        return min(1.0, self.seconds / (60 * self.limit.minutes))

    def remaining(self) -> float:
        """Seconds left; infinite before the first step has told how long a step takes."""
        if self.limit.steps is None:
            return max(0.0, 60 * self.limit.minutes - self.seconds)
        return self.seconds / self.steps * (self.limit.steps - self.steps) if self.steps else float("inf")
