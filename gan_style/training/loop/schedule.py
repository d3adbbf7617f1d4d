"""Length of training, and the learning rate schedule."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gan_style.defaults import MINUTES
from gan_style.errors import UsageError


def rate_factor(progress: float) -> float:
    """Return the factor on the learning rate: constant over the first half, then linear to exactly zero.

    Args:
        progress: share of training that is done, 0..1.
    """
    return min(1.0, 2.0 * (1.0 - min(1.0, progress)))


@dataclass(frozen=True)
class Limit:
    """Length of training: a number of steps if given, otherwise a number of minutes.

    Attributes:
        minutes: time to train; used if ``steps`` is None.
        steps: number of steps.
        until_done: whether training stops early once it no longer improves.
    """

    minutes: float = MINUTES
    steps: int | None = None
    until_done: bool = False

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise UsageError("steps must be at least 1.")
        if self.steps is None and not 0 < self.minutes <= 60 * 24 * 365:
            raise UsageError("minutes must be greater than 0 and at most a year.")


class Clock:
    """Seconds and steps trained, and the resulting progress.

    Time only advances at a tick, so all decisions about a step see the same time.

    Attributes:
        seconds: time trained, as of the last tick.
        steps: steps made.
        end: where an ``until_done`` run ends, once known; in seconds or in steps.
        before: seconds spent before training began, mostly on reading pictures.
        after: seconds that the final validation and the final files will take.
    """

    def __init__(self, limit: Limit, now: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.now, self.start = limit, now, now()
        self.seconds, self.steps = 0.0, 0
        self.end: float | None = None
        self.before = self.after = 0.0

    def restart(self, seconds: float = 0.0) -> None:
        """Count time from now, starting at the seconds trained earlier."""
        self.start, self.seconds = self.now() - seconds, seconds

    def tick(self) -> float:
        """Advance to the current time, and return the seconds trained."""
        self.seconds = self.now() - self.start
        return self.seconds

    @property
    def position(self) -> float:
        """Position in the run: in steps if their number is given, otherwise in seconds."""
        return self.seconds if self.limit.steps is None else self.steps

    @property
    def whole(self) -> float:
        """Where training ends as far as known, in the same unit.

        The minutes of the limit include the time before and after training, but at least half of them are spent on
        training.
        """
        given = 60 * self.limit.minutes
        return self.end or self.limit.steps or max(given - self.before - self.after, given / 2)

    def settle(self) -> None:
        """Set the end once training no longer improves: as long again, with a falling learning rate."""
        self.end = min(self.whole, 2 * self.position)

    @property
    def settled(self) -> bool:
        """Whether the end of training is known."""
        return not self.limit.until_done or self.end is not None or self.progress() >= 0.5

    def progress(self) -> float:
        """Share that is done, 0..1."""
        return min(1.0, self.position / self.whole)

    def remaining(self) -> float:
        """Return the seconds left until everything is done; infinite while unknown."""
        if not self.settled:
            return float("inf")
        left = max(0.0, self.whole - self.position)
        if self.limit.steps is None:
            return left + self.after
        return self.seconds / self.steps * left + self.after if self.steps else float("inf")
