"""Whole trainings that are watched: what is kept, what is left for people, and that nothing of it depends on luck."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_style.checkpoints.style_file import read_style
from gan_style.errors import TrainingError
from gan_style.models.discriminator import DiscriminatorConfig
from gan_style.training.api import resume, train
from gan_style.training.loop.schedule import Clock, Limit
from gan_style.training.loop.validator import FEWEST, SHARE
from gan_style.training.recipe import Recipe
from gan_style.training.run.history import read_history
from gan_style.training.run.listener import Silent, Status
from gan_style.training.run.log import PREVIEWS
from gan_style.training.step.trainer import Trainer
from tests.conftest import TINY, photo, save_crops

RECIPE = Recipe(
    size=64, batch_size=2, generator=TINY, discriminator=DiscriminatorConfig(head_channels=8, patch_channels=4)
)
ASIDE = 4
"""Held-out pictures of each kind, and the fewest that are held out."""


class Cut(Exception):  # noqa: N818 - no error
    """A power cut."""


class Watcher(Silent):
    """Keeps what it is told, and pulls the plug after a step."""

    def __init__(self, cut: int = 0) -> None:
        self.cut, self.warnings, self.curve = cut, list[str](), tuple[float, ...]()

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    def status(self, status: Status) -> None:
        self.curve = status.curve
        if self.cut and status.steps == self.cut:
            self.cut = 0
            raise Cut


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, an examination every other step, a state after every one."""
    for name, value in {"SAVE_SECONDS": 0.0, "RECORD_SECONDS": 0.0, "EXAMINE_STEPS": 2}.items():
        monkeypatch.setattr(f"gan_style.training.loop.loop.{name}", value)
    monkeypatch.setattr("gan_style.training.loop.validator.FEWEST", ASIDE)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Enough pictures for some to be held out."""
    count = ASIDE * SHARE
    return save_crops(tmp_path / "photos", "chelsea.png", count), save_crops(tmp_path / "p", "coffee.png", count)


def test_a_watched_training_says_how_good_it_was_and_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_style.training.loop.validator.FEWEST", FEWEST)
    folders = save_crops(tmp_path / "photos", "chelsea.png", 80), save_crops(tmp_path / "p", "coffee.png", 80)
    watcher, output = Watcher(), tmp_path / "style.safetensors"
    outcome = train(*folders, output, recipe=RECIPE, limit=Limit(steps=8), device="cpu", listener=watcher)
    lines = read_history(tmp_path / "style-run")
    examined = [line for line in lines if "held_closed" in line]
    assert [line["step"] for line in examined] == [2, 4, 6, 8]
    assert watcher.curve == tuple(pytest.approx(line["held_closed"], abs=1e-5) for line in examined[:-1])
    assert outcome.verdict.startswith("On 10 held-out photographs and 10 held-out paintings, it ")
    validation = read_style(output).metrics["validation"]
    kept = next(line for line in examined if line["step"] == validation["steps"])
    assert validation["closed"] == kept["held_closed"]
    assert validation["closed"] > max(watcher.curve) - 0.05
    assert (validation["photos"], validation["paintings"]) == (10, 10)
    assert validation["features"]["sha256"]
    page = (tmp_path / "style-run" / "index.html").read_text()
    assert "Share of the style gap closed" in page
    assert ">held-out pictures</text>" in page
    assert "Validated on 10 held-out photographs and 10 held-out paintings." in page
    assert "http-equiv" not in page, "the page no longer reloads after training"
    previews = list((tmp_path / "style-run" / "previews").iterdir())
    assert len(previews) > 4
    assert all(f"previews/{path.name}" in page for path in previews)


def test_a_training_without_pictures_to_spare_says_what_it_was_examined_on(
    photo_folder: Path, painting_folder: Path, tmp_path: Path
) -> None:
    """And a single examination shows as a point with its interval."""
    output = tmp_path / "few.safetensors"
    outcome = train(photo_folder, painting_folder, output, recipe=RECIPE, limit=Limit(steps=1), device="cpu")
    page = (tmp_path / "few-run" / "index.html").read_text()
    assert "held-out" not in page
    assert "Validated on 30 training photographs and 10 training paintings (biased: " in page
    assert ">training pictures</text>" in page
    assert "1 step in" in page
    assert outcome.verdict.startswith("On 30 training photographs and 10 training paintings (biased")
    gap = page[page.index("<svg") : page.index("</svg>")]
    assert "<circle" in gap
    band = gap[gap.index("points=") :].split('"')[1].split()
    places = {float(point.split(",")[0]) for point in band}
    assert len(band) == 4
    assert max(places) - min(places) > 1


def test_a_single_painting_says_truly_why_nobody_knows_when_it_is_done(photo_folder: Path, tmp_path: Path) -> None:
    painting = tmp_path / "painting.png"
    photo("coffee.png").resize((120, 90)).save(painting)
    watcher, limit = Watcher(), Limit(steps=1, until_done=True)
    output = tmp_path / "one.safetensors"
    outcome = train(photo_folder, painting, output, recipe=RECIPE, limit=limit, device="cpu", listener=watcher)
    (said,) = [sentence for sentence in watcher.warnings if "Early stopping" in sentence]
    assert "single painting" in said
    assert "noise" not in said
    assert said.endswith("its limit, 1 step.")
    assert "single painting" in outcome.verdict


def test_previews_are_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_style.training.loop.loop.EXAMINE_STEPS", 1000)
    folders = save_crops(tmp_path / "photos", "chelsea.png", 3), save_crops(tmp_path / "paintings", "coffee.png", 3)
    train(*folders, tmp_path / "a.safetensors", recipe=RECIPE, limit=Limit(steps=30), device="cpu")
    steps = sorted(int(path.stem) for path in (tmp_path / "a-run" / "previews").iterdir())
    assert len(steps) <= PREVIEWS
    assert (steps[0], steps[-1]) == (0, 30)
    assert max(np.diff(steps)) <= 4


def test_an_ill_training_cut_anywhere_ends_as_if_it_were_not(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Spoilt at step 5, found out at the examination after step 6, and back to step 4."""
    step, spoilt = Trainer.step, [0]

    def spoiling(self: Trainer, rate: float) -> object:
        if self.steps == 4 and self.lr_scale == 1:
            with torch.no_grad():
                self.generator.head.bias.fill_(30.0)  # type: ignore[union-attr]
            spoilt[0] += 1
        return step(self, rate)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "step", spoiling)
        whole = Watcher()
        limit = Limit(steps=9)
        train(*folders, tmp_path / "whole.safetensors", recipe=RECIPE, limit=limit, device="cpu", listener=whole)
        assert len([sentence for sentence in whole.warnings if "rolled back to step 4" in sentence]) == 1
        watcher, output = Watcher(1), tmp_path / "cut.safetensors"
        with pytest.raises(Cut):
            train(*folders, output, recipe=RECIPE, limit=limit, device="cpu", listener=watcher)
        for cut in (5, 6, 8):
            with pytest.raises(Cut):
                resume(tmp_path / "cut-run", listener=Watcher(cut))
        resume(tmp_path / "cut-run")
    assert spoilt[0] >= 2
    assert output.read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    assert read_style(output).metrics["validation"]["steps"] in (8, 9)


