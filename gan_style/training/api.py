"""A whole training: from two folders to a style file that is usable from the first minute."""

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
from gan_style.training.loop.setup import learn, looked_at, same_shape
from gan_style.training.recipe import Recipe
from gan_style.training.run.config import RunConfig, read_run_config, same_run_config
from gan_style.training.run.environment import changed, conditions_of, on_threads, threads_of
from gan_style.training.run.listener import Listener, Silent
from gan_style.training.run.state import has_state

logger = logging.getLogger(__name__)


def default_output(paintings: Path) -> Path:
    """A style file in the current folder, named after the paintings' folder, or after the painting."""
    stem = paintings.stem if is_file(paintings) else resolved(paintings).name
    return Path(shortened_name(lambda name: f"{name}.safetensors", stem or "style", Path()))


def style_path(output: str | os.PathLike[str] | None, paintings: str | os.PathLike[str]) -> Path:
    """The style file: as asked for, or the default."""
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
    """Learn a painter from a folder of photographs and a folder of paintings.

    The style file is written every minute, and at once where there is none to be replaced, so whatever ends the
    training leaves a usable style; an interrupt or a termination signal ends it in good order. Where there are 80
    pictures of a kind or more, some are kept aside, on which the painter is examined every minute or two: an ill
    training goes back and learns more gently, and what is kept in the end is the newest style unless an earlier one was
    better with 95 % certainty.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of paintings, likewise; or a single painting, from which Gram matrices are learnt besides.
        output: the style file; by default named after ``paintings``, in the current folder.
        recipe: what decides what is learnt.
        limit: how long; 30 minutes by default.
        start: what the generator begins as: "scratch", or a style as :func:`load_style` takes it. "base" has learnt
            from all painters that are bundled; a network of another shape than its own begins from scratch then.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        refiner: who adds the finest strokes to large pictures: "auto" for a refiner that learns from the paintings, in
            the last third of the time, where 12 of them are large enough (448 pixels on the shorter side at the usual
            size), and else for that of the bundled style which restores the paintings best; "none"; or a style as
            ``start``, for the refiner of that one.
        licence: SPDX identifier written into the style.
        overwrite: whether ``output`` may replace a file.
        trim: cut margins and frames off the pictures first.
        threads: of the CPU; as many as PyTorch takes by default.
        began: when the minutes of ``limit`` began to run, as ``time.monotonic()`` tells it; by default now.
        listener: who is told how it goes.

    Raises:
        UsageError: an option is out of range or ``output`` exists.
        DataError: a folder holds nothing to learn from.
        StyleError: ``start`` is no style.
        ResourceError: CUDA, the backbone's weights or disk space are missing.
        TrainingError: it fell ill three times; the best style so far is kept.
    """
    began = time.monotonic() if began is None else began
    recipe, start = beginning(start, recipe or Recipe(), listener or Silent())
    logger.info("beginning as %s; batch size %d, size %d", start, recipe.batch_size, recipe.size)
    compute = Compute.choose(device, precision)
    with on_threads(threads), joined(compute) as group:
        how = (recipe, limit or Limit(), start, licence, trim, device, precision, refiner, conditions_of(compute))
        config = RunConfig(Path(photos), Path(paintings), style_path(output, paintings), *how)
        resumed = group.broadcast(lambda: goes_on(config, group, overwrite))
        return learn(config, compute, group, listener or Silent(), resumed=resumed, began=began)


def beginning(start: str | os.PathLike[str], recipe: Recipe, listener: Listener) -> tuple[Recipe, str]:
    """What a generator begins as: what is asked for, or from scratch where that is a base of another shape.

    A style on the Hub is downloaded, and from then on meant with its commit. A style that is finished goes on to see
    photographs as it did, unless the recipe says how.
    """
    start = os.fspath(start)
    if start == SCRATCH:
        return recipe, start
    try:
        path = resolve_style(start, listener.reading)
    except StyleError as error:
        if os.path.lexists(start):
            raise
        raise StyleError(f"{error} The default is {START}, and {SCRATCH} begins with random weights.") from None
    if source := source_of(path):
        start = str(source)
    elif path.stem in named_styles() and not os.path.lexists(start) and "@" not in start:
        start = path.stem  # Whatever its case and its extension.
    generator = open_style(start).generator
    if start == START and not same_shape(generator, recipe):
        return recipe, SCRATCH
    wanted, known = recipe.generator, generator.config
    # What one that leaves the photograph out has learnt to draw is no change of a photograph.
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
    """Find the batch size and the length that serve best on pictures left out, and train on everything with them.

    Interrupted, it goes on at the unfinished fold with :func:`resume`.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of paintings, likewise.
        output: the style file; by default named after ``paintings``, in the current folder.
        grid: what is tried.
        recipe: everything else that decides what is learnt.
        start: as for :func:`train`.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        refiner: as for :func:`train`.
        licence: SPDX identifier written into the style.
        overwrite: whether ``output`` may replace a file.
        trim: cut margins and frames off the pictures first.
        threads: of the CPU; as many as PyTorch takes by default.
        listener: who is told how it goes.

    Raises:
        DataError: a folder holds nothing to learn from, or too little to be split.
        ResourceError: CUDA, the backbone's weights or disk space are missing.
        StyleError: ``start`` is no style.
        TrainingError: a training fell ill three times.
        UsageError: a number, word or the output path makes no sense.
    """
    recipe, start = beginning(start, recipe or Recipe(), listener or Silent())
    compute = Compute.choose(device, precision)
    for setting in grid.settings:
        dataclasses.replace(recipe, batch_size=setting.batch_size)  # Fails early where one is out of bounds.
    with on_threads(threads):
        how = (recipe, grid.limits[0], start, licence, trim, device, precision, refiner, conditions_of(compute))
        config = RunConfig(Path(photos), Path(paintings), style_path(output, paintings), *how)
        check_output(config.output, (config.photos, config.paintings), overwrite)
        return run_cross_validation(CrossValidationState(config.absolute(), grid), compute, listener or Silent())


