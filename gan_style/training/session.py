"""A whole training: from two folders to a style file that is usable from the first minute."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import StyleFile, read_style, write_style
from gan_style.device import Compute, memory_errors
from gan_style.errors import PictureError, ResourceError, StyleError, TrainingError, UsageError
from gan_style.imaging.decoding import Picture
from gan_style.imaging.encoding import write_picture
from gan_style.imaging.finding import SUFFIXES
from gan_style.training.check import Inspection, inspect
from gan_style.training.listener import Listener, Silent, Status
from gan_style.training.preview import preview, preview_photos
from gan_style.training.schedule import Clock, Limit, rate_factor
from gan_style.training.sources import load_sets
from gan_style.training.trainer import Losses, Recipe, Trainer
from gan_style.version import __version__

PREVIEW_SECONDS = 60.0
BRIEF = 100
"""Pictures of each set that are looked at before a training; ``check`` looks at all."""

HISTORY_SECONDS = 10.0


@dataclass(frozen=True)
class Outcome:
    """What a training left behind.

    Attributes:
        style: the style file.
        steps: steps made.
        seconds: time trained.
        interrupted: whether it was stopped before its end.
    """

    style: Path
    steps: int
    seconds: float
    interrupted: bool


def default_output(paintings: Path) -> Path:
    """A style file in the current folder, named after the paintings' folder."""
    return Path(f"{paintings.resolve().name or 'style'}.safetensors")


def run_folder(output: Path) -> Path:
    """The folder beside the style file that holds the preview and the history."""
    return output.with_name(f"{output.stem}-run")


def train(
    photos: str | os.PathLike[str],
    paintings: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    recipe: Recipe | None = None,
    limit: Limit | None = None,
    device: str = "auto",
    precision: str = "auto",
    licence: str = "",
    overwrite: bool = False,
    trim: bool = False,
    listener: Listener | None = None,
) -> Outcome:
    """Learn a painter from a folder of photographs and a folder of paintings.

    The style file is written every minute, and at once where there is none to be replaced, so whatever ends the
    training leaves a usable style; an interrupt or a termination signal ends it in good order.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of paintings, likewise.
        output: the style file; by default named after ``paintings``, in the current folder.
        recipe: what decides what is learnt.
        limit: how long; 30 minutes by default.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        licence: SPDX identifier written into the style.
        overwrite: whether ``output`` may replace a file.
        trim: cut margins and frames off the pictures first.
        listener: who is told how it goes.

    Raises:
        UsageError: an option is out of range or ``output`` exists.
        DataError: a folder holds nothing to learn from.
        ResourceError: CUDA, the backbone's weights or disk space are missing.
        TrainingError: the losses stopped being numbers.
    """
    recipe, limit, listener = recipe or Recipe(), limit or Limit(), listener or Silent()
    photos, paintings = Path(photos), Path(paintings)
    output = default_output(paintings) if output is None else Path(output)
    check_output(output, (photos, paintings), overwrite)
    compute = Compute.choose(device, precision)
    backbone = load_backbone()
    try:
        sets = load_sets(photos, paintings, recipe, listener, trim=trim)
        for remark in inspect(*sets, backbone, most=BRIEF, progress=listener.reading).remarks:
            listener.warn(remark.sentence)
        with memory_errors("Use a smaller --batch-size or --size."):
            return Session(Trainer(*sets, backbone, recipe, compute), limit, output, licence, listener).run()
    except OSError as error:
        raise ResourceError(
            f"{error.filename or output} cannot be written ({error.strerror or error}); make room or choose another "
            "place with -o."
        ) from None


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
    return inspect(*sets, load_backbone(), progress=listener.reading)


def check_output(output: Path, sources: tuple[Path, ...], overwrite: bool) -> None:
    """Refuse early what would fail after the training, and whatever would replace something that is no style.

    Raises:
        UsageError: the style cannot or may not be written there.
    """
    for folder in sources:
        if folder.resolve() in output.resolve().parents:
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


