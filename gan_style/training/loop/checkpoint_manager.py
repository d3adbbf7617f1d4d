"""Writes and reads the files of a run: the style, resumable states, and the last healthy state."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import Any

import torch

from gan_style.checkpoints.hub.address import hub_address
from gan_style.checkpoints.style_file import StyleFile, write_style
from gan_style.errors import DataError, StyleError, TrainingError, readable
from gan_style.models.generator import Generator
from gan_style.training.loop.best_tracker import BestTracker
from gan_style.training.loop.refiner_choice import RefinerChoice
from gan_style.training.loop.schedule import Clock
from gan_style.training.loop.validator import Validator
from gan_style.training.run.config import RunConfig
from gan_style.training.run.state import HEALTHY, load_state, remove_states, restore_from, save_state, write_state
from gan_style.training.step.trainer import Trainer
from gan_style.version import __version__


class CheckpointManager:
    """Writes and reads the checkpoints of one run."""

    def __init__(
        self,
        trainer: Trainer,
        validator: Validator | None,
        config: RunConfig,
        clock: Clock,
        tracker: BestTracker,
        choice: RefinerChoice,
    ) -> None:
        self.trainer, self.validator, self.config, self.clock, self.tracker = trainer, validator, config, clock, tracker
        self.choice = choice

    def begin(self) -> None:
        """Remove the states of an earlier run, and write the initial healthy state.

        Raises:
            OSError: the folder cannot be written.
        """
        self.write_healthy()  # Largest file first: if it does not fit, the earlier run stays intact.
        remove_states(self.config.folder, healthy=False)
        self.config.write()

    def end(self) -> None:
        """Remove the states, which are only needed to resume."""
        remove_states(self.config.folder)

    def save_style(self) -> None:
        """Write the newest style, or the best one if validation found the newest to be worse.

        Raises:
            TrainingError: the weights overflow half precision; the earlier file is kept.
            OSError: it cannot be written.
        """
        trainer, tracker = self.trainer, self.tracker
        average, steps = trainer.average, trainer.steps
        if not tracker.newest and tracker.kept:
            average, steps = with_weights(average, tracker.kept), tracker.kept_steps
        metrics = {"validation": self.validation()} if tracker.best_metrics else {}
        about = self.description(steps) | self.choice.training
        style = StyleFile(
            average, trainer.recipe.size, self.config.licence, about, metrics, refiner=self.choice.refiner
        )
        try:
            write_style(self.config.output, style)
        except StyleError as error:
            raise TrainingError(f"{error} Try another --seed, or --precision fp32.") from None

    def save_state(self) -> None:
        """Write a resumable state.

        Raises:
            OSError: it cannot be written.
        """
        save_state(self.config.folder, self.trainer, self.about(), self.tracker.tensors())

    def load_state(self) -> float:
        """Load the latest state; return the seconds trained so far.

        Raises:
            DataError: the pictures have changed.
            TrainingError: there is no state.
        """
        about, tensors = load_state(self.config.folder, self.trainer)
        if about["fingerprints"] != self.fingerprints():
            raise DataError(
                f"The pictures in {self.config.photos} or {self.config.paintings} have changed since the run began; "
                "restore them, or start a new run."
            )
        self.tracker.restore(about["guard"], tensors)
        self.clock.end = about["end"]
        self.clock.before, self.clock.after = (float(about.get(name, 0.0)) for name in ("before", "after"))
        return float(about["seconds"])

    def write_healthy(self) -> None:
        """Write the state that training returns to after a failure.

        Raises:
            OSError: it cannot be written.
        """
        write_state(self.config.folder / HEALTHY, self.trainer, self.about(), {})

    def restore_healthy(self) -> None:
        """Restore the trainer to that state; the tracker keeps its values."""
        restore_from(self.config.folder / HEALTHY, self.trainer)

    def about(self) -> dict[str, Any]:
        """Values of a state besides the networks, as JSON."""
        return {
            "seconds": self.clock.seconds,
            "end": self.clock.end,
            "before": self.clock.before,
            "after": self.clock.after,
            "guard": self.tracker.about(),
            "fingerprints": self.fingerprints(),
        }

    def fingerprints(self) -> list[str]:
        """Fingerprints of both sets."""
        return [self.trainer.photos.fingerprint, self.trainer.paintings.fingerprint]

    def validation(self) -> dict[str, Any]:
        """Metrics of the kept style, and how they were measured."""
        settings = self.validator.settings() if self.validator else {}
        return {**self.tracker.best_metrics, "steps": self.tracker.kept_steps, **settings}

    def description(self, steps: int) -> dict[str, Any]:
        """Training metadata for the style file."""
        trainer = self.trainer
        sets = {"photos": trainer.photos, "paintings": trainer.paintings}
        return {
            "start": self.config.start if hub_address(self.config.start) else readable(Path(self.config.start).name),
            "recipe": {**dataclasses.asdict(trainer.recipe), "augmentation": dataclasses.asdict(trainer.augmentation)},
            "steps": steps,
            # Omitted for runs limited by steps: their style does not depend on the time taken.
            **({} if self.config.limit.steps else {"seconds": round(self.clock.seconds, 1)}),
            "device": str(trainer.compute),
            "processes": trainer.group.size,
            "threads": torch.get_num_threads(),
            **{name: {"count": len(one), "fingerprint": one.fingerprint} for name, one in sets.items()},
            "gan_style": __version__,
            "torch": torch.__version__,
        }


def with_weights(generator: Generator, weights: dict[str, torch.Tensor]) -> Generator:
    """Return a copy of a generator with other weights."""
    other = copy.deepcopy(generator)
    other.load_state_dict(weights)
    return other
