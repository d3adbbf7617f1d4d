"""A blind forced choice between painters, as one page that anybody can answer in a browser.

Two paintings of one photograph, again and again. Beside the trials that count there are repeats with exchanged sides,
which tell how steady a rater is, and catch trials with one painting spoilt, which tell who clicked without looking.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from gan_style.errors import DataError, GanStyleError, UsageError
from gan_style.evaluation.painters import SHORT_SIDE, Painted, Painting, PictureSource, pictures_in, same_size
from gan_style.imaging.decoding import Pixels, read_picture
from gan_style.inference.style import load_style
from gan_style.pages.page import embedded, template, write_page

FORMAT, VERSION = "gan-style study answers", 1

SPOILT = "(spoilt)"
"""Stands for a painter in catch trials."""

QUESTION = "Which of the two is the better painting?"

LONGEST, QUALITY = 768, 90
"""Longest side in pixels, and JPEG quality, of a painting on the page."""

PHOTO_LONGEST = 320
"""Longest side of a photograph on the page."""

BLOCKS = 14
"""Squares along the short side of a spoilt painting."""

Progress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class StudyConfig:
    """What raters are asked.

    Attributes:
        trials: pairs that count; fewer where there are not so many different ones.
        repeats: how many of them are asked again.
        catches: pairs with one painting spoilt.
        question: in one sentence.
        seed: of the photographs, and with a rater's own number of order and sides.
    """

    trials: int = 40
    repeats: int = 4
    catches: int = 8
    question: str = QUESTION
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.trials <= 1000:
            raise UsageError(f"trials must be from 1 to 1000, not {self.trials}.")


@dataclass
class Study:
    """A page that was written.

    Attributes:
        page: where.
        painters: their names, as the answers say them.
        trials: how many pairs count.
        failures: photographs that could not be used, each a sentence.
    """

    page: Path
    painters: list[str]
    trials: int
    failures: list[str] = field(default_factory=list)


def write_study(
    painters: Sequence[str | os.PathLike[str]],
    photos: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    config: StudyConfig | None = None,
    *,
    device: str = "auto",
    precision: str = "auto",
    progress: Progress = lambda _what, _done, _total: None,
) -> Study:
    """Paint photographs and write the page.

    Args:
        painters: two or more, each what :func:`load_style` takes, or a folder of photographs painted by any program
            under the photographs' names.
        photos: folder of photographs, read recursively.
        folder: gets index.html.
        config: how many trials, and what is asked.
        device: "auto", "cpu" or "cuda", for painting.
        precision: "auto", "fp32" or "bf16", likewise.
        progress: called with what is done, how much of it and of how much.

    Raises:
        UsageError: fewer than two painters.
        DataError: no photograph could be painted by all of them.
        StyleError: there is no such style.
        ResourceError: the page cannot be written.
    """
    config = config or StudyConfig()
    if len(painters) < 2:
        raise UsageError("Give at least two painters to compare: styles, or folders of painted photographs.")
    sources = named_sources(painters, device, precision, progress)
    builder = Builder(sources, Path(photos), config, progress)
    data = builder.build()
    page = write_page(template("study.html").render(question=config.question, study=data), Path(folder))
    counted = sum(trial["kind"] == "rating" for trial in data["trials"])
    return Study(page, list(sources), counted, builder.failures)


def named_sources(
    painters: Sequence[str | os.PathLike[str]], device: str, precision: str, progress: Progress
) -> dict[str, PictureSource]:
    """Painters by their names, numbered where two have the same."""
    sources: dict[str, PictureSource] = {}
    for painter in painters:
        path = Path(painter)
        source: PictureSource
        if path.is_dir():
            source, name = Painted(path), path.resolve().name
        else:
            style = load_style(os.fspath(painter), device=device, precision=precision, downloading=progress)
            source, name = Painting(style), style.name
        unique = name
        for number in itertools.count(2):
            if unique not in (*sources, SPOILT):
                break
            unique = f"{name} ({number})"
        sources[unique] = source
    return sources


class Builder:
    """Chooses pairs and paints them."""

    def __init__(
        self, sources: dict[str, PictureSource], photos: Path, config: StudyConfig, progress: Progress
    ) -> None:
        self.sources, self.photos, self.config, self.progress = sources, photos, config, progress
        self.random = np.random.default_rng(config.seed)
        self.pictures: dict[str, str] = {}
        self.spoilt: dict[str, str] = {}
        self.failures: list[str] = []

    def build(self) -> dict[str, Any]:
        """Everything that the page needs."""
        paths = pictures_in(self.photos)
        pairs = list(itertools.combinations(self.sources, 2))
        wanted = min(self.config.trials, len(paths) * len(pairs))
        order = self.random.permutation(len(paths)).tolist()
        trials: list[dict[str, Any]] = []
        failed: set[int] = set()
        # Every photograph once, with pairs of painters in turn; again with other pairs where that is not enough.
        for turn, (again, index) in enumerate(itertools.product(range(len(pairs)), order)):
            if len(trials) >= wanted:
                break
            if index in failed:
                continue
            self.progress("painting", len(trials), wanted)
            pair = pairs[(turn % len(order) + again) % len(pairs)]
            try:
                trials.append(self.rating(paths[index], pair, spoilt=len(trials) < self.config.catches))
            except GanStyleError as error:
                failed.add(index)
                self.failures.append(str(error))
        if not trials:
            why = f": {self.failures[0]}" if self.failures else "; it holds no pictures."
            raise DataError(f"No photograph of {self.photos} could be painted by all painters{why}")
        self.progress("painting", wanted, wanted)
        caught = trials[: self.config.catches]
        # Two different ones from each trial, since a catch that was met before is recognised.
        catches = min(self.config.catches, 2 * len(caught))
        for number in range(catches):
            turn, which = divmod(number, len(caught))
            trials.append(self.catch(caught[which], "left" if (turn + which) % 2 else "right"))
        known = {
            "format": FORMAT,
            "version": VERSION,
            "painters": list(self.sources),
            "question": self.config.question,
            "seed": self.config.seed,
            "repeats": self.config.repeats,
            "trials": trials,
            "pictures": self.pictures,
        }
        return {**known, "study": hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12]}

    def rating(self, path: Path, pair: tuple[str, str], *, spoilt: bool) -> dict[str, Any]:
        """One photograph by two painters, and its paintings spoilt where they will be needed."""
        name = path.relative_to(self.photos)
        photo = read_picture(path, SHORT_SIDE).rgb
        painted = [same_size(self.sources[painter].paint(name, photo), photo) for painter in pair]
        shown = self.add(photo, PHOTO_LONGEST)
        left, right = (
            {"painter": painter, "picture": self.add(rgb, LONGEST)} for painter, rgb in zip(pair, painted, strict=True)
        )
        if spoilt:
            for side, rgb in zip((left, right), painted, strict=True):
                self.spoilt[side["picture"]] = self.add(spoil(rgb), LONGEST)
        return {"kind": "rating", "name": name.as_posix(), "photo": shown, "left": left, "right": right}

    def catch(self, trial: dict[str, Any], shown: str) -> dict[str, Any]:
        """The painting on one side of a trial, beside itself spoilt."""
        side = trial[shown]
        spoilt = {"painter": SPOILT, "picture": self.spoilt[side["picture"]]}
        return {**trial, "kind": "catch", "left": side, "right": spoilt}

    def add(self, rgb: Pixels, longest: int) -> str:
        """Put a picture into the page once; its name there."""
        address = embedded(rgb, longest, QUALITY)
        name = hashlib.sha256(address.encode()).hexdigest()[:16]
        self.pictures[name] = address
        return name


def spoil(painting: Pixels) -> Pixels:
    """What nobody who looks prefers: coarse grey squares."""
    image = ImageOps.grayscale(Image.fromarray(painting))
    side = max(1, min(image.size) // BLOCKS)
    small = image.resize((max(1, image.width // side), max(1, image.height // side)), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, Image.Resampling.NEAREST).convert("RGB"))
