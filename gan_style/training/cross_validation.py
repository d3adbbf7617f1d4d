"""Which batch size and which length serve best: every setting learns from some of the pictures and is judged on others.

k-fold cross-validation (Stone, 1974): photographs and paintings are split into folds, each setting is trained once for
every fold on all others, and scored on the fold that it has not seen. Then one painter is trained on everything.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import read_style
from gan_style.defaults import FOLDS
from gan_style.device import Compute
from gan_style.errors import DataError, TrainingError, UsageError
from gan_style.files import replacing
from gan_style.metrics.distances import Features, kernel_distance
from gan_style.metrics.features import choose_features
from gan_style.models.generator import Generator
from gan_style.training.data import PictureSet
from gan_style.training.group import Group
from gan_style.training.learning import BRIEF, learn, looked_at, read_start, train_on, writing
from gan_style.training.listener import Listener, Silent, Status
from gan_style.training.plan import NAME as PLAN
from gan_style.training.plan import Plan, plan_from, plan_values
from gan_style.training.preview import paint
from gan_style.training.schedule import Limit
from gan_style.training.session import Outcome
from gan_style.training.sources import load_sets
from gan_style.training.state import has_state, remove_states
from gan_style.training.validation import squares

NAME, SCHEMA = "cross-validation.json", 1
ROOM = "folds"
"""Folder of the trainings on parts of the pictures, inside that of the run."""

FEWEST = 3
"""Photographs, and paintings, that a fold must hold for a distance between them."""

MOST = 200
"""Of either kind in a fold that are looked at."""


@dataclass(frozen=True)
class Grid:
    """What is tried.

    Attributes:
        batch_sizes: photographs, and paintings, in a step.
        limits: how long; lengths in one unit.
        folds: parts into which pictures are split.
    """

    batch_sizes: tuple[int, ...]
    limits: tuple[Limit, ...]
    folds: int = FOLDS

    def __post_init__(self) -> None:
        if not 2 <= self.folds <= 20:
            raise UsageError(f"folds must be from 2 to 20, not {self.folds}.")
        for what, values in (("batch sizes", self.batch_sizes), ("lengths", self.limits)):
            if not values or len(set(values)) < len(values):
                raise UsageError(f"{what} to be tried must be given, each once.")
        if any(limit.until_done for limit in self.limits):
            raise UsageError("Lengths are compared, so that --until-done makes no sense with --cross-validate.")
        if len({limit.steps is None for limit in self.limits}) > 1:
            raise UsageError("Lengths must all be in minutes or all in steps.")

    @property
    def settings(self) -> list[Setting]:
        """All pairs, in the order given."""
        return [Setting(*pair) for pair in itertools.product(self.batch_sizes, self.limits)]


@dataclass(frozen=True)
class Setting:
    """One of the settings that are compared.

    Attributes:
        batch_size: photographs, and paintings, in a step.
        limit: how long.
    """

    batch_size: int
    limit: Limit

    @property
    def name(self) -> str:
        """For files and people."""
        length = f"{self.limit.minutes:g}min" if self.limit.steps is None else f"{self.limit.steps}steps"
        return f"batch{self.batch_size}-{length}"

    @property
    def work(self) -> float:
        """How long a training takes, in a unit that all settings of a grid share."""
        return self.limit.minutes if self.limit.steps is None else self.limit.steps * self.batch_size


@dataclass(frozen=True)
class Score:
    """How a setting did.

    Attributes:
        setting: which one.
        values: kernel inception distances on the folds left out; smaller is better.
    """

    setting: Setting
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over folds."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Standard deviation over folds."""
        return float(np.std(self.values, ddof=1))


@dataclass
class Course:
    """A cross-validation on its way, as it is kept in the folder of its run.

    Attributes:
        plan: the training that is to follow, with a batch size and a limit that will be replaced.
        grid: what is tried.
        scores: distances by setting and fold, so far.
        fingerprints: of the pictures.
        chosen: name of the best setting, once it is known.
    """

    plan: Plan
    grid: Grid
    scores: dict[str, list[float]] = field(default_factory=dict)
    fingerprints: list[str] = field(default_factory=list)
    chosen: str = ""

    def write(self) -> None:
        """Keep it.

        Raises:
            OSError: it cannot be written.
        """
        values = {
            "schema": SCHEMA,
            "plan": plan_values(self.plan),
            "grid": dataclasses.asdict(self.grid),
            "scores": self.scores,
            "fingerprints": self.fingerprints,
            "chosen": self.chosen,
        }
        with replacing(self.plan.folder / NAME) as temporary:
            temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")

    def table(self) -> list[Score]:
        """Every setting that was tried on all folds."""
        return [
            Score(setting, tuple(self.scores[setting.name]))
            for setting in self.grid.settings
            if len(self.scores.get(setting.name, [])) == self.grid.folds
        ]


