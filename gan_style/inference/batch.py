"""Batch processing: decode, paint and write pictures in parallel, and continue past failures."""

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
from gan_style.inference.disk_space import RETRY_HINT, prepare_folder, target_exists
from gan_style.inference.options import Progress, StylizeOptions
from gan_style.inference.planning import PIPE, Job
from gan_style.inference.source import read_source, standard_input

logger = logging.getLogger(__name__)

QUEUE_SIZE = 2
"""Pictures to decode ahead, and paintings that may wait to be written."""


@dataclass(frozen=True)
class Rules:
    """Rules of a batch.

    Attributes:
        overwrite: whether paintings may replace files; photographs are never replaced.
        skip: whether to skip photographs whose paintings exist.
        saving: options for writing paintings.
        max_pixels: maximum number of pixels of a picture.
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
    """Outcome of one job.

    Attributes:
        job: the job.
        state: "skipped" if the painting exists, "planned" in a dry run.
        size: width and height in pixels; None if the picture was not read.
        seconds: painting time.
        error: reason of a failure.
        remark: sentence on what the painting lost of the photograph's file, or empty.
    """

    job: Job
    state: Literal["painted", "skipped", "failed", "planned"]
    size: tuple[int, int] | None = None
    seconds: float = 0.0
    error: GanStyleError | None = None
    remark: str = ""


@dataclass(frozen=True)
class Pace:
    """Progress of a batch.

    Attributes:
        name: file name of the current picture.
        finished: number of processed pictures, including the fraction of the current one.
        megapixels: megapixels painted per second so far.
        remaining: estimated seconds left; infinite before the first progress.
        stage: current stage of the painter; see :class:`~gan_style.inference.artist.Artist`.
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
    """Run all jobs and continue past failures.

    While one picture is painted, the next are decoded and the previous ones written. However the run ends, pending
    writes are completed and reported.

    Args:
        jobs: the jobs to run.
        style: the painter.
        options: how to paint.
        rules: the rules of the batch.
        on_pace: progress callback, called often.
        on_outcome: called once per finished job, in order.

    Returns:
        The outcome of each job.
    """
    return Batch(style, options, rules or Rules(), on_pace, on_outcome).run(jobs)


def plan_outcomes(jobs: Sequence[Job], style: Artist, rules: Rules | None = None) -> list[Outcome]:
    """Predict the outcome of each job without painting or writing anything."""
    return Batch(style, StylizeOptions(), rules or Rules(), lambda _: None, lambda _: None).plan(jobs)


