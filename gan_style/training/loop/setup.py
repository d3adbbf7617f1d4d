"""Setup of a training run: load and check the pictures, build the networks, train."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import open_style
from gan_style.data.inspection import Inspection, inspect
from gan_style.data.picture_set import PictureSet
from gan_style.defaults import SCRATCH, SIZE
from gan_style.device import Compute, memory_errors
from gan_style.errors import DataError, NoSpaceError, ResourceError, UsageError
from gan_style.files import exists, is_folder, is_full
from gan_style.metrics.features import choose_features
from gan_style.models.backbone import Backbone
from gan_style.models.generator import Generator
from gan_style.text import counted
from gan_style.training.datasets import load_sets
from gan_style.training.distributed import ProcessGroup
from gan_style.training.loop.loop import Outcome, TrainingLoop
from gan_style.training.loop.refiner_choice import RefinerChoice, choose_refiner
from gan_style.training.loop.refiner_loop import RefinerLoop, refined_outcome
from gan_style.training.loop.validator import Validator, split_held_out
from gan_style.training.recipe import Recipe
from gan_style.training.run.config import RunConfig
from gan_style.training.run.listener import Listener, Silent
from gan_style.training.run.state import has_state
from gan_style.training.step.trainer import Trainer

BRIEF = 100
"""Pictures of each set that are checked before training; ``check`` looks at all."""


def learn(
    config: RunConfig,
    compute: Compute,
    group: ProcessGroup,
    listener: Listener,
    *,
    resumed: bool,
    began: float | None = None,
) -> Outcome:
    """Load the pictures and train, as one of a group of processes."""
    group.part(config.recipe.batch_size)  # Fail early if the batch cannot be split.
    if not group.first:
        listener = Silent()
    initial = None if resumed else read_start(config)
    backbone = load_backbone(config.recipe.backbone)
    with writing(config):
        sets = load_sets(config.photos, config.paintings, config.recipe, listener, trim=config.trim)
    size = config.recipe.size
    if group.first and not resumed and size < SIZE:
        listener.warn(
            f"At --size {size}, strokes are learned from small pictures and look {SIZE / size:g} times as large on a "
            f"photograph as at {SIZE}. Omit --size, or paint with --stroke {size / SIZE:g}."
        )
    if group.first and not resumed:
        for remark in inspect_sets(*sets, load_backbone(), most=BRIEF, listener=listener).remarks:
            listener.warn(remark.sentence)
    choice = choose_refiner(config, split_held_out(sets[1])[0], listener) if group.first else RefinerChoice()
    outcome = refined_outcome(config) if resumed else None
    going_on = outcome is not None
    if going_on and not choice.scans:
        raise DataError(f"The large paintings in {config.paintings} are missing since the run began; restore them.")
    if outcome is None:
        outcome = train_on(
            sets,
            config,
            initial,
            backbone,
            compute,
            group,
            listener,
            resumed=resumed,
            began=began,
            choice=choice,
        )
    if choice.scans and not outcome.interrupted:
        with writing(config), memory_errors("Use --refiner none."):
            session = RefinerLoop(config, choice, split_held_out(sets[0])[0], compute, listener, outcome)
            outcome = session.run(resumed=going_on)
    return dataclasses.replace(outcome, verdict=outcome.verdict + choice.sentence)


def train_on(
    sets: tuple[PictureSet, PictureSet],
    config: RunConfig,
    initial: Generator | None,
    backbone: Backbone,
    compute: Compute,
    group: ProcessGroup,
    listener: Listener,
    *,
    resumed: bool,
    began: float | None = None,
    choice: RefinerChoice | None = None,
) -> Outcome:
    """Train on loaded pictures, starting from another generator or from scratch."""
    began = time.monotonic() if began is None else began
    with writing(config), memory_errors("Use a smaller --batch-size or --size."):
        (photos, other_photos), (paintings, other_paintings) = (split_held_out(one) for one in sets)
        trainer = Trainer(photos, paintings, backbone, config.recipe, compute, group)
        if initial:
            trainer.load_matching_weights(initial)
        validator = make_validator(other_photos, other_paintings, trainer, config, listener) if group.first else None
        return TrainingLoop(trainer, validator, config, listener, began, choice).run(resumed=resumed)


@contextlib.contextmanager
def writing(config: RunConfig) -> Iterator[None]:
    """Turn disk errors into one clear message, and remove the files of a run that could not be resumed.

    Raises:
        NoSpaceError: the disk is full.
        ResourceError: a file could not be written for another reason.
    """
    new = [path for path in (config.folder, config.output) if not exists(path)]
    try:
        yield
    except OSError as error:
        going_on = has_state(config.folder)
        for path in () if going_on else new:
            remove(path)
        failed = Path(error.filename or config.output)
        if is_full(error):
            remedy = (
                f"free some space and {resume_command(config)}" if going_on else "free some space or use another -o"
            )
            raise NoSpaceError(
                config.output.parent if failed.is_relative_to(config.folder) else failed.parent, remedy
            ) from None
        remedy = f"fix this and {resume_command(config)}" if going_on else "choose another location with -o"
        raise ResourceError(f"Cannot write {failed} ({error.strerror or error}); {remedy}.") from None


def resume_command(config: RunConfig) -> str:
    """Return the command that resumes a run."""
    return f"resume with: gan-style train --resume {shlex.quote(str(config.folder))}"


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents."""
    if is_folder(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def read_start(config: RunConfig) -> Generator | None:
    """Load the generator that training starts from; None for scratch.

    Raises:
        StyleError: the file is not a valid style.
        UsageError: its network has another shape, or it was trained at another size than the one to fine-tune at.
    """
    if config.start == SCRATCH:
        return None
    style = open_style(config.start)
    generator = style.generator
    if config.recipe.crop_size is not None and style.size != config.recipe.size:
        raise UsageError(f"{config.start} was trained at --size {style.size}; fine-tune it at that size.")
    if not same_shape(generator, config.recipe):
        raise UsageError(
            f"The network of {config.start} has another shape than the one to train; use --from {SCRATCH}."
        )
    return generator


def same_shape(generator: Generator, recipe: Recipe) -> bool:
    """Return whether a generator's weights fit a recipe's network; its inputs and latent size may differ."""
    mine, wanted = (
        dataclasses.replace(config, noise=0, simplify=0, streaks=0, residual=1)
        for config in (generator.config, recipe.generator)
    )
    return mine == wanted


def make_validator(
    photos: PictureSet, paintings: PictureSet, trainer: Trainer, config: RunConfig, listener: Listener
) -> Validator:
    """Build the validator of the style on held-out pictures."""

    def progress(done: int, total: int) -> None:
        listener.reading("validation pictures", done, total)

    validator = Validator(photos, paintings, trainer, choose_features(), progress)
    if config.limit.until_done and validator.unmeasured:
        steps = config.limit.steps
        limit = f"{config.limit.minutes:g} minutes" if steps is None else counted(steps, "step")
        listener.warn(f"{validator.unmeasured} Early stopping is therefore off; training runs to its limit, {limit}.")
    return validator


def inspect_sets(
    photos: PictureSet, paintings: PictureSet, backbone: Backbone, *, most: int | None, listener: Listener
) -> Inspection:
    """Check the pictures for problems; a single painting is checked once, not at every scale."""
    return inspect(
        photos, paintings.part([0]) if paintings.single else paintings, backbone, most=most, progress=listener.reading
    )