def resume_cross_validation(
    run: str | os.PathLike[str], *, threads: int | None = None, listener: Listener | None = None
) -> Choice:
    """Go on with a cross-validation at the fold that was cut off; as for :func:`resume`."""
    course = read_cross_validation_state(Path(run))
    compute = Compute.choose(course.config.device, course.config.precision)
    with as_before(course.config, compute, threads, listener or Silent()):
        return run_cross_validation(course, compute, listener or Silent())


@contextlib.contextmanager
def as_before(config: RunConfig, compute: Compute, threads: int | None, listener: Listener) -> Iterator[None]:
    """Go on with as many threads as a training began with, or as it is told, and say what is otherwise."""
    before = threads_of(config.conditions)
    with on_threads(threads or before):
        if not local_rank() and (sentence := changed(config.conditions, conditions_of(compute))):
            listener.warn(sentence)
        if not local_rank() and threads is None and (before or 1) > (os.cpu_count() or 1):
            listener.warn(f"It began with {before} threads, more than this machine has cores; --threads may be faster.")
        yield


def resume(run: str | os.PathLike[str], *, threads: int | None = None, listener: Listener | None = None) -> Outcome:
    """Go on with a training that was cut off, as if nothing had happened.

    On the same machine a training of so many steps ends with the same style, byte for byte, as one that nothing cut
    off; a training of so many minutes counts only time trained. What makes it another style is said.

    Args:
        run: the folder of the training, beside its style file.
        threads: of the CPU; as many as it began with by default, which the same bytes take.
        listener: who is told how it goes.

    Raises:
        DataError: the pictures are gone or have changed.
        ResourceError: CUDA, the backbone's weights or disk space are missing.
        TrainingError: there is nothing to go on from, or it fell ill three times.
    """
    if is_unfinished(Path(run)):
        return resume_cross_validation(run, threads=threads, listener=listener).outcome
    config = read_run_config(Path(run))
    if not has_state(config.folder):
        raise TrainingError(
            f"{run} holds no saved state: that training has ended, or was cut off before its first. Train its style "
            f"further with: gan-style train {shlex.quote(str(config.photos))} "
            f"{shlex.quote(str(config.paintings))} --from {shlex.quote(str(config.output))} -o another.safetensors"
        )
    compute = Compute.choose(config.device, config.precision)
    with as_before(config, compute, threads, listener or Silent()), joined(compute) as group:
        return learn(config, compute, group, listener or Silent(), resumed=True)


def goes_on(config: RunConfig, group: ProcessGroup, overwrite: bool) -> bool:
    """Whether the same command was begun before by a group of processes, one of which may have died.

    A launcher starts all of them again then, or a scheduler the whole job, with the very same command.

    Raises:
        UsageError: it was not, and the style cannot or may not be written.
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
    """Look at all pictures as a training would see them, and learn nothing.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of paintings, likewise.
        recipe: as for :func:`train`.
        trim: cut margins and frames off first.
        listener: who is told how it goes, and what could not be read.

    Raises:
        DataError: a folder holds nothing to learn from.
        ResourceError: the backbone's weights are missing.
    """
    recipe, listener = recipe or Recipe(), listener or Silent()
    sets = load_sets(Path(photos), Path(paintings), recipe, listener, trim=trim)
    return looked_at(*sets, load_backbone(), most=None, listener=listener)


def check_output(output: Path, sources: tuple[Path, ...], overwrite: bool) -> None:
    """Refuse early what would fail after the training, and whatever would replace something that is no style.

    Raises:
        UsageError: the style cannot or may not be written there.
    """
    try:
        output.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # There is nothing to be replaced.
    except OSError as error:
        raise UsageError(f"{output} cannot be written ({error.strerror}); name another file with -o.") from None
    for folder in sources:
        if resolved(folder) in resolved(output).parents:
            raise UsageError(f"{output} lies among the pictures in {folder}; name a file elsewhere with -o.")
    if output.suffix.lower() in SUFFIXES:
        raise UsageError(f"{output} is the name of a picture; give -o a name such as {output.stem}.safetensors.")
    if output.is_dir():
        raise UsageError(f"{output} is a folder; name a file with -o, for example {output / 'style.safetensors'}.")
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists already; add --overwrite to replace it or name another file with -o.")
    if output.exists():
        try:
            read_style(output)
        except StyleError:
            raise UsageError(f"{output} is not a style and is left alone; name another file with -o.") from None
    if not output.absolute().parent.is_dir():
        raise UsageError(f"The folder {output.absolute().parent} does not exist; make it first.")
