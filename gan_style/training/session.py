"""One training from its first step to its last: steps, examinations, what is done about illness, and what is kept."""

from __future__ import annotations

import copy
import dataclasses
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gan_style.checkpoints.style_file import StyleFile, write_style
from gan_style.errors import DataError, StyleError, TrainingError
from gan_style.models.generator import Generator
from gan_style.training.guard import Guard
from gan_style.training.illness import NOT_A_NUMBER, Illness
from gan_style.training.interruption import interruptible
from gan_style.training.listener import Listener, Status
from gan_style.training.plan import Plan
from gan_style.training.preview import preview, preview_photos
from gan_style.training.records import Records
from gan_style.training.schedule import Clock, rate_factor
from gan_style.training.state import (
    HEALTHY,
    load_state,
    remove_states,
    restore,
    restore_from,
    save_state,
    snapshot,
    write_state,
)
from gan_style.training.trainer import Losses, Trainer
from gan_style.training.validation import Examiner
from gan_style.version import __version__

SAVE_SECONDS = 60.0

RECORD_SECONDS = 10.0

EXAMINE_SECONDS, EXAMINE_STEPS = 60.0, 250
"""Between two examinations: seconds, or steps where their number is given, so that the same steps end the same way."""

NAMED = 20
"""Files found unusable during a training that are named."""

