"""Blind two-alternative forced-choice study between painters, as a single HTML page.

Each trial shows two paintings of one photograph. Besides the rating trials there are repeat trials with swapped sides,
which measure a rater's consistency, and catch trials with one degraded painting, which detect inattentive raters.
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
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.types import Pixels
from gan_style.inference.style import load_style
from gan_style.pages.page import embedded, template, write_page

FORMAT, VERSION = "gan-style study answers", 1

DEGRADED = "(spoilt)"
"""Painter name of the degraded side of catch trials, in pages and answers."""

QUESTION = "Which of the two is the better painting?"

LONGEST, QUALITY = 768, 90
"""Longest side in pixels and JPEG quality of a painting on the page."""

PHOTO_LONGEST = 320
"""Longest side in pixels of a photograph on the page."""

BLOCKS = 14
"""Squares along the short side of a degraded painting."""

Progress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class StudyConfig:
    """Settings of a study.

    Attributes:
        trials: number of rating trials; fewer if there are not enough distinct pairs.
        repeats: number of repeat trials.
        catches: number of catch trials.
        question: question in one sentence.
        seed: seed of the choice of photographs and, with a rater's ID, of order and sides.
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
    """A written study.

    Attributes:
        page: path of the page.
        painters: painter names, as in the answers.
        trials: number of rating trials.
        failures: one sentence per photograph that could not be used.
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
    """Paint photographs and write the study page.

    Args:
        painters: two or more; each is what :func:`load_style` takes, or a folder of any program's paintings with the
            names of the photographs.
        photos: folder of photographs, read recursively.
        folder: folder for index.html.
        config: settings of the study.
        device: device for painting: "auto", "cpu" or "cuda".
        precision: precision for painting: "auto", "fp32" or "bf16".
        progress: progress callback; receives the phase, the count done and the total.

    Raises:
        UsageError: there are fewer than two painters.
        DataError: no photograph could be painted by all of its painters.
        StyleError: a style does not exist.
        ResourceError: the page cannot be written.
    """
    config = config or StudyConfig()
    if len(painters) < 2:
        raise UsageError("Name at least two painters to compare: styles, or folders of paintings.")
    sources = named_sources(painters, device, precision, progress)
    builder = Builder(sources, Path(photos), config, progress)
    data = builder.build()
    page = write_page(template("study.html").render(question=config.question, study=data), Path(folder))
    counted = sum(trial["kind"] == "rating" for trial in data["trials"])
    return Study(page, list(sources), counted, builder.failures)


def named_sources(
    painters: Sequence[str | os.PathLike[str]], device: str, precision: str, progress: Progress
) -> dict[str, PictureSource]:
    """Load painters and give them unique names; duplicates are numbered."""
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
            if unique not in (*sources, DEGRADED):
                break
            unique = f"{name} ({number})"
        sources[unique] = source
    return sources


class Builder:
    """Builds the trials of a study."""

    def __init__(
        self, sources: dict[str, PictureSource], photos: Path, config: StudyConfig, progress: Progress
    ) -> None:
        self.sources, self.photos, self.config, self.progress = sources, photos, config, progress
        self.random = np.random.default_rng(config.seed)
        self.pictures: dict[str, str] = {}
        self.degraded: dict[str, str] = {}
        self.failures: list[str] = []

    def build(self) -> dict[str, Any]:
        """Choose and paint all pairs and return the page's data."""
        paths = pictures_in(self.photos)
        pairs = list(itertools.combinations(self.sources, 2))
        wanted = min(self.config.trials, len(paths) * len(pairs))
        order = self.random.permutation(len(paths)).tolist()
        trials: list[dict[str, Any]] = []
        failed: set[int] = set()
        # Use every photograph once, cycling through pairs of painters; then again with other pairs if needed.
        for turn, (again, index) in enumerate(itertools.product(range(len(pairs)), order)):
            if len(trials) >= wanted:
                break
            if index in failed:
                continue
            self.progress("painting", len(trials), wanted)
            pair = pairs[(turn % len(order) + again) % len(pairs)]
            try:
                trials.append(self.rating(paths[index], pair, degraded=len(trials) < self.config.catches))
            except GanStyleError as error:
                failed.add(index)
                self.failures.append(str(error))
        if not trials:
            why = f": {self.failures[0]}" if self.failures else "; it holds no pictures."
            raise DataError(f"No photograph of {self.photos} could be painted by all painters{why}")
        self.progress("painting", wanted, wanted)
        caught = trials[: self.config.catches]
        # At most two different catch trials per rating trial, since raters would recognize a repeated one.
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

    def rating(self, path: Path, pair: tuple[str, str], *, degraded: bool) -> dict[str, Any]:
        """Create a rating trial, and degraded versions of its paintings if a catch trial needs them."""
        name = path.relative_to(self.photos)
        photo = read_picture(path, SHORT_SIDE).rgb
        painted = [same_size(self.sources[painter].paint(name, photo), photo) for painter in pair]
        shown = self.add(photo, PHOTO_LONGEST)
        left, right = (
            {"painter": painter, "picture": self.add(rgb, LONGEST)} for painter, rgb in zip(pair, painted, strict=True)
        )
        if degraded:
            for side, rgb in zip((left, right), painted, strict=True):
                self.degraded[side["picture"]] = self.add(degrade(rgb), LONGEST)
        return {"kind": "rating", "name": name.as_posix(), "photo": shown, "left": left, "right": right}

    def catch(self, trial: dict[str, Any], shown: str) -> dict[str, Any]:
        """Create a catch trial: the painting on one side of a trial next to its degraded version."""
        side = trial[shown]
        degraded = {"painter": DEGRADED, "picture": self.degraded[side["picture"]]}
        return {**trial, "kind": "catch", "left": side, "right": degraded}

    def add(self, rgb: Pixels, longest: int) -> str:
        """Add a picture to the page unless it is there already; returns its ID."""
        url = embedded(rgb, longest, QUALITY)
        name = hashlib.sha256(url.encode()).hexdigest()[:16]
        self.pictures[name] = url
        return name


def degrade(painting: Pixels) -> Pixels:
    """Degrade a painting to coarse gray squares, which no attentive rater prefers."""
    image = ImageOps.grayscale(Image.fromarray(painting))
    side = max(1, min(image.size) // BLOCKS)
    small = image.resize((max(1, image.width // side), max(1, image.height // side)), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, Image.Resampling.NEAREST).convert("RGB"))
