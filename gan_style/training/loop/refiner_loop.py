"""Training of the refiner, after that of the generator."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator

import numpy as np
from safetensors import SafetensorError

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import read_style, write_style
from gan_style.data.loading import load_pictures
from gan_style.data.picture_set import PictureSet
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
"""Generator steps per refiner step in runs limited by steps."""

SAVE_SECONDS = 60.0

KEPT = ("steps", "seconds", "verdict")
"""Fields of the generator's outcome that are saved in the state."""

PAINTED, FEWEST = 24, 4
"""Number of photographs painted as training data for the refiner, and the minimum if time is short."""

READY = 0.2
"""Share of the refiner's time that painting them may take."""


class RefinerLoop:
    """Runs the training of a refiner from the first step to the last."""

    def __init__(
        self,
        run_config: RunConfig,
        choice: RefinerChoice,
        photos: PictureSet,
        compute: Compute,
        listener: Listener,
        outcome: Outcome,
    ) -> None:
        """Initialize the loop.

        Args:
            run_config: settings of the run, whose style file contains the finished generator.
            choice: initial weights and training paintings.
            photos: photographs that the style paints as training data.
            compute: device and precision.
            listener: receives progress.
            outcome: result of the generator's training.
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
        """Time limit of the refiner; infinite for runs limited by steps."""
        if self.run_config.limit.steps is not None:
            return float("inf")
        return self.choice.seconds(self.run_config.limit) or min(self.outcome.seconds * SHARE / (1 - SHARE), LONGEST)

    def paint(self, photos: PictureSet, config: RefinerConfig, compute: Compute) -> CropBank:
        """Paint photographs as large as the style itself does."""
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
            TrainingError: there is no state to resume from.
            OSError: a file cannot be written.
        """
        if resumed:
            seconds = self.resume()
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

    def resume(self) -> float:
        """Resume from the latest state; return the seconds trained so far.

        Raises:
            TrainingError: the state cannot be read, or belongs to other pictures.
        """
        with reading_state(self.run_config):
            about, _ = restore_from(self.run_config.folder / REFINING, self.trainer)
            self.clock.limit, self.clock.steps = Limit(**about["limit"]), self.trainer.steps
            return float(about["seconds"])

    def status(self) -> Status:
        """Return the current progress."""
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
        """Keep the initial refiner after the losses became NaN or infinite."""
        self.listener.warn("Refiner training failed (NaN or infinite loss); the style keeps its initial refiner.")
        training = {name: value for name, value in self.style.training.items() if name != "refiner"}
        kept = dataclasses.replace(
            self.style, refiner=self.choice.refiner, training={**training, **self.choice.training}
        )
        write_style(self.run_config.output, kept)
        remove_states(self.run_config.folder)
        return self.outcome

    def save(self) -> None:
        """Write the style and a resumable state.

        Raises:
            OSError: a file cannot be written.
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
    """Return the outcome of the generator's training if that of the refiner was interrupted, otherwise None."""
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
    """Turn errors from a corrupt or unrelated state into one clear message.

    Raises:
        TrainingError: the state cannot be read.
    """
    try:
        yield
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError):
        raise TrainingError(f"The state in {run_config.folder} cannot be read; start a new run.") from None
