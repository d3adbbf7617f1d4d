"""Who is told how a training goes, and what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Status:
    """Where training stands.

    Attributes:
        progress: share that is done, 0..1.
        remaining: seconds left.
        steps: steps made.
        images: photographs and paintings seen.
        rate: steps a second over the last stretch.
        losses: means over the last stretch, by name; empty while a refiner learns.
        curve: shares of the style gap that were found closed so far.
        refining: whether the generator is finished and its refiner learns; progress and steps are those of that.
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
    """Who wants to know; every method is called from the training thread."""

    def reading(self, what: str, done: int, total: int) -> None:
        """Files of the ``what`` ("photographs" or "paintings") decoded so far."""

    def warn(self, sentence: str) -> None:
        """Something that people should know and that stops nothing."""

    def status(self, status: Status) -> None:
        """After every step."""


class Silent:
    """A listener that does nothing."""

    def reading(self, what: str, done: int, total: int) -> None:
        """Ignore."""

    def warn(self, sentence: str) -> None:
        """Ignore."""

    def status(self, status: Status) -> None:
        """Ignore."""
