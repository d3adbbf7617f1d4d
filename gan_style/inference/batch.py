"""Many pictures in, many paintings out: which goes where, and going on past what fails."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gan_style.defaults import QUALITY
from gan_style.errors import GanStyleError, PictureError, UsageError
from gan_style.imaging.decoding import Picture, read_picture
from gan_style.imaging.encoding import (
    FORMATS,
    check_fits,
    check_size,
    encode,
    format_named,
    format_of,
    write_picture,
)
from gan_style.imaging.finding import find_pictures
from gan_style.inference.painter import Brush, Progress
from gan_style.inference.style import Style

PIPE = Path("-")
"""Standard input, or standard output."""


@dataclass(frozen=True)
class Job:
    """One picture to paint.

    Attributes:
        source: the photograph.
        target: the painting.
        seed: see :class:`~gan_style.inference.painter.Brush`.
    """

    source: Path
    target: Path
    seed: int | None = None


@dataclass(frozen=True)
class Pace:
    """How far a batch is.

    Attributes:
        name: file name of the picture in work.
        finished: pictures dealt with, with the share of the one in work.
        remaining: seconds left at the pace so far; infinite before anything is done.
    """

    name: str
    finished: float
    remaining: float


def plan(inputs: Sequence[Path], output: Path | None, style_name: str, form: str = "") -> list[Job]:
    """Decide where every painting goes.

    One file goes to the file ``output``, or into that folder if it exists or has no extension. Several files, or a
    folder with all pictures below it, go into the folder ``output``, which keeps the tree; pictures that lie in it
    already are paintings and left out. Without ``output`` each painting lies beside its photograph as NAME-STYLE.

    Args:
        inputs: files and folders.
        output: file or folder, or None.
        style_name: for names of paintings without ``output``.
        form: extension without its dot for every painting; by default that of its photograph, where that is written.

    Raises:
        UsageError: the inputs and the output do not fit together.
        PictureError: the only input does not exist, or a folder cannot be read or holds no pictures.
    """
    if form:
        format_named(form)
    if PIPE in inputs and (len(inputs) > 1 or output is None or output.is_dir() or not output.suffix):
        raise UsageError("Standard input is one picture; name the file for its painting with -o, or -o - for a pipe.")
    if len(inputs) == 1 and inputs[0] != PIPE and not inputs[0].exists():
        raise PictureError(f"{inputs[0]} does not exist; check the path.")
    several = len(inputs) > 1 or inputs[0].is_dir()
    if output is None:
        if any(path.is_dir() for path in inputs):
            raise UsageError("A folder of pictures needs a folder for the paintings; add -o FOLDER.")
        jobs = [Job(path, beside(path, style_name, form)) for path in inputs]
    elif not several and not output.is_dir() and output.suffix:
        if form and format_of(output) != format_named(form):
            raise UsageError(f"{output} does not end like {form}; leave --format out or give the name that extension.")
        format_of(output)
        jobs = [Job(inputs[0], output)]
    else:
        if not output.is_dir() and (output.exists() or output.suffix.lower() in FORMATS):
            if several:
                raise UsageError(f"Several pictures need a folder and {output} is a file; give -o FOLDER.")
            raise UsageError(f"{output} is neither a folder nor named like a picture; give -o a name such as out.png.")
        jobs = [Job(source, output / named(relative, form)) for source, relative in expand(inputs, output)]
    return without_clashes(jobs)


def varied(jobs: Sequence[Job], count: int, first: int) -> list[Job]:
    """Each picture ``count`` times, with seeds from ``first`` on; paintings' names end in their seed."""
    seeds = range(first, first + count)
    return [Job(job.source, job.target.with_stem(f"{job.target.stem}-{seed}"), seed) for job in jobs for seed in seeds]