def test_a_training_until_done_ends_when_it_no_longer_improves(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With learning rates of next to nothing it never does."""
    monkeypatch.setattr("gan_style.training.loop.loop.SAVE_SECONDS", 1e9)
    recipe = dataclasses.replace(RECIPE, generator_rate=1e-9)
    limit = Limit(steps=500, until_done=True)
    outcome = train(*folders, tmp_path / "a.safetensors", recipe=recipe, limit=limit, device="cpu")
    assert outcome.steps == 36, "nine examinations, and as many steps again while the learning rate falls"
    factors = [line["learning_rate_factor"] for line in read_history(tmp_path / "a-run") if "discriminator" in line]
    assert factors[17] == 1
    assert factors[-1] == 0


def test_the_time_left_until_done_is_unknown_until_it_is_known() -> None:
    now = [0.0]
    clock = Clock(Limit(minutes=10, until_done=True), lambda: now[0])
    now[0] = 60
    clock.tick()
    clock.steps = 100
    assert clock.remaining() == float("inf")
    assert clock.progress() == 0.1
    clock.settle()
    assert clock.remaining() == 60
    assert clock.progress() == 0.5
    late = Clock(Limit(minutes=10, until_done=True), lambda: now[0])
    late.restart(400)
    assert late.remaining() == 200, "the limit is the end where it comes first"
    late.settle()
    assert late.whole == 600


def test_sets_that_are_alike_leave_nothing_to_be_done(tmp_path: Path) -> None:
    folders = save_crops(tmp_path / "a", "coffee.png", 30), save_crops(tmp_path / "b", "coffee.png", 30)
    for path in folders[1].iterdir():
        Image.fromarray(np.asarray(Image.open(path))[:, ::-1]).save(path)
    watcher = Watcher()
    limit = Limit(steps=3, until_done=True)
    outcome = train(*folders, tmp_path / "x.safetensors", recipe=RECIPE, limit=limit, device="cpu", listener=watcher)
    (said,) = [sentence for sentence in watcher.warnings if "Early stopping" in sentence]
    assert "no farther" in said
    assert said.endswith("training runs to its limit, 3 steps.")
    assert "no farther" in outcome.verdict
    lines = [line for line in read_history(tmp_path / "x-run") if "held_closed" in line]
    assert lines
    assert all(line["held_closed"] is None for line in lines)
    assert json.dumps(lines)


class Counting(Clock):
    """A clock on which every step takes a second."""

    def tick(self) -> float:
        self.seconds += 1
        return self.seconds


class Apart(Counting):
    """One for which nothing else takes time."""

    @property
    def whole(self) -> float:
        """As long as was asked for."""
        return 60 * self.limit.minutes


@pytest.mark.parametrize("spoilt", [0, 12])
def test_an_illness_at_the_end_of_the_time_costs_at_most_the_last_steps(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: int
) -> None:
    for name, value in {"Clock": Apart, "EXAMINE_SECONDS": 10.0, "WORTH": 0}.items():
        monkeypatch.setattr(f"gan_style.training.loop.loop.{name}", value)
    step = Trainer.step

    def spoiling(self: Trainer, rate: float) -> object:
        if self.steps >= spoilt:
            with torch.no_grad():
                self.generator.head.bias.fill_(30.0)  # type: ignore[union-attr]
        return step(self, rate)

    monkeypatch.setattr(Trainer, "step", spoiling)
    watcher, output = Watcher(), tmp_path / "late.safetensors"
    limit = Limit(minutes=(20 if spoilt else 9) / 60)
    if not spoilt:
        with pytest.raises(TrainingError, match="stopped after 1 failure"):
            train(*folders, output, recipe=RECIPE, limit=limit, device="cpu", listener=watcher)
        assert read_style(output).training["steps"] < 9
        return
    train(*folders, output, recipe=RECIPE, limit=limit, device="cpu", listener=watcher)
    kept = read_style(output).training["steps"]
    assert 5 < kept < spoilt
    assert [sentence for sentence in watcher.warnings if f"kept the style from step {kept}" in sentence]


def test_minutes_run_from_the_call_on_and_not_from_the_first_step(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"Clock": Counting, "SAVE_SECONDS": 1e9}.items():
        monkeypatch.setattr(f"gan_style.training.loop.loop.{name}", value)
    begun, limit = time.monotonic() - 6, Limit(minutes=20 / 60)
    outcome = train(*folders, tmp_path / "a.safetensors", recipe=RECIPE, limit=limit, began=begun, device="cpu")
    assert 9 <= outcome.steps <= 14, "six of the twenty seconds were gone, and half of them are for training"
