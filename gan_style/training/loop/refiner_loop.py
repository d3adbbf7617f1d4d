"""The last part of a training: a refiner learns the strokes that are finer than those of the generator."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator

import numpy as np
from safetensors import SafetensorError

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import read_style, write_style
from gan_style.data.picture_set import PictureSet, load_pictures
from gan_style.data.scans import CropBank
from gan_style.device import Compute
from gan_style.errors import TrainingError
from gan_style.inference.painter import Painter
from gan_style.training.loop.interruption import interruptible
from gan_style.training.loop.loop import Outcome
from gan_style.training.loop.refiner_choice import LONGEST, SHARE, RefinerChoice
from gan_style.training.loop.schedule import Clock, Limit
from gan_style.training.run.config import RunConfig
from gan_style.training.run.listener import Listener, Status
from gan_style.training.run.state import REFINING, read_state, remove_states, restore_from, write_state
from gan_style.training.step.adversarial import all_finite
from gan_style.training.step.refiner_trainer import RefinerConfig, RefinerTrainer

STEPS = 4
"""Steps of the generator for each of the refiner's, where their number is given."""

SAVE_SECONDS = 60.0

KEPT = ("steps", "seconds", "verdict")
"""What of the outcome of the generator's training a state remembers."""

PAINTED, FEWEST = 24, 4
"""Photographs that the style paints for its refiner to learn on, and how many at least where time is short."""

READY = 0.2
"""Share of a refiner's time that may be spent on painting them."""


