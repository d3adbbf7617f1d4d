"""One training from its first step to its last, and what is written in between: style, state, preview, history."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gan_style.checkpoints.style_file import StyleFile, write_style
from gan_style.errors import DataError, PictureError, StyleError, TrainingError
from gan_style.imaging.decoding import Picture
from gan_style.imaging.encoding import write_picture
from gan_style.training.history import add_to_history, begin_history, cut_history
from gan_style.training.interruption import interruptible
from gan_style.training.listener import Listener, Status
from gan_style.training.plan import Plan
from gan_style.training.preview import preview, preview_photos
from gan_style.training.schedule import Clock, rate_factor
from gan_style.training.state import load_state, remove_states, save_state
from gan_style.training.trainer import Losses, Trainer
from gan_style.version import __version__

PREVIEW_SECONDS = 60.0

HISTORY_SECONDS = 10.0


@dataclass(frozen=True)
class Outcome:
    """What a training left behind.

    Attributes:
        style: the style file.
        folder: the folder of the run, from which an interrupted one goes on.
        steps: steps made.
        seconds: time trained.
        interrupted: whether it was stopped before its end.
    """

    style: Path
    folder: Path
    steps: int
    seconds: float
    interrupted: bool


class Session:
    """One training from its first step to its last."""

    def __init__(self, trainer: Trainer, plan: Plan, listener: Listener) -> None:
        self.trainer, self.plan, self.listener = trainer, plan, listener
        self.output, self.folder = plan.output, plan.folder
        self.clock = Clock(plan.limit)
        self.photos = preview_photos(trainer.photos.pictures, trainer.recipe.size)
        self.complaints: set[str] = set()
        self.recent: deque[tuple[float, Losses]] = deque(maxlen=50)

    def run(self, *, resumed: bool) -> Outcome:
        """Train to the end or until interrupted."""
        with interruptible() as interrupted:
            seconds = self.go_on() if resumed else self.start()
            next_save, next_record = seconds + PREVIEW_SECONDS, seconds + HISTORY_SECONDS
            self.clock.restart(seconds)
            while self.clock.progress() < 1 and not interrupted.is_set():
                losses = self.trainer.step(rate_factor(self.clock.progress()))
                if not losses.healthy():
                    raise TrainingError(
                        f"The losses stopped being numbers at step {self.trainer.steps}; {self.output} holds the style "
                        "as it was before. Try --precision fp32."
                    )
                self.clock.steps += 1
                self.recent.append((self.clock.seconds, losses))
                self.listener.status(self.status())
                if self.clock.seconds >= next_record:
                    self.record()
                    next_record = self.clock.seconds + HISTORY_SECONDS
                if self.clock.seconds >= next_save:
                    self.save()
                    next_save = self.clock.seconds + PREVIEW_SECONDS
            seconds, finished = self.clock.seconds, self.clock.progress() >= 1
            self.record()
            self.save()
            if finished:
                remove_states(self.folder)
            return Outcome(self.output, self.folder, self.clock.steps, seconds, interrupted.is_set())

    def start(self) -> float:
        """Begin with nothing; the seconds trained before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_states(self.folder)
        self.plan.write()
        begin_history(self.folder)
        if self.output.exists():
            self.keep()  # What is to be replaced stays until there is something better than a beginner.
        else:
            self.save()
        return 0.0

    def go_on(self) -> float:
        """Begin with the last state; the seconds trained before.

        Raises:
            DataError: the pictures are others.
            TrainingError: there is no state.
        """
        about = load_state(self.folder, self.trainer)
        if about["fingerprints"] != self.fingerprints():
            raise DataError(
                f"The pictures in {self.plan.photos} or {self.plan.paintings} have changed since that training; put "
                "them back, or train anew."
            )
        self.clock.steps = self.trainer.steps
        cut_history(self.folder, self.trainer.steps)
        return float(about["seconds"])

    def fingerprints(self) -> list[str]:
        """Of both sets."""
        return [self.trainer.photos.fingerprint, self.trainer.paintings.fingerprint]

    def status(self) -> Status:
        """Where training stands."""
        times = [moment for moment, _ in self.recent]
        span = times[-1] - times[0] if times else 0.0
        values = [dataclasses.astuple(losses) for _, losses in self.recent] or [(0.0, 0.0, 0.0, 0.0)]
        means = Losses(*(sum(column) / len(values) for column in zip(*values, strict=True)))
        return Status(
            progress=self.clock.progress(),
            remaining=self.clock.remaining(),
            steps=self.clock.steps,
            images=2 * self.trainer.recipe.batch_size * self.clock.steps,
            rate=(len(times) - 1) / span if span > 0 else 0.0,
            losses=means,
        )

    def record(self) -> None:
        """Add a line to the history."""
        status = self.status()
        line = {
            "step": status.steps,
            "seconds": round(self.clock.seconds, 1),
            "learning_rate_factor": rate_factor(status.progress),
            **dataclasses.asdict(status.losses),
            "content_weight": round(self.trainer.content.weight, 3),
        }
        try:
            add_to_history(self.folder, line)
        except OSError as error:
            self.complain(f"The history cannot be written ({error.strerror}); training goes on.")

    def save(self) -> None:
        """Write the style, the state, and then the preview, without which training goes on."""
        average = self.trainer.average
        style = StyleFile(average, self.trainer.recipe.size, self.plan.licence, training=self.description())
        try:
            write_style(self.output, style)
        except StyleError as error:
            raise TrainingError(f"{error} Try another --seed or --precision fp32.") from None
        self.keep()
        try:
            write_picture(self.folder / "preview.png", Picture(preview(average, self.photos, self.trainer.compute)))
        except PictureError as error:
            self.complain(f"{error} Training goes on.")

    def keep(self) -> None:
        """Write the state."""
        about = {"seconds": self.clock.seconds, "fingerprints": self.fingerprints()}
        save_state(self.folder, self.trainer, about)

    def complain(self, sentence: str) -> None:
        """Warn, once for each sentence."""
        if sentence not in self.complaints:
            self.complaints.add(sentence)
            self.listener.warn(sentence)

    def description(self) -> dict[str, Any]:
        """What the style file says about its making."""
        trainer = self.trainer
        sets = {"photos": trainer.photos, "paintings": trainer.paintings}
        return {
            "recipe": dataclasses.asdict(trainer.recipe),
            "steps": self.clock.steps,
            # Of so many steps the same style comes out however long they took.
            **({} if self.plan.limit.steps else {"seconds": round(self.clock.seconds, 1)}),
            "device": str(trainer.compute),
            "threads": torch.get_num_threads(),
            **{name: {"count": len(one), "fingerprint": one.fingerprint} for name, one in sets.items()},
            "gan_style": __version__,
            "torch": torch.__version__,
        }
