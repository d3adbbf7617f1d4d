"""k-fold cross-validation (Stone, 1974) of batch size and length of training.

Photographs and paintings are split into folds. For each fold, each setting is trained on all other folds and scored on
this one. Then the best setting is trained on all pictures.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import read_style
from gan_style.data.picture_set import PictureSet
from gan_style.device import Compute
from gan_style.errors import DataError, NoSpaceError, UsageError
from gan_style.models.backbone import Backbone
from gan_style.models.generator import Generator
from gan_style.training.cross_validation.folds import enough, score, split
from gan_style.training.cross_validation.grid import Score, Setting, chosen_sentence
from gan_style.training.cross_validation.listeners import FoldListener, QuietListener
from gan_style.training.cross_validation.state import CrossValidationState, clear, fold_run_config, set_run_config
from gan_style.training.datasets import load_sets
from gan_style.training.distributed import ProcessGroup
from gan_style.training.loop.loop import Outcome
from gan_style.training.loop.setup import BRIEF, inspect_sets, learn, read_start, resume_command, train_on, writing
from gan_style.training.run.listener import Listener
from gan_style.training.run.state import has_state


@dataclass(frozen=True)
class Choice:
    """Result of a cross-validation.

    Attributes:
        scores: scores of all settings, in the order given; fewer if it was interrupted.
        chosen: the setting with the lowest mean distance; None if it was interrupted.
        outcome: result of training on all pictures, or of the interrupted run.
        folder: the run folder, from which an interrupted run can be resumed.
    """

    scores: list[Score]
    chosen: Setting | None
    outcome: Outcome
    folder: Path


def run_cross_validation(course: CrossValidationState, compute: Compute, listener: Listener) -> Choice:
    """Train and score the remaining settings and folds, choose the best setting, and train it on all pictures.

    Args:
        course: current state.
        compute: device and precision.
        listener: receives progress.

    Raises:
        DataError: there are too few pictures, or they have changed.
        UsageError: it was started as several processes.
        ResourceError: disk space or memory is missing.
        TrainingError: a run failed too often.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UsageError("Cross-validation runs in a single process; start it without torchrun.")
    config = course.config
    backbone, initial = load_backbone(config.recipe.backbone), read_start(config)
    with writing(config):
        sets = load_sets(config.photos, config.paintings, config.recipe, listener, trim=config.trim)
    begin(course, sets, listener)
    try:
        interrupted = try_settings(course, sets, initial, backbone, compute, listener)
    except NoSpaceError as error:  # It names the folder of a fold, which cannot be resumed by itself.
        raise NoSpaceError(error.place, f"free some space and {resume_command(config)}") from None
    if interrupted:
        return Choice(course.table(), None, interrupted, config.folder)
    best = choose(course, listener)
    outcome = learn(
        set_run_config(config, best.setting), compute, ProcessGroup(), QuietListener(listener), resumed=False
    )
    return Choice(course.table(), best.setting, outcome, config.folder)


def begin(course: CrossValidationState, sets: tuple[PictureSet, PictureSet], listener: Listener) -> None:
    """Start, or resume with the same pictures.

    Raises:
        DataError: there are too few pictures, or they have changed.
        UsageError: there is a single painting.
        ResourceError: disk space is missing.
    """
    config, fingerprints, anew = course.config, [one.fingerprint for one in sets], not course.fingerprints
    if not anew and course.fingerprints != fingerprints:
        raise DataError(
            f"The pictures in {config.photos} or {config.paintings} have changed since the cross-validation began; "
            "restore them, or start over with --overwrite."
        )
    if anew:
        for remark in inspect_sets(*sets, load_backbone(), most=BRIEF, listener=listener).remarks:
            listener.warn(remark.sentence)
    enough(sets, course.grid.folds)
    with writing(config):
        if anew:
            config.folder.mkdir(exist_ok=True)
            clear(config.folder)
        course.fingerprints = fingerprints
        course.write()


def try_settings(
    course: CrossValidationState,
    sets: tuple[PictureSet, PictureSet],
    initial: Generator | None,
    backbone: Backbone,
    compute: Compute,
    listener: Listener,
) -> Outcome | None:
    """Train and score the remaining settings and folds.

    Returns:
        The outcome of the interrupted run, or None if all are complete.
    """
    config, grid = course.config, course.grid
    whole = FoldListener(listener, grid)
    for setting, fold in itertools.product(grid.settings, range(grid.folds)):
        done = course.scores.setdefault(setting.name, [])
        whole.begin(setting, fold)
        if len(done) > fold:
            continue
        part = fold_run_config(config, setting, fold)
        included, left_out = split(sets, fold, grid.folds)
        with writing(part):
            part.folder.mkdir(parents=True, exist_ok=True)
        going_on = has_state(part.folder)
        outcome = train_on(
            included,
            part,
            None if going_on else initial,
            backbone,
            compute,
            ProcessGroup(),
            whole,
            resumed=going_on,
        )
        if outcome.interrupted:
            return outcome
        done.append(score(read_style(part.output).generator, left_out, config.recipe.size, compute))
        with writing(config):
            course.write()
    return None


def choose(course: CrossValidationState, listener: Listener) -> Score:
    """Choose the setting with the lowest mean distance, save it and report it."""
    scores = course.table()
    best = min(scores, key=lambda one: one.mean)
    course.chosen = best.setting.name
    with writing(course.config):
        course.write()
    listener.warn(chosen_sentence(best, scores))
    return best
