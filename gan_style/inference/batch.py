"""Many pictures in, many paintings out, past those that fail: decoding, painting and writing side by side."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from gan_style.defaults import MAX_PIXELS
from gan_style.errors import GanStyleError, NoSpaceError, PictureError, UsageError
from gan_style.files import exists, is_file, remove_parts
from gan_style.imaging.encoding import Saving, encode, write_photograph
from gan_style.imaging.finding import is_picture_or_unreadable
from gan_style.imaging.formats import Format, check_fits, format_of, profile_in
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.unsupported import suggestion_for
from gan_style.inference.artist import Artist
from gan_style.inference.disk_space import GO_ON, is_there, make_room
from gan_style.inference.options import Progress, StylizeOptions
from gan_style.inference.planning import PIPE, Job
from gan_style.inference.source import read_source, standard_input

logger = logging.getLogger(__name__)

AHEAD = 2
"""Pictures that are decoded before their turn, and paintings that wait to be written."""


@dataclass(frozen=True)
class Rules:
    """What a batch may do.

    Attributes:
        overwrite: whether paintings may replace files; photographs are never replaced.
        skip: whether photographs whose paintings exist are passed over.
        saving: how paintings are written.
        max_pixels: how many a picture may have.
    """

    overwrite: bool = False
    skip: bool = False
    saving: Saving = field(default_factory=Saving)
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        if self.skip and self.overwrite:
            raise UsageError("Give --skip-existing or --overwrite, not both.")
        if self.max_pixels < 1:
            raise UsageError(f"max_pixels must be positive, not {self.max_pixels}.")


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes:
        job: what was to be done.
        state: how it ended; a picture is skipped whose painting exists, and planned where nothing is to be painted yet.
        size: width and height in pixels; None where it was not read.
        seconds: spent on painting it.
        error: why it failed.
        remark: what of the file is not in the painting, in a sentence.
    """

    job: Job
    state: Literal["painted", "skipped", "failed", "planned"]
    size: tuple[int, int] | None = None
    seconds: float = 0.0
    error: GanStyleError | None = None
    remark: str = ""


@dataclass(frozen=True)
class Pace:
    """How far a batch is.

    Attributes:
        name: file name of the picture in work.
        finished: pictures dealt with, with the share of the one in work.
        megapixels: painted in a second so far.
        remaining: seconds left at the pace so far; infinite before anything is done.
        stage: what the painter is at; see :class:`~gan_style.inference.artist.Artist`.
    """

    name: str
    finished: float
    megapixels: float
    remaining: float
    stage: str = ""


def run(
    jobs: Sequence[Job],
    style: Artist,
    options: StylizeOptions,
    rules: Rules | None = None,
    *,
    on_pace: Callable[[Pace], object] = lambda _: None,
    on_outcome: Callable[[Outcome], object] = lambda _: None,
) -> list[Outcome]:
    """Paint all jobs, past those that fail.

    While one picture is painted the next are decoded and the last ones written. However the run ends, what is still
    being written is finished and told.

    Args:
        jobs: what to paint.
        style: who paints.
        options: how.
        rules: what is allowed.
        on_pace: called often with how far the work is.
        on_outcome: called for each job when it has ended, in their order.

    Returns:
        What became of each job.
    """
    return Batch(style, options, rules or Rules(), on_pace, on_outcome).run(jobs)


def foresee(jobs: Sequence[Job], style: Artist, rules: Rules | None = None) -> list[Outcome]:
    """What would become of each job, with nothing painted and nothing written."""
    return Batch(style, StylizeOptions(), rules or Rules(), lambda _: None, lambda _: None).foreseen(jobs)