class RefinerLoop:
    """The training of a refiner from its first step to its last."""

    def __init__(
        self,
        run_config: RunConfig,
        choice: RefinerChoice,
        photos: PictureSet,
        compute: Compute,
        listener: Listener,
        outcome: Outcome,
    ) -> None:
        """Prepare.

        Args:
            run_config: of the training, whose style file holds the finished generator.
            choice: what to begin as and learn from.
            photos: what the style paints for its refiner.
            compute: where.
            listener: who is told how it goes.
            outcome: of the generator's training.
        """
        self.begun = time.monotonic()
        self.run_config, self.choice, self.listener, self.outcome = run_config, choice, listener, outcome
        self.style = read_style(run_config.output)
        config = RefinerConfig(seed=run_config.recipe.seed)
        start = choice.refiner if choice.refiner and choice.refiner.config == config.generator else None
        scans = CropBank(choice.scans, config.seen, compute.device, config.scales, config.seed)
        painted = self.paint(photos, config, compute)
        self.trainer = RefinerTrainer(scans, painted, load_backbone(config.backbone), config, compute, start)
        limit = run_config.limit
        spent = time.monotonic() - self.begun
        self.clock = Clock(
            Limit(max(self.seconds - spent, self.seconds / 2) / 60)
            if limit.steps is None
            else Limit(steps=max(1, limit.steps // STEPS))
        )

    @property
    def seconds(self) -> float:
        """How long all this may take; infinite where the number of steps is given."""
        if self.run_config.limit.steps is not None:
            return float("inf")
        return self.choice.seconds(self.run_config.limit) or min(self.outcome.seconds * SHARE / (1 - SHARE), LONGEST)

    def paint(self, photos: PictureSet, config: RefinerConfig, compute: Compute) -> CropBank:
        """Photographs as the style paints them, as large as it does so itself."""
        paths = list(dict.fromkeys(photos.paths))
        chosen = [paths[index] for index in np.linspace(0, len(paths) - 1, min(PAINTED, len(paths))).astype(int)]
        size = self.style.size
        painter = Painter(self.style.generator, size, compute)
        read = load_pictures(chosen, 2 * size, smallest=max(size, config.seen // 2))
        painted = []
        for done, rgb in enumerate(read.pictures, 1):
            painted.append(painter.paint(rgb))
            self.listener.reading("painted photographs", done, len(read))
            if done >= FEWEST and time.monotonic() - self.begun > READY * self.seconds:
                break
        return CropBank(painted, config.seen // 2, compute.device, seed=config.seed + 1)

    def run(self, *, resumed: bool) -> Outcome:
        """Train to the end or until interrupted.

        Raises:
            TrainingError: there is nothing to go on from.
            OSError: something cannot be written.
        """
        if resumed:
            seconds = self.go_on()
        else:
            seconds = 0.0
            self.save()
            remove_states(self.run_config.folder, refining=False)
        with interruptible() as interrupted:
            self.clock.restart(seconds)
            saved = seconds
            while self.clock.progress() < 1 and not interrupted.is_set():
                losses = self.trainer.step(1 - self.clock.progress())
                self.clock.steps = self.trainer.steps
                if not all_finite(losses):
                    return self.give_up()
                if self.clock.tick() - saved > SAVE_SECONDS:
                    self.save()
                    saved = self.clock.seconds
                self.listener.status(self.status())
            self.save()
            if not interrupted.is_set():
                remove_states(self.run_config.folder)
            return dataclasses.replace(self.outcome, interrupted=interrupted.is_set())

    def go_on(self) -> float:
        """Begin with the last state; the seconds trained before.

        Raises:
            TrainingError: it cannot be read, or is of other pictures.
        """
        with reading_state(self.run_config):
            about, _ = restore_from(self.run_config.folder / REFINING, self.trainer)
            self.clock.limit, self.clock.steps = Limit(**about["limit"]), self.trainer.steps
            return float(about["seconds"])

    def status(self) -> Status:
        """Where training stands."""
        steps, clock = self.trainer.steps, self.clock
        return Status(
            progress=clock.progress(),
            remaining=clock.remaining(),
            steps=steps,
            images=2 * self.trainer.config.batch_size * steps,
            rate=steps / clock.seconds if clock.seconds else 0.0,
            losses={},
            refining=True,
        )

    def give_up(self) -> Outcome:
        """Keep the refiner that was there before one that has numbers that are not finite."""
        self.listener.warn("The finest strokes could not be learnt; the style keeps those that it began with.")
        training = {name: value for name, value in self.style.training.items() if name != "refiner"}
        kept = dataclasses.replace(
            self.style, refiner=self.choice.refiner, training={**training, **self.choice.training}
        )
        write_style(self.run_config.output, kept)
        remove_states(self.run_config.folder)
        return self.outcome

    def save(self) -> None:
        """Write the style, and the state from which training goes on.

        Raises:
            OSError: they cannot be written.
        """
        trainer = self.trainer
        if trainer.steps:
            about = {"source": "own", "start": self.choice.source, "steps": trainer.steps, "scans": len(trainer.scans)}
            training = {**self.style.training, "refiner": {**about, "config": dataclasses.asdict(trainer.config)}}
            write_style(
                self.run_config.output, dataclasses.replace(self.style, refiner=trainer.average, training=training)
            )
        outcome = {name: getattr(self.outcome, name) for name in KEPT}
        about = {"outcome": outcome, "limit": dataclasses.asdict(self.clock.limit), "seconds": self.clock.seconds}
        write_state(self.run_config.folder / REFINING, trainer, about, {})


def refined_outcome(run_config: RunConfig) -> Outcome | None:
    """How the training of the generator ended, where that of a refiner was cut off; None where it was not."""
    path = run_config.folder / REFINING
    if not path.exists():
        return None
    with reading_state(run_config):
        about, _ = read_state(path)
        return Outcome(
            run_config.output, run_config.folder, **{name: about["outcome"][name] for name in KEPT}, interrupted=False
        )


@contextlib.contextmanager
def reading_state(run_config: RunConfig) -> Iterator[None]:
    """Turn a state that is damaged, or of something else, into a sentence.

    Raises:
        TrainingError: it is.
    """
    try:
        yield
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError):
        raise TrainingError(f"The state in {run_config.folder} cannot be read; train anew.") from None