WORTH = 30
"""Examinations are that much rarer than they are long."""


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

    def __init__(self, trainer: Trainer, examiner: Examiner | None, plan: Plan, listener: Listener) -> None:
        """Prepare.

        Args:
            trainer: makes the steps.
            examiner: judges the painter; of several processes only the first needs one.
            plan: what was asked for.
            listener: who is told how it goes.
        """
        self.trainer, self.examiner, self.plan, self.listener = trainer, examiner, plan, listener
        self.group = trainer.group
        self.output, self.folder = plan.output, plan.folder
        self.clock, self.guard, self.records = Clock(plan.limit), Guard(), Records(plan, listener)
        self.photos = preview_photos(trainer.photos.pictures, trainer.recipe.size)
        self.recent: deque[tuple[float, Losses]] = deque(maxlen=50)
        self.examined = 0
        self.told = {id(one): len(one.failures) for one in (trainer.photos, trainer.paintings)}
        self.next_save = self.next_record = self.next_examination = 0.0

    def run(self, *, resumed: bool) -> Outcome:
        """Train to the end or until interrupted.

        Raises:
            TrainingError: it fell ill too often.
        """
        with interruptible() as interrupted:
            seconds = self.go_on() if resumed else self.start()
            self.clock.restart(seconds)
            self.next_save, self.next_record = seconds + SAVE_SECONDS, seconds + RECORD_SECONDS
            self.next_examination = seconds + EXAMINE_SECONDS
            finished = self.train(interrupted)
            if self.group.first:
                self.record()
                self.save(going_on=False)
                if finished:
                    remove_states(self.folder)
            return Outcome(self.output, self.folder, self.clock.steps, self.clock.seconds, not finished)

    def train(self, interrupted: threading.Event) -> bool:
        """Make steps; whether all were made."""
        while True:
            self.clock.seconds, stop, due = self.group.told(
                lambda: (self.clock.tick(), interrupted.is_set(), self.due())
            )
            if stop:
                return False
            finished = self.clock.progress() >= 1
            if (due or finished) and self.examined != self.trainer.steps:
                self.examine()
                continue  # It may have gone back.
            if finished:
                return True
            if self.group.first and self.clock.seconds >= self.next_save:
                self.save(going_on=True)
                self.next_save = self.clock.seconds + SAVE_SECONDS
            self.step()
            self.tell_failures()

    def tell_failures(self) -> None:
        """Name files that were found unusable while they were needed, and once there are many, only their number."""
        for pictures in (self.trainer.photos, self.trainer.paintings):
            for failure in pictures.failures[self.told.get(id(pictures), 0) :]:
                self.told[id(pictures)] = self.told.get(id(pictures), 0) + 1
                if self.told[id(pictures)] < NAMED:
                    self.listener.warn(f"Left out: {failure}")
                elif self.told[id(pictures)] == NAMED:
                    self.listener.warn(f"Left out: {failure} More such files are passed over without a word.")

    def step(self) -> None:
        """Make a step."""
        losses = self.trainer.step(rate_factor(self.clock.progress()))
        if not losses.healthy():
            self.recover(NOT_A_NUMBER)
            return
        self.clock.steps += 1
        self.recent.append((self.clock.seconds, losses))
        if self.group.first:
            self.listener.status(self.status())
            if self.clock.seconds >= self.next_record:
                self.record()
                self.next_record = self.clock.seconds + RECORD_SECONDS

    def start(self) -> float:
        """Begin with nothing; the seconds trained before."""
        if self.group.first:
            self.records.begin()
            remove_states(self.folder)
            self.plan.write()
            self.write_healthy()
            if self.output.exists():
                self.keep()  # What is to be replaced stays until there is something better than a beginner.
            else:
                self.save(going_on=True)
        self.share()
        return 0.0

    def go_on(self) -> float:
        """Begin with the last state; the seconds trained before.

        Raises:
            DataError: the pictures are others.
            TrainingError: there is no state.
        """
        about = self.group.told(self.load)
        self.share()
        self.clock.steps, self.clock.end = self.trainer.steps, about["end"]
        self.examined = int(about["examined"])
        return float(about["seconds"])

    def load(self) -> dict[str, Any]:
        """Read the last state; its description.

        Raises:
            DataError: the pictures are others.
            TrainingError: there is no state.
        """
        about, tensors = load_state(self.folder, self.trainer)
        if about["fingerprints"] != self.fingerprints():
            raise DataError(
                f"The pictures in {self.plan.photos} or {self.plan.paintings} have changed since that training; put "
                "them back, or train anew."
            )
        self.guard.restore(about["guard"], tensors)
        self.records.go_back(self.trainer.steps)
        return about

    def share(self) -> None:
        """Give all processes the state of the first."""
        if self.group.size > 1:
            about, tensors = self.group.told(lambda: snapshot(self.trainer))
            restore(self.trainer, about, tensors)

    def fingerprints(self) -> list[str]:
        """Of both sets."""
        return [self.trainer.photos.fingerprint, self.trainer.paintings.fingerprint]

    def due(self) -> bool:
        """Whether it is time for an examination."""
        if self.plan.limit.steps is not None:
            return self.trainer.steps % EXAMINE_STEPS == 0
        return self.clock.seconds >= self.next_examination

    def examine(self) -> None:
        """See how good the painter is and whether it suffers from anything, and do what must be done about it.

        Raises:
            TrainingError: it fell ill too often.
        """
        illness, self.clock.end, self.next_examination = self.group.told(self.look)
        self.examined = self.trainer.steps
        if illness:
            self.recover(illness)
        elif self.group.first:
            self.write_healthy()

    def look(self) -> tuple[Illness | None, float | None, float]:
        """Examine the painter: what it suffers from, where training ends if that is known, when to look again."""
        assert self.examiner is not None
        begun = time.monotonic()
        checkup = self.examiner.examine(self.trainer)
        illness = self.guard.judge(checkup, self.clock.position, self.trainer.steps, self.trainer.average)
        self.records.add({**self.where(), **{f"held_{name}": value for name, value in checkup.line().items()}})
        if illness is None and not self.clock.settled and self.guard.done():
            self.clock.settle()
            self.records.add({**self.where(), "event": "No longer improves: the learning rate falls from here on"})
        pause = max(EXAMINE_SECONDS, WORTH * (time.monotonic() - begun))
        return illness, self.clock.end, self.clock.seconds + pause

    def recover(self, illness: Illness) -> None:
        """Go back to where nothing was wrong, and learn more gently from there.

        Raises:
            TrainingError: it is too late for that.
        """
        trainer = self.trainer
        gentleness, disturbance = trainer.gentleness * illness.gentler, trainer.disturbance * illness.stronger
        self.group.told(lambda: self.go_back(illness))
        self.share()
        trainer.gentleness, trainer.disturbance = gentleness, disturbance
        self.clock.steps = self.examined = trainer.steps
        self.recent.clear()
        if self.group.first:
            self.keep()

    def go_back(self, illness: Illness) -> None:
        """Bring the trainer into its last healthy state, and say so.

        Raises:
            TrainingError: it fell ill too often.
        """
        steps = self.trainer.steps
        if not self.guard.fell_ill():
            if self.guard.kept:
                self.save_style()
            raise TrainingError(
                f"{illness.sentence}, at step {steps}. That is illness number {self.guard.illnesses}, and training is "
                f"given up; {self.output} holds the style as it was before. {illness.advice}"
            )
        restore_from(self.folder / HEALTHY, self.trainer)
        self.records.go_back(self.trainer.steps)
        sentence = f"{illness.sentence}, at step {steps}: back to step {self.trainer.steps}, with {illness.remedy}"
        here = {"step": self.trainer.steps, "seconds": round(self.clock.seconds, 1)}
        self.records.add({**here, "event": sentence, "illness": illness.name})
        self.listener.warn(f"{sentence}.")

    def where(self) -> dict[str, float]:
        """Where in the training a line of the history belongs."""
        return {"step": self.clock.steps, "seconds": round(self.clock.seconds, 1)}

    def status(self) -> Status:
        """Where training stands."""
        times = [moment for moment, _ in self.recent]
        span = times[-1] - times[0] if times else 0.0
        values = [dataclasses.astuple(losses) for _, losses in self.recent] or [
            (0.0,) * len(dataclasses.fields(Losses))
        ]
        means = Losses(*(sum(column) / len(values) for column in zip(*values, strict=True)))
        return Status(
            progress=self.clock.progress(),
            remaining=self.clock.remaining(),
            steps=self.clock.steps,
            images=2 * self.trainer.recipe.batch_size * self.clock.steps,
            rate=(len(times) - 1) / span if span > 0 else 0.0,
            losses=means,
            curve=tuple(closed for _, closed in self.guard.curve),
        )

    def record(self) -> None:
        """Add a line about the last steps to the history."""
        status = self.status()
        self.records.add(
            {
                **self.where(),
                "learning_rate_factor": rate_factor(status.progress) * self.trainer.gentleness,
                **dataclasses.asdict(status.losses),
                "content_weight": round(self.trainer.content.weight, 3),
            }
        )

    def save(self, *, going_on: bool) -> None:
        """Write the style, the state, and then what people look at."""
        self.save_style()
        self.keep()
        shown = preview(self.trainer.average, self.photos, self.trainer.compute)
        self.records.show(shown, self.trainer.steps, going_on=going_on)

    def save_style(self) -> None:
        """Write the style: the newest, unless an examination spoke against it and there is a better one."""
        kept = None if self.guard.newest else self.guard.kept
        average = self.trainer.average if kept is None else with_weights(self.trainer.average, kept)
        steps = self.trainer.steps if kept is None else self.guard.kept_steps
        metrics = {"validation": self.validation()} if self.guard.kept_checkup else {}
        style = StyleFile(average, self.trainer.recipe.size, self.plan.licence, self.description(steps), metrics)
        try:
            write_style(self.output, style)
        except StyleError as error:
            raise TrainingError(f"{error} Try another --seed or --precision fp32.") from None

    def keep(self) -> None:
        """Write the state."""
        save_state(self.folder, self.trainer, self.about(), self.guard.tensors())

    def write_healthy(self) -> None:
        """Write the state to which an ill training goes back."""
        write_state(self.folder / HEALTHY, self.trainer, self.about(), {})

    def about(self) -> dict[str, Any]:
        """What a state holds besides the networks."""
        return {
            "seconds": self.clock.seconds,
            "end": self.clock.end,
            "examined": self.examined,
            "guard": self.guard.about(),
            "fingerprints": self.fingerprints(),
        }

    def validation(self) -> dict[str, Any]:
        """What the last examination of the style found, and how that was measured."""
        assert self.examiner is not None
        return {**self.guard.kept_checkup, "steps": self.guard.kept_steps, **self.examiner.settings()}

    def description(self, steps: int) -> dict[str, Any]:
        """What the style file says about its making."""
        trainer = self.trainer
        sets = {"photos": trainer.photos, "paintings": trainer.paintings}
        return {
            "recipe": dataclasses.asdict(trainer.recipe),
            "steps": steps,
            # Of so many steps the same style comes out however long they took.
            **({} if self.plan.limit.steps else {"seconds": round(self.clock.seconds, 1)}),
            "device": str(trainer.compute),
            "threads": torch.get_num_threads(),
            **{name: {"count": len(one), "fingerprint": one.fingerprint} for name, one in sets.items()},
            "gan_style": __version__,
            "torch": torch.__version__,
        }


def with_weights(generator: Generator, weights: dict[str, torch.Tensor]) -> Generator:
    """A copy with other weights."""
    other = copy.deepcopy(generator)
    other.load_state_dict(weights)
    return other
