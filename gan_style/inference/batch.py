"""Many pictures in, many paintings out: which goes where, and going on past what fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gan_style.errors import GanStyleError, PictureError, UsageError
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.encoding import FORMATS, format_of, write_picture
from gan_style.imaging.finding import find_pictures
from gan_style.inference.painter import Brush, Progress
from gan_style.inference.style import Style


@dataclass(frozen=True)
class Job:
    """One picture to paint."""

    source: Path
    target: Path


@dataclass
class Report:
    """What became of the jobs.

    Attributes:
        written: files that now exist.
        failures: a sentence for each job that failed.
    """

    written: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


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


def plan(inputs: Sequence[Path], output: Path | None, style_name: str) -> list[Job]:
    """Decide where every painting goes.

    One file with ``output`` goes to that file, or into that folder if it exists as one. Several files, or a folder
    with all pictures below it, go into the folder ``output``, which keeps the tree. Without ``output`` each painting
    lies beside its photograph as NAME-STYLE.

    Args:
        inputs: files and folders.
        output: file or folder, or None.
        style_name: for names of paintings without ``output``.

    Raises:
        UsageError: the inputs and the output do not fit together.
        PictureError: a folder cannot be read.
    """
    several = len(inputs) > 1 or any(path.is_dir() for path in inputs)
    if output is None:
        if any(path.is_dir() for path in inputs):
            raise UsageError("A folder of pictures needs a folder for the paintings; add -o FOLDER.")
        jobs = [Job(path, beside(path, style_name)) for path in inputs]
    elif not several and not output.is_dir():
        format_of(output)
        jobs = [Job(inputs[0], output)]
    else:
        if output.exists() and not output.is_dir():
            raise UsageError(f"{output} is a file; several pictures need a folder, so give -o FOLDER.")
        jobs = [Job(source, output / named(relative)) for source, relative in expand(inputs, output)]
    targets: dict[Path, Path] = {}
    for job in jobs:
        other = targets.setdefault(job.target, job.source)
        if other != job.source:
            raise UsageError(f"{other} and {job.source} would both become {job.target}; paint them into two folders.")
    return jobs


def expand(inputs: Sequence[Path], output: Path) -> Iterable[tuple[Path, Path]]:
    """Every picture with its path below the output folder; pictures already in there are paintings and left out."""
    paintings = output.resolve()
    for path in inputs:
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        try:
            found = [picture for picture in find_pictures(path) if paintings not in picture.resolve().parents]
        except OSError as error:
            raise PictureError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
        if not found:
            raise PictureError(f"{path} holds no pictures; check the path.")
        for picture in found:
            yield picture, picture.relative_to(path)


def named(path: Path) -> Path:
    """The same name, as PNG where its own extension is none that we write."""
    return path if path.suffix.lower() in FORMATS else path.with_name(path.name + ".png")


def beside(path: Path, style_name: str) -> Path:
    """photo.jpg painted by monet becomes photo-monet.jpg."""
    target = named(path)
    return target.with_name(f"{target.stem}-{style_name}{target.suffix}")


def run(
    jobs: Sequence[Job],
    style: Style,
    brush: Brush,
    *,
    overwrite: bool = False,
    on_pace: Callable[[Pace], object] = lambda _: None,
    on_done: Callable[[Path], object] = lambda _: None,
    on_failure: Callable[[str], object] = lambda _: None,
) -> Report:
    """Paint all jobs, past those that fail.

    Args:
        jobs: what to paint.
        style: who paints.
        brush: how.
        overwrite: whether paintings may replace files; photographs are never replaced.
        on_pace: called often with how far the work is.
        on_done: called with each painting once it is written.
        on_failure: called with a sentence for each job that fails, as it fails.
    """
    report = Report()
    sources = {identity(job.source) for job in jobs}
    start = time.monotonic()
    for finished, job in enumerate(jobs):

        def progress(share: float, finished: int = finished, name: str = job.source.name) -> None:
            done = finished + share
            spent = time.monotonic() - start
            on_pace(Pace(name, done, spent / done * (len(jobs) - done) if done else float("inf")))

        progress(0.0)
        try:
            paint_job(job, style, brush, overwrite, sources, progress)
        except GanStyleError as error:
            report.failures.append(str(error))
            on_failure(str(error))
        else:
            report.written.append(job.target)
            on_done(job.target)
    return report


def paint_job(job: Job, style: Style, brush: Brush, overwrite: bool, sources: set[object], progress: Progress) -> None:
    """Paint one picture.

    Raises:
        PictureError: it cannot be read, or the painting cannot or may not be written.
    """
    if identity(job.target) in sources:
        raise PictureError(f"{job.target} is one of the photographs and is never replaced; paint somewhere else.")
    if job.target.exists() and not overwrite:
        raise PictureError(f"{job.target} exists already; add --overwrite to replace it.")
    picture = read_picture(job.source)
    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(f"The folder {job.target.parent} cannot be made ({error.strerror}).") from None
    write_picture(job.target, style.paint_picture(picture, brush, progress))


def identity(path: Path) -> object:
    """What tells a file apart whatever its name is: device and inode, or the absolute path where it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return path.absolute()
    return status.st_dev, status.st_ino
