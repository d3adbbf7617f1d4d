"""Entry points of training: train, resume, cross-validate, and check the pictures."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.bundled import named_styles, resolve_style
from gan_style.checkpoints.hub.cache import source_of
from gan_style.checkpoints.style_file import open_style, read_style
from gan_style.data.inspection import Inspection
from gan_style.defaults import REFINER, SCRATCH, START
from gan_style.device import Compute, local_rank
from gan_style.errors import StyleError, TrainingError, UsageError
from gan_style.files import is_file, resolved
from gan_style.imaging.kinds import SUFFIXES
from gan_style.names import shortened_name
from gan_style.training.cross_validation.grid import Grid
from gan_style.training.cross_validation.run import Choice, run_cross_validation
from gan_style.training.cross_validation.state import CrossValidationState, is_unfinished, read_cross_validation_state
from gan_style.training.datasets import load_sets
from gan_style.training.distributed import ProcessGroup, joined
from gan_style.training.loop.loop import Outcome
from gan_style.training.loop.schedule import Limit
from gan_style.training.loop.setup import inspect_sets, learn, same_shape
from gan_style.training.recipe import Recipe
from gan_style.training.run.config import RunConfig, read_run_config, same_run_config
from gan_style.training.run.environment import changed, conditions_of, on_threads, threads_of
from gan_style.training.run.listener import Listener, Silent
from gan_style.training.run.state import has_state

logger = logging.getLogger(__name__)


def default_output(paintings: Path) -> Path:
    """Return the default style path: in the current folder, named after the folder of paintings or the painting."""
    stem = paintings.stem if is_file(paintings) else resolved(paintings).name
    return Path(shortened_name(lambda name: f"{name}.safetensors", stem or "style", Path()))


def style_path(output: str | os.PathLike[str] | None, paintings: str | os.PathLike[str]) -> Path:
    """Return the path of the style file: ``output``, or the default."""
    return default_output(Path(paintings)) if output is None else Path(output)


def train(
    photos: str | os.PathLike[str],
    paintings: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    recipe: Recipe | None = None,
    limit: Limit | None = None,
    start: str | os.PathLike[str] = START,
    device: str = "auto",
    precision: str = "auto",
    refiner: str = REFINER,
    licence: str = "",
    overwrite: bool = False,
    trim: bool = False,
    threads: int | None = None,
    began: float | None = None,
    listener: Listener | None = None,
) -> Outcome:
    """Train a style on a folder of photographs and a folder of paintings.

    The style file is written every minute, and immediately if ``output`` does not exist yet, so a usable style is left
    however training ends. Ctrl-C and termination signals stop training cleanly. If a folder has at least 80 pictures,
    some are held out, and the style is validated on them every minute or two: after a failure, training returns to the
    last healthy state and continues with gentler settings. The newest style is kept unless an earlier one is better
    with 95 % confidence.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of paintings, read recursively; or a single painting, which adds a Gram matrix loss.
        output: the style file; by default named after ``paintings``, in the current folder.
        recipe: training settings.
        limit: length of training; 30 minutes by default.
        start: initial weights of the generator: "scratch", or a style in any form that :func:`load_style` accepts.
            "base" was trained on all bundled styles; if the recipe's network has another shape, training starts from
            scratch.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        refiner: the network that adds the finest strokes to large pictures. "auto" trains one on the paintings in the
            last third of the time if at least 12 of them are large enough (448 pixels on the short side at the default
            size), and otherwise uses the refiner of the bundled style that restores the paintings best; "none" uses no
            refiner; a style, in the same form as ``start``, lends its refiner.
        licence: SPDX identifier written into the style.
        overwrite: whether ``output`` may replace a file.
        trim: crop margins and frames first.
        threads: number of CPU threads; PyTorch's default if None.
        began: value of ``time.monotonic()`` from which the minutes of ``limit`` count; now by default.
        listener: receives progress.

    Raises:
        UsageError: an option is out of range, or ``output`` exists.
        DataError: a folder contains no usable pictures.
        StyleError: ``start`` is not a valid style.
        ResourceError: CUDA, the backbone weights or disk space are missing.
        TrainingError: training failed three times; the best style so far is kept.
    """
    began = time.monotonic() if began is None else began
    recipe, start = resolve_start(start, recipe or Recipe(), listener or Silent())
    logger.info("starting from %s; batch size %d, size %d", start, recipe.batch_size, recipe.size)
    compute = Compute.choose(device, precision)
    with on_threads(threads), joined(compute) as group:
        how = (recipe, limit or Limit(), start, licence, trim, device, precision, refiner, conditions_of(compute))
        config = RunConfig(Path(photos), Path(paintings), style_path(output, paintings), *how)
        resumed = group.broadcast(lambda: can_resume(config, group, overwrite))
        return learn(config, compute, group, listener or Silent(), resumed=resumed, began=began)


def resolve_start(start: str | os.PathLike[str], recipe: Recipe, listener: Listener) -> tuple[Recipe, str]:
    """Resolve ``start``; "scratch" if it is "base" and the recipe's network has another shape.

    A style on the Hub is downloaded and pinned to its commit. Fine-tuning keeps the style's preprocessing of
    photographs unless the recipe sets it.
    """
    start = os.fspath(start)
    if start == SCRATCH:
        return recipe, start
    try:
        path = resolve_style(start, listener.reading)
    except StyleError as error:
        if os.path.lexists(start):
            raise
        raise StyleError(f"{error} The default is {START}; {SCRATCH} starts from random weights.") from None
    if source := source_of(path):
        start = str(source)
    elif path.stem in named_styles() and not os.path.lexists(start) and "@" not in start:
        start = path.stem  # Regardless of case and extension.
    generator = open_style(start).generator
    if start == START and not same_shape(generator, recipe):
        return recipe, SCRATCH
    wanted, known = recipe.generator, generator.config
    # A generator without the residual connection outputs a picture, not a change to the photograph.
    shape = dataclasses.replace(wanted, residual=wanted.residual and known.residual)
    if recipe.crop_size is not None:
        shape = dataclasses.replace(
            shape, simplify=wanted.simplify or known.simplify, streaks=wanted.streaks or known.streaks
        )
    return dataclasses.replace(recipe, generator=shape), start


def cross_validate(
    photos: str | os.PathLike[str],
    paintings: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    grid: Grid,
    recipe: Recipe | None = None,
    start: str | os.PathLike[str] = START,
    device: str = "auto",
    precision: str = "auto",
    refiner: str = REFINER,
    licence: str = "",
    overwrite: bool = False,
    trim: bool = False,
    threads: int | None = None,
    listener: Listener | None = None,
) -> Choice:
    """Choose batch size and length by cross-validation, then train on all pictures with them.

    After an interruption, :func:`resume` continues at the unfinished fold.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of paintings, read recursively.
        output: the style file; by default named after ``paintings``, in the current folder.
        grid: settings to compare.
        recipe: all other training settings.
        start: see :func:`train`.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        refiner: see :func:`train`.
        licence: SPDX identifier written into the style.
        overwrite: whether ``output`` may replace a file.
        trim: crop margins and frames first.
        threads: number of CPU threads; PyTorch's default if None.
        listener: receives progress.

    Raises:
        DataError: a folder contains no usable pictures, or too few to split.
        ResourceError: CUDA, the backbone weights or disk space are missing.
        StyleError: ``start`` is not a valid style.
        TrainingError: a training run failed three times.
        UsageError: an option or the output path is invalid.
    """
    recipe, start = resolve_start(start, recipe or Recipe(), listener or Silent())
    compute = Compute.choose(device, precision)
    for setting in grid.settings:
        dataclasses.replace(recipe, batch_size=setting.batch_size)  # Fail early if one is out of range.
    with on_threads(threads):
        how = (recipe, grid.limits[0], start, licence, trim, device, precision, refiner, conditions_of(compute))
        config = RunConfig(Path(photos), Path(paintings), style_path(output, paintings), *how)
        check_output(config.output, (config.photos, config.paintings), overwrite)
        return run_cross_validation(CrossValidationState(config.absolute(), grid), compute, listener or Silent())


def resume_cross_validation(
    run: str | os.PathLike[str], *, threads: int | None = None, listener: Listener | None = None
) -> Choice:
    """Resume a cross-validation at the interrupted fold; see :func:`resume`."""
    course = read_cross_validation_state(Path(run))
    compute = Compute.choose(course.config.device, course.config.precision)
    with original_conditions(course.config, compute, threads, listener or Silent()):
        return run_cross_validation(course, compute, listener or Silent())


@contextlib.contextmanager
def original_conditions(config: RunConfig, compute: Compute, threads: int | None, listener: Listener) -> Iterator[None]:
    """Use the original number of threads, or ``threads``, and warn about changed conditions."""
    before = threads_of(config.conditions)
    with on_threads(threads or before):
        if not local_rank() and (sentence := changed(config.conditions, conditions_of(compute))):
            listener.warn(sentence)
        if not local_rank() and threads is None and (before or 1) > (os.cpu_count() or 1):
            listener.warn(
                f"Training began with {before} threads, more than this machine has cores; --threads may make it faster."
            )
        yield


def resume(run: str | os.PathLike[str], *, threads: int | None = None, listener: Listener | None = None) -> Outcome:
    """Resume an interrupted training run exactly where it stopped.

    On the same machine, a run limited by steps ends with the same style, byte for byte, as an uninterrupted one; a run
    limited by minutes counts only time spent training. A warning names any changed condition that affects the style.

    Args:
        run: the run folder, next to the style file.
        threads: number of CPU threads; by default as many as the run began with, which a byte-identical style requires.
        listener: receives progress.

    Raises:
        DataError: the pictures are missing or have changed.
        ResourceError: CUDA, the backbone weights or disk space are missing.
        TrainingError: there is no state to resume from, or training failed three times.
    """
    if is_unfinished(Path(run)):
        return resume_cross_validation(run, threads=threads, listener=listener).outcome
    config = read_run_config(Path(run))
    if not has_state(config.folder):
        raise TrainingError(
            f"{run} has no saved state: the run has finished, or stopped before its first save. To train its style "
            f"further with: gan-style train {shlex.quote(str(config.photos))} "
            f"{shlex.quote(str(config.paintings))} --from {shlex.quote(str(config.output))} -o another.safetensors"
        )
    compute = Compute.choose(config.device, config.precision)
    with original_conditions(config, compute, threads, listener or Silent()), joined(compute) as group:
        return learn(config, compute, group, listener or Silent(), resumed=True)


def can_resume(config: RunConfig, group: ProcessGroup, overwrite: bool) -> bool:
    """Return whether to resume a distributed run that was started with the same command before.

    After a process dies, a launcher restarts all of them, or a scheduler the whole job, with the same command.

    Raises:
        UsageError: there is nothing to resume, and the style cannot or must not be written.
    """
    if group.size > 1 and has_state(config.folder) and same_run_config(config):
        return True
    check_output(config.output, (config.photos, config.paintings), overwrite)
    return False


def check(
    photos: str | os.PathLike[str],
    paintings: str | os.PathLike[str],
    *,
    recipe: Recipe | None = None,
    trim: bool = False,
    listener: Listener | None = None,
) -> Inspection:
    """Check all pictures for problems, as training would see them, without training.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of paintings, read recursively.
        recipe: see :func:`train`.
        trim: crop margins and frames first.
        listener: receives progress, and warnings about unreadable files.

    Raises:
        DataError: a folder contains no usable pictures.
        ResourceError: the backbone weights are missing.
    """
    recipe, listener = recipe or Recipe(), listener or Silent()
    sets = load_sets(Path(photos), Path(paintings), recipe, listener, trim=trim)
    return inspect_sets(*sets, load_backbone(), most=None, listener=listener)


def check_output(output: Path, sources: tuple[Path, ...], overwrite: bool) -> None:
    """Reject an output path at which the style could not be written, or would overwrite something other than a style.

    Raises:
        UsageError: the style cannot or must not be written there.
    """
    try:
        output.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # Nothing to overwrite.
    except OSError as error:
        raise UsageError(f"Cannot write {output} ({error.strerror}); choose another file with -o.") from None
    for folder in sources:
        if resolved(folder) in resolved(output).parents:
            raise UsageError(f"{output} is inside the picture folder {folder}; choose another location with -o.")
    if output.suffix.lower() in SUFFIXES:
        raise UsageError(f"{output} has a picture's extension; use a name such as {output.stem}.safetensors with -o.")
    if output.is_dir():
        raise UsageError(f"{output} is a folder; give a file name with -o, for example {output / 'style.safetensors'}.")
    if output.exists() and not overwrite:
        raise UsageError(f"{output} already exists; add --overwrite to replace it, or choose another file with -o.")
    if output.exists():
        try:
            read_style(output)
        except StyleError:
            raise UsageError(f"{output} is not a style and was not overwritten; choose another file with -o.") from None
    if not output.absolute().parent.is_dir():
        raise UsageError(f"The folder {output.absolute().parent} does not exist; create it first.")
