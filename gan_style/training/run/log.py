"""Optional output of a run: history, previews and page. Training continues if they cannot be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gan_style.data.picture_set import PictureSet
from gan_style.errors import PictureError, ResourceError
from gan_style.files import remove_parts
from gan_style.imaging.encoding import write_pixels
from gan_style.imaging.types import Pixels
from gan_style.training.run.config import RunConfig
from gan_style.training.run.history import add_to_history, begin_history, cut_history
from gan_style.training.run.listener import Listener
from gan_style.training.run.page import write_run_page

PREVIEWS = 24
"""Most previews to keep; beyond that, every other one is removed."""


NAMED = 20
"""Number of unusable files that are reported by name during training."""


class RunLog:
    """Writes the history, previews and page of a run."""

    def __init__(self, config: RunConfig, listener: Listener) -> None:
        self.config, self.folder, self.listener = config, config.folder, listener
        self.warned: set[str] = set()
        self.named = 0

    @property
    def previews(self) -> Path:
        """Folder of earlier previews, named by step."""
        return self.folder / "previews"

    def begin(self) -> None:
        """Start a new log.

        Raises:
            OSError: the folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder, self.previews):
            remove_parts(folder)
        begin_history(self.folder)
        for path in self.previews.glob("*.jpg"):
            path.unlink(missing_ok=True)

    def roll_back(self, steps: int) -> None:
        """Remove entries and previews of later steps, which will be repeated.

        Raises:
            OSError: the folder cannot be written.
        """
        for folder in (self.folder, self.previews):
            remove_parts(folder)
        cut_history(self.folder, steps)
        for path in self.previews.glob("*.jpg"):
            if int(path.stem) > steps:
                path.unlink(missing_ok=True)

    def add(self, line: dict[str, Any]) -> None:
        """Add an entry to the history."""
        try:
            add_to_history(self.folder, line)
        except OSError as error:
            self.warn_once(f"Cannot write the history ({error.strerror}); training continues.")

    def report_failures(self, *sets: PictureSet) -> None:
        """Report files found to be unusable during training, up to a maximum number."""
        for pictures in sets:
            for failure in pictures.unreported():
                self.named += 1
                if self.named <= NAMED:
                    last = " Further unusable files are skipped silently." if self.named == NAMED else ""
                    self.listener.warn(f"Skipped: {failure}{last}")

    def show(self, preview: Pixels, steps: int, *, going_on: bool) -> None:
        """Write the latest preview and the page."""
        try:
            self.previews.mkdir(exist_ok=True)
            for path in (self.folder / "preview.png", self.previews / f"{steps:09}.jpg"):
                write_pixels(path, preview)
            kept = sorted(self.previews.glob("*.jpg"))
            for path in kept[1:-1:2] if len(kept) > PREVIEWS else []:
                path.unlink(missing_ok=True)
            write_run_page(self.config, going_on=going_on)
        except (PictureError, ResourceError) as error:
            self.warn_once(f"{error} Training continues.")
        except OSError as error:
            self.warn_once(f"Cannot write {error.filename} ({error.strerror}); training continues.")

    def warn_once(self, sentence: str) -> None:
        """Warn once per message."""
        if sentence not in self.warned:
            self.warned.add(sentence)
            self.listener.warn(sentence)