def without_clashes(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, each once.

    Raises:
        UsageError: two photographs would become the same painting.
    """
    targets: dict[Path, Job] = {}
    for job in jobs:
        other = targets.setdefault(job.target, job).source
        if other != job.source:
            raise UsageError(f"{other} and {job.source} would both become {job.target}; paint them into two folders.")
    return list(targets.values())


def expand(inputs: Sequence[Path], output: Path) -> Iterable[tuple[Path, Path]]:
    """Every picture with its path below the output folder."""
    paintings = output.resolve()
    for path in inputs:
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        try:
            found = list(find_pictures(path))
        except OSError as error:
            raise PictureError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
        if path.resolve() in paintings.parents:
            found = [picture for picture in found if paintings not in picture.resolve().parents]
        if not found:
            raise PictureError(f"{path} holds no pictures; check the path.")
        for picture in found:
            yield picture, picture.relative_to(path)


def named(path: Path, form: str = "") -> Path:
    """The same name with the extension asked for, or with its own, or as PNG where that is none that we write."""
    if form:
        return path.with_suffix(f".{form}")
    return path if path.suffix.lower() in FORMATS else path.with_name(path.name + ".png")


def beside(path: Path, style_name: str, form: str = "") -> Path:
    """photo.jpg painted by monet becomes photo-monet.jpg."""
    target = named(path, form)
    return target.with_name(f"{target.stem}-{style_name}{target.suffix}")


def run(
    jobs: Sequence[Job],
    style: Style,
    brush: Brush,
    *,
    overwrite: bool = False,
    skip: bool = False,
    quality: int = QUALITY,
    on_pace: Callable[[Pace], object] = lambda _: None,
    on_done: Callable[[Path], object] = lambda _: None,
    on_failure: Callable[[GanStyleError], object] = lambda _: None,
) -> list[GanStyleError]:
    """Paint all jobs, past those that fail.

    Args:
        jobs: what to paint.
        style: who paints.
        brush: how.
        overwrite: whether paintings may replace files; photographs are never replaced.
        skip: whether photographs whose paintings exist are passed over.
        quality: of JPEG and WebP, 1..100.
        on_pace: called often with how far the work is.
        on_done: called with each painting once it is written.
        on_failure: called with the error of each job that fails, as it fails.

    Returns:
        One error for each job that failed.
    """
    failures: list[GanStyleError] = []
    if skip and overwrite:
        raise UsageError("Give --skip-existing or --overwrite, not both.")
    if not 1 <= quality <= 100:
        raise UsageError(f"quality must be from 1 to 100, not {quality}.")
    sources = {identity(job.source) for job in jobs}
    jobs = [job for job in jobs if not (skip and job.target.exists() and identity(job.target) not in sources)]
    start = time.monotonic()
    for finished, job in enumerate(jobs):

        def progress(share: float, finished: int = finished, name: str = job.source.name) -> None:
            done = finished + share
            spent = time.monotonic() - start
            on_pace(Pace(name, done, spent / done * (len(jobs) - done) if done else float("inf")))

        progress(0.0)
        try:
            paint_job(
                job,
                style,
                brush if job.seed is None else replace(brush, seed=job.seed),
                overwrite,
                quality,
                sources,
                progress,
            )
        except GanStyleError as error:
            failures.append(error)
            on_failure(error)
        else:
            on_done(job.target)
    return failures


def paint_job(
    job: Job, style: Style, brush: Brush, overwrite: bool, quality: int, sources: set[object], progress: Progress
) -> None:
    """Paint one picture.

    Raises:
        PictureError: it cannot be read, or the painting cannot or may not be written.
    """
    if identity(job.target) in sources:
        raise PictureError(f"{job.target} is one of the photographs and is never replaced; paint somewhere else.")
    if job.target.exists() and not overwrite:
        raise PictureError(f"{job.target} exists already; add --overwrite to replace it.")
    picture = read_source(job.source)
    check_fits(job.target, picture.size)
    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(f"The folder {job.target.parent} cannot be made ({error.strerror}).") from None
    write_picture(job.target, style.paint_picture(picture, brush, progress), quality)


def paint_to_pipe(
    source: Path,
    style: Style,
    brush: Brush,
    *,
    form: str = "",
    quality: int = QUALITY,
    on_progress: Progress = lambda _: None,
) -> bytes:
    """Paint one picture for standard output.

    Args:
        source: a file, or ``PIPE``.
        style: who paints.
        brush: how.
        form: an extension without its dot; PNG by default.
        quality: of JPEG and WebP, 1..100.
        on_progress: called with the share that is done.

    Returns:
        A whole file.

    Raises:
        UsageError: an unknown format, or a quality out of range.
        PictureError: the picture cannot be read, or the format cannot hold it.
    """
    pillow_form = format_named(form or "png")
    if not 1 <= quality <= 100:
        raise UsageError(f"quality must be from 1 to 100, not {quality}.")
    picture = read_source(source)
    check_size(pillow_form, picture.size, "The painting")
    stream = io.BytesIO()
    encode(stream, style.paint_picture(picture, brush, on_progress), pillow_form, quality)
    return stream.getvalue()


def read_source(path: Path) -> Picture:
    """A picture from a file, or from standard input.

    Raises:
        PictureError: it cannot be read.
    """
    if path != PIPE:
        return read_picture(path)
    return read_picture(sys.stdin.buffer.read(), name="Standard input")


def identity(path: Path) -> object:
    """What tells a file apart whatever its name is: device and inode, or the absolute path where it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return path.absolute()
    return status.st_dev, status.st_ino