class Session:
    """One training from its first step to its last."""

    def __init__(self, trainer: Trainer, limit: Limit, output: Path, licence: str, listener: Listener) -> None:
        self.trainer, self.output, self.licence, self.listener = trainer, output, licence, listener
        self.folder = run_folder(output)
        self.clock = Clock(limit)
        self.photos = preview_photos(trainer.photos.pictures, trainer.recipe.size)
        self.complaints: set[str] = set()
        self.recent: deque[tuple[float, Losses]] = deque(maxlen=50)

    def run(self) -> Outcome:
        """Train to the end or until interrupted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "history.jsonl").write_text("")
        next_save, next_record = PREVIEW_SECONDS, HISTORY_SECONDS
        with interruptible() as interrupted:
            if not self.output.exists():
                self.save()  # What is to be replaced stays until there is something better than a beginner.
            self.clock.restart()
            while self.clock.progress() < 1 and not interrupted.is_set():
                losses = self.trainer.step(rate_factor(self.clock.progress()))
                if not losses.healthy():
                    raise TrainingError(
                        f"The losses stopped being numbers at step {self.trainer.steps}; {self.output} holds the style "
                        "as it was before. Try --precision fp32."
                    )
                self.clock.steps += 1
                self.recent.append((self.clock.seconds, losses))
                self.listener.status(self.status())
                if self.clock.seconds >= next_record:
                    self.record()
                    next_record = self.clock.seconds + HISTORY_SECONDS
                if self.clock.seconds >= next_save:
                    self.save()
                    next_save = self.clock.seconds + PREVIEW_SECONDS
            seconds = self.clock.seconds
            self.record()
            self.save()
            return Outcome(self.output, self.clock.steps, seconds, interrupted.is_set())

    def status(self) -> Status:
        """Where training stands."""
        times = [moment for moment, _ in self.recent]
        span = times[-1] - times[0] if times else 0.0
        values = [dataclasses.astuple(losses) for _, losses in self.recent] or [(0.0, 0.0, 0.0, 0.0)]
        means = Losses(*(sum(column) / len(values) for column in zip(*values, strict=True)))
        return Status(
            progress=self.clock.progress(),
            remaining=self.clock.remaining(),
            steps=self.clock.steps,
            images=2 * self.trainer.recipe.batch_size * self.clock.steps,
            rate=(len(times) - 1) / span if span > 0 else 0.0,
            losses=means,
        )

    def record(self) -> None:
        """Add a line to the history."""
        status = self.status()
        line = {
            "step": status.steps,
            "seconds": round(self.clock.seconds, 1),
            "learning_rate_factor": rate_factor(status.progress),
            **dataclasses.asdict(status.losses),
            "content_weight": round(self.trainer.content.weight, 3),
        }
        try:
            with (self.folder / "history.jsonl").open("a") as stream:
                stream.write(json.dumps(line) + "\n")
        except OSError as error:
            self.complain(f"The history cannot be written ({error.strerror}); training goes on.")

    def save(self) -> None:
        """Write the style and then the preview, without which training goes on."""
        average = self.trainer.average
        style = StyleFile(average, self.trainer.recipe.size, self.licence, training=self.description())
        try:
            write_style(self.output, style)
        except StyleError as error:
            raise TrainingError(f"{error} Try another --seed or --precision fp32.") from None
        try:
            write_picture(self.folder / "preview.png", Picture(preview(average, self.photos, self.trainer.compute)))
        except PictureError as error:
            self.complain(f"{error} Training goes on.")

    def complain(self, sentence: str) -> None:
        """Warn, once for each sentence."""
        if sentence not in self.complaints:
            self.complaints.add(sentence)
            self.listener.warn(sentence)

    def description(self) -> dict[str, Any]:
        """What the style file says about its making."""
        trainer = self.trainer
        sets = {"photos": trainer.photos, "paintings": trainer.paintings}
        return {
            "recipe": dataclasses.asdict(trainer.recipe),
            "steps": self.clock.steps,
            "seconds": round(self.clock.seconds, 1),
            "device": str(trainer.compute),
            "threads": torch.get_num_threads(),
            **{name: {"count": len(one), "fingerprint": one.fingerprint} for name, one in sets.items()},
            "gan_style": __version__,
            "torch": torch.__version__,
        }


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that the first interrupt or termination signal sets; a second interrupt is as abrupt as ever."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        event.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    numbers = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none; under nohup it stays ignored.
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        numbers.append(hangup)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