class Batch:
    """Pipeline that reads, paints and writes the pictures of a batch."""

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
        self.read_stdin = functools.cache(standard_input)  # Can be read only once, but several jobs may use it.
        self.sources: set[object] = set()
        self.targets: set[object] = set()
        self.created: list[Path] = []
        self.pending: deque[Future[Outcome]] = deque()
        self.outcomes: list[Outcome] = []
        # Counts painted pictures only: skipped and failed ones take no time and would distort the estimate.
        self.painted, self.pixels, self.started = 0, 0.0, 0.0
        self.first: tuple[float, float] | None = None

    def run(self, jobs: Sequence[Job]) -> list[Outcome]:
        """See :func:`run`."""
        self.register(jobs)
        for folder in {job.target.parent for job in jobs}:
            remove_parts(folder)
        with ThreadPoolExecutor(1) as writer, ThreadPoolExecutor(1) as reader:
            try:
                for number, (job, opening) in enumerate(prefetch(reader, self.open, jobs)):
                    self.run_job(number, len(jobs), job, opening, writer)
                    self.report(QUEUE_SIZE)
            finally:
                reader.shutdown(cancel_futures=True)
                self.report(0)
        if any(isinstance(outcome.error, NoSpaceError) for outcome in self.outcomes):
            self.remove_created_folders()
        return self.outcomes

    def register(self, jobs: Sequence[Job]) -> None:
        """Store the identities of all sources and targets."""
        self.sources = {identity(job.source) for job in jobs}
        self.targets = {identity(job.target) for job in jobs}

    def remove_created_folders(self) -> None:
        """Remove folders that were created but stayed empty because the disk was full."""
        for folder in sorted(self.created, key=lambda one: len(one.parts), reverse=True):
            with contextlib.suppress(OSError):  # The folder is not empty.
                folder.rmdir()

    def open(self, job: Job) -> Photograph | Outcome:
        """Read the photograph of a job, or return the job's outcome if there is nothing to paint."""
        try:
            if (outcome := self.blocking_outcome(job)) is not None:
                return outcome
            form = format_of(job.target)
            photograph = adapt_to_format(read_source(job.source, self.rules.max_pixels, self.read_stdin), form)
            check_fits(form, photograph.size, str(job.target))
            self.created += [one for one in (job.target.parent, *job.target.parent.parents) if not exists(one)]
            prepare_folder(job.target)
        except GanStyleError as error:
            return Outcome(job, "failed", error=error)
        return photograph

    def plan(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Predict the outcomes of jobs as far as possible without painting."""
        self.register(jobs)
        return [self.plan_job(job) for job in jobs]

    def plan_job(self, job: Job) -> Outcome:
        """Predict the outcome of a job."""
        try:
            there = job.source == PIPE or is_file(job.source)
            instead = "" if there and is_picture_or_unreadable(job.source) else suggestion_for(str(job.source))
            if instead or not there:
                raise PictureError(instead or f"{job.source} does not exist or is not a file; check the path.")
            return self.blocking_outcome(job) or Outcome(job, "planned")
        except GanStyleError as error:
            return Outcome(job, "failed", error=error)

    def blocking_outcome(self, job: Job) -> Outcome | None:
        """Return the outcome of a job whose target must not be replaced, otherwise None.

        Raises:
            PictureError: the target is one of the photographs.
        """
        source, target = identity(job.source), identity(job.target)
        if self.rules.skip and source != target and source in self.targets:
            return Outcome(job, "skipped")  # An earlier painting in the folder of the photographs.
        if target in self.sources and (source == target or not self.rules.skip):
            raise PictureError(
                f"{job.target} is one of the photographs, which are never replaced; choose another output."
            )
        return self.existing_outcome(job) if target_exists(job.target) and not self.rules.overwrite else None

    def existing_outcome(self, job: Job) -> Outcome:
        """Return the outcome of a job whose painting exists."""
        if self.rules.skip:
            return Outcome(job, "skipped")
        error = PictureError(f"{job.target} already exists; add --overwrite to replace it.")
        return Outcome(job, "failed", error=error)

    def run_job(
        self, number: int, count: int, job: Job, opening: Future[Photograph | Outcome], writer: ThreadPoolExecutor
    ) -> None:
        """Paint one job and queue the painting for writing."""

        def progress(share: float, pixels: int = 0) -> None:
            remaining = self.remaining(self.painted + share, count - number - share)
            spent = time.monotonic() - self.started
            speed = (self.pixels + share * pixels) / 1e6 / spent if spent else 0.0
            self.on_pace(Pace(job.source.name, number + share, speed, remaining, self.style.stage))

        progress(0.0)
        photograph = opening.result()
        if isinstance(photograph, Outcome):
            self.pending.append(completed(photograph))
            return
        start = time.monotonic()
        self.started = self.started or start
        pixels = photograph.pixels.shape[0] * photograph.pixels.shape[1]
        options = self.options if job.seed is None else replace(self.options, seed=job.seed)
        try:
            painting = self.style.paint_photograph(photograph, options, lambda share: progress(share, pixels))
        except GanStyleError as error:
            self.pending.append(completed(Outcome(job, "failed", photograph.size, error=error)))
            return
        self.pixels += pixels
        self.painted += 1
        logger.info("%s: %d x %d pixels, painted in %.1f s", job.source, *photograph.size, time.monotonic() - start)
        outcome = Outcome(job, "painted", photograph.size, time.monotonic() - start, remark=painting.remark)
        self.pending.append(writer.submit(self.write, painting, outcome))

    def remaining(self, painted: float, left: float) -> float:
        """Estimate the remaining seconds from the speed since the first progress report."""
        now = time.monotonic()
        if not painted:
            return float("inf")
        self.first = self.first or (painted, now)  # Excludes setup time.
        before, then = self.first
        return (now - then) / (painted - before) * left if painted > before else float("inf")

    def write(self, painting: Photograph, outcome: Outcome) -> Outcome:
        """Write a painting and return the final outcome of its job."""
        job = outcome.job
        try:
            if target_exists(job.target) and not self.rules.overwrite:  # Another process created it meanwhile.
                return self.existing_outcome(job)
            write_photograph(job.target, painting, self.rules.saving)
        except NoSpaceError as error:
            return replace(outcome, state="failed", error=NoSpaceError(error.place, RETRY_HINT))
        except GanStyleError as error:
            return replace(outcome, state="failed", error=error)
        return outcome

    def report(self, waiting: int) -> None:
        """Report outcomes in order until at most ``waiting`` paintings are still being written."""
        while self.pending and (len(self.pending) > waiting or self.pending[0].done()):
            outcome = self.pending.popleft().result()
            self.outcomes.append(outcome)
            self.on_outcome(outcome)


def prefetch(
    reader: ThreadPoolExecutor, open_: Callable[[Job], Photograph | Outcome], jobs: Sequence[Job]
) -> Iterator[tuple[Job, Future[Photograph | Outcome]]]:
    """Yield every job with the future of its photograph; decodes up to ``QUEUE_SIZE`` pictures ahead."""
    waiting: deque[tuple[Job, Future[Photograph | Outcome]]] = deque()
    for job in jobs:
        waiting.append((job, reader.submit(open_, job)))
        if len(waiting) > QUEUE_SIZE:
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def completed(outcome: Outcome) -> Future[Outcome]:
    """Wrap an outcome in a completed future."""
    future: Future[Outcome] = Future()
    future.set_result(outcome)
    return future


def adapt_to_format(photograph: Photograph, form: Format) -> Photograph:
    """Reduce a photograph to what a format can hold, such as one frame of an animation, and note what is lost."""
    if photograph.animation and not form.moving:
        sentence = f"{form.name} holds one frame; only the first of {photograph.frames} is painted."
        photograph = photograph.still().with_remark(sentence)
    if photograph.details.profile and not profile_in(form, photograph.details):
        return photograph.with_remark(f"{form.name} cannot hold a color profile of this size; the painting is in sRGB.")
    return photograph


def paint_to_pipe(
    source: Path,
    style: Artist,
    options: StylizeOptions,
    form: Format,
    rules: Rules,
    on_progress: Progress = lambda _: None,
) -> tuple[bytes, str]:
    """Paint one picture and return it as encoded bytes.

    Args:
        source: a file, or ``PIPE``.
        style: the painter.
        options: how to paint.
        form: output format.
        rules: the rules of the batch.
        on_progress: progress callback.

    Returns:
        The bytes of the file, and a sentence on what it lost of the photograph's file, or an empty string.

    Raises:
        PictureError: the picture cannot be read, or the format cannot hold it.
        ResourceError: there is not enough memory, or not enough space for temporary files.
    """
    photograph = adapt_to_format(read_source(source, rules.max_pixels), form)
    check_fits(form, photograph.size, "The painting")
    painting = style.paint_photograph(photograph, options, on_progress)
    return encode(painting, form, rules.saving), painting.remark


def identity(path: Path) -> object:
    """Identify a file independently of its name: device and inode, or the absolute path if it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return Path(os.path.abspath(path))  # noqa: PTH100 - must not follow links
    return status.st_dev, status.st_ino
