"""Listeners that filter and combine the progress of the runs of a cross-validation."""

from __future__ import annotations

import dataclasses
import time

from gan_style.training.cross_validation.grid import Grid, Setting
from gan_style.training.run.listener import Listener, Silent, Status


class QuietListener(Silent):
    """Forwards the progress of the final run, without repeating warnings about the pictures."""

    def __init__(self, listener: Listener) -> None:
        self.listener, self.trains = listener, False

    def reading(self, what: str, done: int, total: int) -> None:
        """Forward."""
        self.listener.reading(what, done, total)

    def warn(self, sentence: str) -> None:
        """Forward warnings once training has begun."""
        if self.trains:
            self.listener.warn(sentence)

    def status(self, status: Status) -> None:
        """Forward."""
        self.trains = True
        self.listener.status(status)


class FoldListener(Silent):
    """Converts the progress of one run into that of the whole cross-validation."""

    def __init__(self, listener: Listener, grid: Grid) -> None:
        self.listener, self.grid = listener, grid
        self.total = grid.folds * sum(setting.work for setting in grid.settings)
        self.before, self.now, self.here, self.what = 0.0, 0.0, 0.0, ""
        self.begun: tuple[float, float] | None = None

    def begin(self, setting: Setting, fold: int) -> None:
        """Start a run, or skip one that is complete."""
        self.before += self.now
        self.now = setting.work
        self.what = f"{setting.name}, fold {fold + 1} of {self.grid.folds}"

    def reading(self, what: str, done: int, total: int) -> None:
        """Forward."""
        self.listener.reading(f"{what} ({self.what})", done, total)

    def warn(self, sentence: str) -> None:
        """Forward with the setting and the fold."""
        self.listener.warn(f"{self.what}: {sentence}")

    def status(self, status: Status) -> None:
        """Forward the progress of all runs together."""
        done = self.before + self.now * status.progress
        if self.begun is None:
            self.begun = time.monotonic(), done
        start, first = self.begun
        pace = (done - first) / max(time.monotonic() - start, 1e-9)
        remaining = (self.total - done) / pace if pace > 0 else float("inf")
        self.listener.status(dataclasses.replace(status, progress=done / self.total, remaining=remaining))
