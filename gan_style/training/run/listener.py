"""Progress reporting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Status:
    """Progress of training.

    Attributes:
        progress: share done, 0..1.
        remaining: seconds left.
        steps: number of steps.
        images: number of photographs and paintings seen.
        rate: recent steps per second.
        losses: recent mean losses, by name; empty while a refiner is trained.
        curve: share of the style gap closed at each validation so far.
        refining: whether the refiner is being trained; progress and steps are then those of the refiner.
    """

    progress: float
    remaining: float
    steps: int
    images: int
    rate: float
    losses: Mapping[str, float]
    curve: tuple[float, ...] = ()
    refining: bool = False


class Listener(Protocol):
    """Receives progress; all methods are called from the training thread."""

    def reading(self, what: str, done: int, total: int) -> None:
        """Report the number of files of ``what``, such as "photographs", decoded so far."""

    def warn(self, sentence: str) -> None:
        """Report a problem that does not stop training."""

    def status(self, status: Status) -> None:
        """Report progress, after every step."""


class Silent:
    """A listener that does nothing."""

    def reading(self, what: str, done: int, total: int) -> None:
        """Ignore."""

    def warn(self, sentence: str) -> None:
        """Ignore."""

    def status(self, status: Status) -> None:
        """Ignore."""
