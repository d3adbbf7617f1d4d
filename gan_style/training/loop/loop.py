"""The training loop: steps, validation, checkpoints, and recovery from failures."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from gan_style.errors import TrainingError
from gan_style.imaging.types import Pixels
from gan_style.text import counted
from gan_style.training.loop.best_tracker import BestTracker
from gan_style.training.loop.checkpoint_manager import CheckpointManager
from gan_style.training.loop.failure import NOT_A_NUMBER, Failure
from gan_style.training.loop.interruption import interruptible
from gan_style.training.loop.refiner_choice import RefinerChoice
from gan_style.training.loop.schedule import Clock, rate_factor
from gan_style.training.loop.validator import Validator
from gan_style.training.run.config import RunConfig
from gan_style.training.run.listener import Listener, Status
from gan_style.training.run.log import RunLog
from gan_style.training.run.preview import preview, preview_photos
from gan_style.training.run.state import restore, snapshot
from gan_style.training.run.verdict import verdict
from gan_style.training.step.adversarial import all_finite
from gan_style.training.step.trainer import Trainer

logger = logging.getLogger(__name__)

SAVE_SECONDS = 60.0

RECORD_SECONDS = 10.0

EXAMINE_SECONDS, EXAMINE_STEPS = 60.0, 250
"""Interval between validations; in steps if the run is limited by steps, so that it is reproducible."""

WORTH, RAREST = 30, 300.0
"""Shortest interval, as a multiple of the duration of a validation, and longest interval in seconds."""


@dataclass(frozen=True)
class Outcome:
    """Result of a training run.

    Attributes:
        style: the style file.
        folder: the run folder, from which an interrupted run can be resumed.
        steps: number of steps.
        seconds: time spent training.
        interrupted: whether training was stopped early.
        verdict: quality of the style, in one sentence.
    """

    style: Path
    folder: Path
    steps: int
    seconds: float
    interrupted: bool
    verdict: str = ""


class TrainingLoop:
    """Runs training from the first step to the last."""

    def __init__(
        self,
        trainer: Trainer,
        validator: Validator | None,
        config: RunConfig,
        listener: Listener,
        began: float,
        choice: RefinerChoice | None = None,
    ) -> None:
        """Initialize the loop.

        Args:
            trainer: performs the steps.
            validator: validates the style; only the first process needs one.
            config: settings of the run.
            listener: receives progress.
            began: value of ``time.monotonic()`` from which the minutes of the limit count.
            choice: the refiner of the style, and whether to train one afterwards.
        """
        self.choice = choice or RefinerChoice()
        self.began, self.saving, self.previewing = began, 0.0, 0.0
        self.trainer, self.validator, self.config, self.listener = trainer, validator, config, listener
        self.group = trainer.group
        self.clock, self.tracker, self.run_log = Clock(config.limit), BestTracker(), RunLog(config, listener)
        self.checkpoints = CheckpointManager(trainer, validator, config, self.clock, self.tracker, self.choice)
        self.photos = preview_photos(trainer.photos.pictures, trainer.recipe.size)
        self.recent: deque[tuple[float, dict[str, float]]] = deque(maxlen=50)
        self.next_save = self.next_record = self.next_examination = 0.0

    def run(self, *, resumed: bool) -> Outcome:
        """Train to the end or until interrupted.

        Raises:
            DataError: the pictures have changed since the run to resume.
            TrainingError: there is no state to resume from, or training failed too often.
            OSError: a file cannot be written.
        """
        with interruptible() as interrupted:
            seconds, self.clock.end, self.clock.before, self.clock.after = self.group.broadcast(
                self.resume if resumed else self.start
            )
            self.share()
            self.clock.restart(seconds)
            self.next_save, self.next_record = seconds + SAVE_SECONDS, seconds + RECORD_SECONDS
            self.next_examination = seconds + EXAMINE_SECONDS
            finished = self.train(interrupted)
            if self.group.first:
                self.record()
                self.save(going_on=False)
                if finished and not self.choice.scans:
                    self.checkpoints.end()
            found = verdict(self.checkpoints.validation()) if self.tracker.best_metrics else verdict({})
            where = (self.config.output, self.config.folder)
            return Outcome(*where, self.clock.steps, self.clock.seconds, not finished, found)

    def start(self) -> tuple[float, float | None, float, float]:
        """Start a new run.

        Returns:
            The seconds trained so far, the end of training if known, and the clock's seconds before and after training.
        """
        self.config.folder.mkdir(parents=True, exist_ok=True)
        self.checkpoints.begin()
        self.run_log.begin()
        if self.config.output.exists():
            self.checkpoints.save_state()  # Keep the file to be replaced until there is a better style.
        else:
            self.save(going_on=True)
        after = self.closing()
        return 0.0, None, time.monotonic() - self.began, after

    def closing(self) -> float:
        """Estimate, from a preview, the seconds that a refiner, the final validation and the final files will take."""
        if self.validator is None:
            return 0.0
        if not self.previewing:
            self.preview()
        looking = self.validator.seconds + self.previewing / len(self.photos) * len(self.validator.photos)
        return self.choice.seconds(self.config.limit) + looking + max(self.previewing, self.saving)

    def resume(self) -> tuple[float, float | None, float, float]:
        """Resume from the latest state; returns the same as :meth:`start`."""
        seconds = self.checkpoints.load_state()
        self.run_log.roll_back(self.trainer.steps)
        return seconds, self.clock.end, self.clock.before, self.clock.after

    def train(self, interrupted: threading.Event) -> bool:
        """Run the steps; return False if interrupted."""
        while True:
            self.clock.seconds, look, stop = self.group.broadcast(lambda: (*self.decide(), interrupted.is_set()))
            if stop:
                return False
            if look:
                self.examine()
                continue  # Training may have been rolled back.
            if self.clock.progress() >= 1:
                return True
            if self.group.first and self.clock.seconds >= self.next_save:
                self.save(going_on=True)
                self.next_save = self.clock.seconds + SAVE_SECONDS
            self.step()

    def decide(self) -> tuple[float, bool]:
        """Return the seconds trained and whether validation is due."""
        seconds, steps = self.clock.tick(), self.trainer.steps
        by_steps = self.config.limit.steps is not None
        due = steps % EXAMINE_STEPS == 0 if by_steps else seconds >= self.next_examination
        return seconds, (due or self.clock.progress() >= 1) and self.tracker.examined != steps

    def step(self) -> None:
        """Run one step."""
        losses = self.trainer.step(rate_factor(self.clock.progress()))
        if not all_finite(losses):
            self.recover(NOT_A_NUMBER)
            return
        self.clock.steps += 1
        self.recent.append((self.clock.seconds, losses))
        if self.group.first:
            self.listener.status(self.status())
            self.run_log.report_failures(self.trainer.photos, self.trainer.paintings)
            if self.clock.seconds >= self.next_record:
                self.record()
                self.next_record = self.clock.seconds + RECORD_SECONDS

    def share(self) -> None:
        """Copy the state of the first process to all others."""
        if self.group.size > 1:
            restore(self.trainer, *self.group.broadcast(lambda: snapshot(self.trainer)))
        self.clock.steps = self.trainer.steps

    def examine(self) -> None:
        """Validate the style, and recover if training has failed.

        Raises:
            TrainingError: training failed too often.
        """
        failure, self.clock.end, self.clock.after, self.next_examination = self.group.broadcast(self.look)
        if failure:
            self.recover(failure)
        elif self.group.first:
            self.checkpoints.write_healthy()

    def look(self) -> tuple[Failure | None, float | None, float, float]:
        """Validate the style.

        Returns:
            The failure, if any; the end of training, if known; the seconds that validation and saving take; and when
            the next validation is due, in seconds.
        """
        assert self.validator is not None
        begun = time.monotonic()
        metrics = self.validator.examine(self.trainer)
        on = {"held_on": {name: self.validator.settings()[name] for name in ("photos", "paintings", "kept_aside")}}
        failure = self.tracker.judge(metrics, self.clock.position, self.trainer.steps, self.trainer.average)
        self.run_log.add(self.where() | {f"held_{name}": value for name, value in metrics.line().items()} | on)
        if failure is None and not self.clock.settled and self.tracker.done():
            self.clock.settle()
            self.run_log.add(self.where() | {"event": "No longer improving: the learning rate starts to decay"})
        spent = time.monotonic() - begun
        pause = min(max(EXAMINE_SECONDS, WORTH * spent), RAREST)
        after = spent + self.saving + self.choice.seconds(self.config.limit)
        return failure, self.clock.end, after, self.clock.seconds + pause

    def recover(self, failure: Failure) -> None:
        """Roll back to the last healthy state, and continue with gentler settings.

        Raises:
            TrainingError: training cannot continue.
        """
        trainer = self.trainer
        lr_scale, augmentation_scale = trainer.lr_scale * failure.gentler, trainer.augmentation_scale * failure.stronger
        self.group.broadcast(lambda: self.roll_back(failure))
        self.share()
        trainer.lr_scale, trainer.augmentation_scale = lr_scale, augmentation_scale
        self.recent.clear()
        if self.group.first:
            self.tracker.examined = trainer.steps
            self.checkpoints.save_state()

    def roll_back(self, failure: Failure) -> None:
        """Restore and report the last healthy state; if time is up, keep the best style instead.

        Raises:
            TrainingError: training failed too often, or time is up and there is no style to keep.
        """
        steps, tracker = self.trainer.steps, self.tracker
        hope, over = tracker.record_failure(), self.config.limit.steps is None and self.clock.progress() >= 1
        if not hope or (over and not tracker.kept):
            if tracker.kept:
                self.checkpoints.save_style()
            raise TrainingError(
                f"{failure.sentence} at step {steps}. "
                f"Training stopped after {counted(tracker.failures, 'failure')}; {self.config.output} contains "
                f"{'the best style so far' if tracker.kept else 'the last saved style'}. "
                f"{failure.advice}"
            )
        if over:
            sentence = f"{failure.sentence} at step {steps}: kept the style from step {tracker.kept_steps}"
        else:
            self.checkpoints.restore_healthy()
            self.run_log.roll_back(self.trainer.steps)
            sentence = (
                f"{failure.sentence} at step {steps}: rolled back to step {self.trainer.steps} with {failure.remedy}"
            )
        here = self.where() | {"step": self.trainer.steps}
        self.run_log.add(here | {"event": sentence, "illness": failure.name})
        self.listener.warn(f"{sentence}.")

    def where(self) -> dict[str, object]:
        """Step and time of a history entry."""
        return {"step": self.clock.steps, "seconds": round(self.clock.seconds, 1)}

    def status(self) -> Status:
        """Return the current progress."""
        times = [moment for moment, _ in self.recent]
        span = times[-1] - times[0] if times else 0.0
        recent = [losses for _, losses in self.recent]
        names = self.trainer.loss_names()
        means = {name: sum(losses[name] for losses in recent) / max(1, len(recent)) for name in names}
        return Status(
            progress=self.clock.progress(),
            remaining=self.clock.remaining(),
            steps=self.clock.steps,
            images=2 * self.trainer.recipe.batch_size * self.clock.steps,
            rate=(len(times) - 1) / span if span > 0 else 0.0,
            losses=means,
            curve=tuple(closed for _, closed in self.tracker.curve),
        )

    def preview(self) -> Pixels:
        """Render the preview: photographs and their paintings."""
        begun = time.monotonic()
        shown = preview(self.trainer.average, self.photos, self.trainer.compute)
        self.previewing = time.monotonic() - begun
        return shown

    def record(self) -> None:
        """Add the average losses of the latest steps to the history."""
        status, trainer = self.status(), self.trainer
        rate = rate_factor(status.progress) * trainer.lr_scale
        weight = round(trainer.content_weight.weight, 3)
        line = {"learning_rate_factor": rate, **status.losses, "content_weight": weight}
        self.run_log.add(self.where() | line)

    def save(self, *, going_on: bool) -> None:
        """Write the style, the state, the preview and the page."""
        logger.debug("step %d: writing %s, its state and its page", self.trainer.steps, self.config.output)
        begun = time.monotonic()
        self.checkpoints.save_style()
        self.checkpoints.save_state()
        shown = self.preview()
        self.run_log.show(shown, self.trainer.steps, going_on=going_on)
        self.saving = time.monotonic() - begun