@dataclass(frozen=True)
class Choice:
    """What a cross-validation came to.

    Attributes:
        scores: of every setting, in the order in which they were given; fewer where it was interrupted.
        chosen: the setting of the smallest mean distance; None where it was interrupted.
        outcome: of the training on all pictures, or of the one that was interrupted.
        folder: of the run, from which an interrupted one goes on.
    """

    scores: list[Score]
    chosen: Setting | None
    outcome: Outcome
    folder: Path


def is_unfinished(folder: Path) -> bool:
    """Whether a run is a cross-validation whose training on all pictures has not begun."""
    return (folder / NAME).is_file() and not (folder / PLAN).is_file()


def clear(folder: Path) -> None:
    """Remove what an earlier run left in a folder.

    Raises:
        OSError: it cannot be removed.
    """
    remove_states(folder)
    (folder / PLAN).unlink(missing_ok=True)
    if (folder / ROOM).is_dir():
        shutil.rmtree(folder / ROOM)


def read_course(folder: Path) -> Course:
    """The cross-validation of a run.

    Raises:
        TrainingError: it is damaged, or the folder was renamed.
    """
    path = folder / NAME
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values["schema"] != SCHEMA:
            raise TrainingError(f"{path} is of another version of gan-style; go on with the one that wrote it.")
        grid = Grid(
            tuple(map(int, values["grid"]["batch_sizes"])),
            tuple(Limit(**limit) for limit in values["grid"]["limits"]),
            int(values["grid"]["folds"]),
        )
        scores = {str(name): [float(one) for one in some] for name, some in values["scores"].items()}
        return Course(
            plan_from(values["plan"], folder), grid, scores, list(values["fingerprints"]), str(values["chosen"])
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        raise TrainingError(f"{path} is damaged or of another version of gan-style; train anew.") from None


def run_course(course: Course, compute: Compute, listener: Listener) -> Choice:
    """Try what was not tried yet, choose, and train on everything.

    Args:
        course: as it stands.
        compute: where it runs.
        listener: who is told how it goes.

    Raises:
        DataError: there are too few pictures, or they have changed.
        UsageError: a group of processes was started.
        ResourceError: disk space or memory is missing.
        TrainingError: a training fell ill too often.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UsageError("Cross-validation runs in one process; start it without torchrun.")
    plan, grid = course.plan, course.grid
    backbone, beginner = load_backbone(plan.recipe.backbone), read_start(plan)
    with writing(plan):
        sets = load_sets(plan.photos, plan.paintings, plan.recipe, listener, trim=plan.trim)
    fingerprints = [one.fingerprint for one in sets]
    if course.fingerprints and course.fingerprints != fingerprints:
        raise DataError(
            f"The pictures in {plan.photos} or {plan.paintings} have changed since that cross-validation began; put "
            "them back, or begin anew with --overwrite."
        )
    if not course.fingerprints:
        for remark in looked_at(*sets, load_backbone(), most=BRIEF, listener=listener).remarks:
            listener.warn(remark.sentence)
    enough(sets, grid.folds)
    with writing(plan):
        if not course.fingerprints:
            plan.folder.mkdir(exist_ok=True)
            clear(plan.folder)
        course.fingerprints = fingerprints
        course.write()
    whole = InFolds(listener, grid)
    for setting, fold in itertools.product(grid.settings, range(grid.folds)):
        done = course.scores.setdefault(setting.name, [])
        whole.begin(setting, fold)
        if len(done) > fold:
            continue
        part = fold_plan(plan, setting, fold)
        learnt, left_out = split(sets, fold, grid.folds)
        with writing(part):
            part.folder.mkdir(parents=True, exist_ok=True)
        going_on = has_state(part.folder)
        outcome = train_on(
            learnt, part, None if going_on else beginner, backbone, compute, Group(), whole, resumed=going_on
        )
        if outcome.interrupted:
            return Choice(course.table(), None, outcome, plan.folder)
        done.append(score(read_style(part.output).generator, left_out, plan.recipe.size, compute))
        with writing(plan):
            course.write()
    scores = course.table()
    best = min(scores, key=lambda one: one.mean)
    course.chosen = best.setting.name
    with writing(plan):
        course.write()
    listener.warn(chosen_sentence(best, scores))
    last = dataclasses.replace(
        plan,
        recipe=dataclasses.replace(plan.recipe, batch_size=best.setting.batch_size),
        limit=best.setting.limit,
    )
    outcome = learn(last, compute, Group(), Quiet(listener), resumed=False)
    return Choice(scores, best.setting, outcome, plan.folder)


def chosen_sentence(best: Score, scores: Sequence[Score]) -> str:
    """Which setting is the best, and how sure that is."""
    error = best.spread / len(best.values) ** 0.5
    alike = [one.setting.name for one in scores if one is not best and one.mean - best.mean < error]
    sentence = (
        f"Chosen: {best.setting.name}, with a distance of {best.mean:.3f} ± {best.spread:.3f} on pictures left out."
    )
    if alike:
        sentence += f" Within a standard error of it: {', '.join(alike)}."
    return sentence


def enough(sets: Sequence[PictureSet], folds: int) -> None:
    """Refuse what gives folds on which nothing can be measured.

    Raises:
        DataError: there are too few pictures of a kind.
        UsageError: there is a single painting.
    """
    if sets[1].single:
        raise UsageError("A single painting cannot be split; give a folder of paintings to --cross-validate.")
    for what, one in zip(("photographs", "paintings"), sets, strict=True):
        if len(one) < FEWEST * folds:
            raise DataError(f"{len(one)} {what} are too few for {folds} folds; give {FEWEST * folds} or more.")


def members(count: int, fold: int, folds: int) -> tuple[list[int], list[int]]:
    """Places of what is learnt from and of what is left out; which is which never changes for a count."""
    order = np.random.default_rng(0).permutation(count)
    out = {int(place) for place in order[fold::folds]}
    return [place for place in range(count) if place not in out], sorted(out)


def split(
    sets: tuple[PictureSet, PictureSet], fold: int, folds: int
) -> tuple[tuple[PictureSet, PictureSet], tuple[PictureSet, PictureSet]]:
    """Both sets without a fold, and the fold."""
    places = [members(len(one), fold, folds) for one in sets]
    photos, paintings = sets
    return (
        (photos.part(places[0][0]), paintings.part(places[1][0])),
        (photos.part(places[0][1]), paintings.part(places[1][1])),
    )


def fold_plan(plan: Plan, setting: Setting, fold: int) -> Plan:
    """The plan of a training without a fold."""
    return dataclasses.replace(
        plan,
        output=plan.folder / ROOM / f"{setting.name}-without-{fold + 1}.safetensors",
        recipe=dataclasses.replace(plan.recipe, batch_size=setting.batch_size),
        limit=setting.limit,
    )


def score(generator: Generator, left_out: tuple[PictureSet, PictureSet], size: int, compute: Compute) -> float:
    """The unbiased kernel inception distance of painted photographs from paintings, neither of which were learnt from.

    Args:
        generator: who paints.
        left_out: photographs and paintings.
        size: side in pixels of the squares that are looked at.
        compute: where it runs.

    Returns:
        As ``gan-style eval`` has it: features in units of their root mean square over the paintings.
    """
    space, placed = choose_features(), compute.place(generator)
    photos, paintings = (squares(one.part(range(min(len(one), MOST))), size) for one in left_out)
    real: Features = np.stack([space(rgb).vector for rgb in paintings])
    painted: Features = np.stack([space(paint(placed, rgb, compute)).vector for rgb in photos])
    unit = float(np.sqrt(np.square(real, dtype=np.float64).mean())) or 1.0
    return kernel_distance(painted / unit, real / unit).value


class Quiet(Silent):
    """Passes on what matters of the last training, whose pictures were remarked upon before."""

    def __init__(self, listener: Listener) -> None:
        self.listener, self.trains = listener, False

    def reading(self, what: str, done: int, total: int) -> None:
        """Pass on."""
        self.listener.reading(what, done, total)

    def warn(self, sentence: str) -> None:
        """Pass on what is said once training has begun."""
        if self.trains:
            self.listener.warn(sentence)

    def status(self, status: Status) -> None:
        """Pass on."""
        self.trains = True
        self.listener.status(status)


class InFolds(Silent):
    """Turns the progress of one training into that of all of them."""

    def __init__(self, listener: Listener, grid: Grid) -> None:
        self.listener, self.grid = listener, grid
        self.total = grid.folds * sum(setting.work for setting in grid.settings)
        self.before, self.now, self.here, self.what = 0.0, 0.0, 0.0, ""
        self.begun: tuple[float, float] | None = None

    def begin(self, setting: Setting, fold: int) -> None:
        """A training begins, or is passed over because it was made before."""
        self.before += self.now
        self.now = setting.work
        self.what = f"{setting.name}, fold {fold + 1} of {self.grid.folds}"

    def reading(self, what: str, done: int, total: int) -> None:
        """Pass on."""
        self.listener.reading(f"{what} ({self.what})", done, total)

    def warn(self, sentence: str) -> None:
        """Pass on, with where it was."""
        self.listener.warn(f"{self.what}: {sentence}")

    def status(self, status: Status) -> None:
        """Tell of all trainings together."""
        done = self.before + self.now * status.progress
        if self.begun is None:
            self.begun = time.monotonic(), done
        start, first = self.begun
        pace = (done - first) / max(time.monotonic() - start, 1e-9)
        remaining = (self.total - done) / pace if pace > 0 else float("inf")
        self.listener.status(dataclasses.replace(status, progress=done / self.total, remaining=remaining))
