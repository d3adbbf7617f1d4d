"""What a training leaves for people beside its style: history, previews and a page. It goes on without any of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gan_style.data.picture_set import PictureSet
from gan_style.errors import PictureError, ResourceError
from gan_style.files import remove_parts
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.encoding import write_pixels
from gan_style.training.run.config import RunConfig
from gan_style.training.run.history import add_to_history, begin_history, cut_history
from gan_style.training.run.listener import Listener
from gan_style.training.run.page import write_run_page

PREVIEWS = 24
"""Previews kept; beyond that every other one goes."""


NAMED = 20
"""Files found unusable during a training that are named."""


class RunLog:
    """The folder of a run, apart from its plan and its states."""

    def __init__(self, config: RunConfig, listener: Listener) -> None:
        self.config, self.folder, self.listener = config, config.folder, listener
        self.complaints: set[str] = set()
        self.named = 0

    @property
    def previews(self) -> Path:
        """Where earlier previews lie, by the number of steps."""
        return self.folder / "previews"

    def begin(self) -> None:
        """Begin with nothing.

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
        """Forget what came after so many steps, which will be made again.

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
        """Add a line to the history."""
        try:
            add_to_history(self.folder, line)
        except OSError as error:
            self.complain(f"The history cannot be written ({error.strerror}); training goes on.")

    def tell_failures(self, *sets: PictureSet) -> None:
        """Name files that were found unusable while they were needed; once there are many, say no more."""
        for pictures in sets:
            for failure in pictures.news():
                self.named += 1
                if self.named <= NAMED:
                    last = " More such files are passed over without a word." if self.named == NAMED else ""
                    self.listener.warn(f"Left out: {failure}{last}")

    def show(self, preview: Pixels, steps: int, *, going_on: bool) -> None:
        """Write the newest preview and the page."""
        try:
            self.previews.mkdir(exist_ok=True)
            for path in (self.folder / "preview.png", self.previews / f"{steps:09}.jpg"):
                write_pixels(path, preview)
            kept = sorted(self.previews.glob("*.jpg"))
            for path in kept[1:-1:2] if len(kept) > PREVIEWS else []:
                path.unlink(missing_ok=True)
            write_run_page(self.config, going_on=going_on)
        except (PictureError, ResourceError) as error:
            self.complain(f"{error} Training goes on.")
        except OSError as error:
            self.complain(f"{error.filename} cannot be written ({error.strerror}); training goes on.")

    def complain(self, sentence: str) -> None:
        """Warn, once for each sentence."""
        if sentence not in self.complaints:
            self.complaints.add(sentence)
            self.listener.warn(sentence)
