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
        until_done: whether training may end before that, where it no longer improves.
    """

    minutes: float = MINUTES
    steps: int | None = None
    until_done: bool = False

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise UsageError("steps must be at least 1.")
        if self.steps is None and not 0 < self.minutes <= 60 * 24 * 365:
            raise UsageError("minutes must be above 0 and at most a year.")


class Clock:
    """Seconds and steps trained, and what they say about progress.

    Between two ticks time stands still, so that all decisions about a step are of one moment.

    Attributes:
        seconds: time trained, as of the last tick.
        steps: steps made.
        end: where a training that goes on until it is done ends, once that is known; in seconds or in steps.
        before: seconds that were gone when training began, with reading pictures.
        after: seconds that the last examination and the last files will take.
    """

    def __init__(self, limit: Limit, now: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.now, self.start = limit, now, now()
        self.seconds, self.steps = 0.0, 0
        self.end: float | None = None
        self.before = self.after = 0.0

    def restart(self, seconds: float = 0.0) -> None:
        """Count time from now on, after so many seconds that were trained before."""
        self.start, self.seconds = self.now() - seconds, seconds

    def tick(self) -> float:
        """Let time pass; the seconds trained."""
        self.seconds = self.now() - self.start
        return self.seconds

    @property
    def position(self) -> float:
        """How far training is: in steps where their number is given, else in seconds."""
        return self.seconds if self.limit.steps is None else self.steps

    @property
    def whole(self) -> float:
        """Where training ends as far as is known, in the same unit.

        Minutes are those of whoever waits for them, so that what comes before and after counts; but of however few half
        are spent on training.
        """
        given = 60 * self.limit.minutes
        return self.end or self.limit.steps or max(given - self.before - self.after, given / 2)

    def settle(self) -> None:
        """Training no longer improves: as much again, while the learning rate falls, and it is done."""
        self.end = min(self.whole, 2 * self.position)

    @property
    def settled(self) -> bool:
        """Whether it is known where training ends."""
        return not self.limit.until_done or self.end is not None or self.progress() >= 0.5

    def progress(self) -> float:
        """Share that is done, 0..1."""
        return min(1.0, self.position / self.whole)

    def remaining(self) -> float:
        """Seconds left until all is done; infinite while nobody can know."""
        if not self.settled:
            return float("inf")
        left = max(0.0, self.whole - self.position)
        if self.limit.steps is None:
            return left + self.after
        return self.seconds / self.steps * left + self.after if self.steps else float("inf")