class Batch:
    """Jobs on their way through reading, painting and writing."""

    def __init__(
        self,
        style: Artist,
        options: StylizeOptions,
        rules: Rules,
        on_pace: Callable[[Pace], object],
        on_outcome: Callable[[Outcome], object],
    ) -> None:
        self.style, self.options, self.rules = style, options, rules
        self.on_pace, self.on_outcome = on_pace, on_outcome
        self.given = functools.cache(standard_input)  # It can be read once only, and painted in many manners.
        self.sources: set[object] = set()
        self.targets: set[object] = set()
        self.made: list[Path] = []
        self.ending: deque[Future[Outcome]] = deque()
        self.outcomes: list[Outcome] = []
        # What is passed over or fails takes no time, and says nothing of how long the others take.
        self.painted, self.pixels, self.started = 0, 0.0, 0.0
        self.first: tuple[float, float] | None = None

    def run(self, jobs: Sequence[Job]) -> list[Outcome]:
        """See :func:`run`."""
        self.know(jobs)
        for folder in {job.target.parent for job in jobs}:
            remove_parts(folder)
        with ThreadPoolExecutor(1) as writer, ThreadPoolExecutor(1) as reader:
            try:
                for number, (job, opening) in enumerate(ahead(reader, self.opened, jobs)):
                    self.run_job(number, len(jobs), job, opening, writer)
                    self.tell(AHEAD)
            finally:
                reader.shutdown(cancel_futures=True)
                self.tell(0)
        if any(isinstance(outcome.error, NoSpaceError) for outcome in self.outcomes):
            self.clear()
        return self.outcomes

    def know(self, jobs: Sequence[Job]) -> None:
        """Remember which files are photographs, and which would be paintings."""
        self.sources = {identity(job.source) for job in jobs}
        self.targets = {identity(job.target) for job in jobs}

    def clear(self) -> None:
        """Leave no folder that was made for what the disk did not take."""
        for folder in sorted(self.made, key=lambda one: len(one.parts), reverse=True):
            with contextlib.suppress(OSError):  # There is something in it.
                folder.rmdir()

    def opened(self, job: Job) -> Photograph | Outcome:
        """The photograph of a job, or what became of the job already."""
        try:
            if (outcome := self.blocking_outcome(job)) is not None:
                return outcome
            form = format_of(job.target)
            photograph = as_held(read_source(job.source, self.rules.max_pixels, self.given), form)
            check_fits(form, photograph.size, str(job.target))
            self.made += [one for one in (job.target.parent, *job.target.parent.parents) if not exists(one)]
            make_room(job.target)
        except GanStyleError as error:
            return Outcome(job, "failed", error=error)
        return photograph

    def foreseen(self, jobs: Sequence[Job]) -> list[Outcome]:
        """What would become of jobs, as far as it can be told without painting."""
        self.know(jobs)
        return [self.foreseen_of(job) for job in jobs]

    def foreseen_of(self, job: Job) -> Outcome:
        """What would become of a job."""
        try:
            there = job.source == PIPE or is_file(job.source)
            instead = "" if there and is_picture_or_unreadable(job.source) else suggestion_for(str(job.source))
            if instead or not there:
                raise PictureError(instead or f"{job.source} is not there, or not a file; check the path.")
            return self.blocking_outcome(job) or Outcome(job, "planned")
        except GanStyleError as error:
            return Outcome(job, "failed", error=error)

    def blocking_outcome(self, job: Job) -> Outcome | None:
        """What becomes of a job where something lies that is not to be replaced.

        Raises:
            PictureError: it is one of the photographs.
        """
        source, target = identity(job.source), identity(job.target)
        if self.rules.skip and source != target and source in self.targets:
            return Outcome(job, "skipped")  # Painted before, into the folder of the photographs.
        if target in self.sources and (source == target or not self.rules.skip):
            raise PictureError(f"{job.target} is one of the photographs and is never replaced; paint somewhere else.")
        return self.existing_outcome(job) if is_there(job.target) and not self.rules.overwrite else None

    def existing_outcome(self, job: Job) -> Outcome:
        """What becomes of a job whose painting exists."""
        if self.rules.skip:
            return Outcome(job, "skipped")
        error = PictureError(f"{job.target} exists already; add --overwrite to replace it.")
        return Outcome(job, "failed", error=error)

    def run_job(
        self, number: int, count: int, job: Job, opening: Future[Photograph | Outcome], writer: ThreadPoolExecutor
    ) -> None:
        """Paint one job and have it written."""

        def progress(share: float, pixels: int = 0) -> None:
            remaining = self.remaining(self.painted + share, count - number - share)
            spent = time.monotonic() - self.started
            speed = (self.pixels + share * pixels) / 1e6 / spent if spent else 0.0
            self.on_pace(Pace(job.source.name, number + share, speed, remaining, self.style.stage))

        progress(0.0)
        photograph = opening.result()
        if isinstance(photograph, Outcome):
            self.ending.append(finished(photograph))
            return
        start = time.monotonic()
        self.started = self.started or start
        pixels = photograph.pixels.shape[0] * photograph.pixels.shape[1]
        options = self.options if job.seed is None else replace(self.options, seed=job.seed)
        try:
            painting = self.style.paint_photograph(photograph, options, lambda share: progress(share, pixels))
        except GanStyleError as error:
            self.ending.append(finished(Outcome(job, "failed", photograph.size, error=error)))
            return
        self.pixels += pixels
        self.painted += 1
        logger.info("%s: %d x %d pixels, painted in %.1f s", job.source, *photograph.size, time.monotonic() - start)
        outcome = Outcome(job, "painted", photograph.size, time.monotonic() - start, remark=painting.remark)
        self.ending.append(writer.submit(self.written, painting, outcome))

    def remaining(self, painted: float, left: float) -> float:
        """Seconds that the rest will take, at the pace since something was first told of."""
        now = time.monotonic()
        if not painted:
            return float("inf")
        self.first = self.first or (painted, now)  # What comes before that is making ready more than painting.
        before, then = self.first
        return (now - then) / (painted - before) * left if painted > before else float("inf")

    def written(self, painting: Photograph, outcome: Outcome) -> Outcome:
        """Write a painting; what became of its job."""
        job = outcome.job
        try:
            if is_there(job.target) and not self.rules.overwrite:  # Somebody else was faster.
                return self.existing_outcome(job)
            write_photograph(job.target, painting, self.rules.saving)
        except NoSpaceError as error:
            return replace(outcome, state="failed", error=NoSpaceError(error.place, GO_ON))
        except GanStyleError as error:
            return replace(outcome, state="failed", error=error)
        return outcome

    def tell(self, waiting: int) -> None:
        """Tell of jobs in their order, until only so many are still being written."""
        while self.ending and (len(self.ending) > waiting or self.ending[0].done()):
            outcome = self.ending.popleft().result()
            self.outcomes.append(outcome)
            self.on_outcome(outcome)


def ahead(
    reader: ThreadPoolExecutor, open_: Callable[[Job], Photograph | Outcome], jobs: Sequence[Job]
) -> Iterator[tuple[Job, Future[Photograph | Outcome]]]:
    """Every job with its photograph, some of which are being decoded already."""
    waiting: deque[tuple[Job, Future[Photograph | Outcome]]] = deque()
    for job in jobs:
        waiting.append((job, reader.submit(open_, job)))
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def finished(outcome: Outcome) -> Future[Outcome]:
    """An outcome for which nobody has to wait."""
    future: Future[Outcome] = Future()
    future.set_result(outcome)
    return future


def as_held(photograph: Photograph, form: Format) -> Photograph:
    """What a format holds of a photograph, of a moving one a frame where it knows no more, and remarks on the rest."""
    if photograph.animation and not form.moving:
        sentence = f"{form.name} holds one frame; the first of {photograph.frames} is painted."
        photograph = photograph.still().with_remark(sentence)
    if photograph.details.profile and not profile_in(form, photograph.details):
        return photograph.with_remark(f"{form.name} holds no color profile of this size; the painting is in sRGB.")
    return photograph


def paint_to_pipe(
    source: Path,
    style: Artist,
    options: StylizeOptions,
    form: Format,
    rules: Rules,
    on_progress: Progress = lambda _: None,
) -> tuple[bytes, str]:
    """Paint one picture for standard output.

    Args:
        source: a file, or ``PIPE``.
        style: who paints.
        options: how.
        form: what to write.
        rules: what is allowed.
        on_progress: called with the share that is done.

    Returns:
        A whole file, and what of the photograph's is not in it, in a sentence.

    Raises:
        PictureError: the picture cannot be read, or the format cannot hold it.
        ResourceError: there is not enough memory, or not enough space for temporary files.
    """
    photograph = as_held(read_source(source, rules.max_pixels), form)
    check_fits(form, photograph.size, "The painting")
    painting = style.paint_photograph(photograph, options, on_progress)
    return encode(painting, form, rules.saving), painting.remark


def identity(path: Path) -> object:
    """What tells a file apart whatever its name is: device and inode, or the absolute path where it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return Path(os.path.abspath(path))  # noqa: PTH100 - links are not to be followed
    return status.st_dev, status.st_ino
