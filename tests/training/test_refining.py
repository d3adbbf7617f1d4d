from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_style.checkpoints.style_file import StyleFile, read_style, write_style
from gan_style.errors import DataError, UsageError
from gan_style.imaging.types import Pixels
from gan_style.models.refiner import Refiner
from gan_style.training.api import resume, train
from gan_style.training.loop.loop import Outcome
from gan_style.training.loop.refiner_choice import RefinerChoice, candidates, nearest
from gan_style.training.loop.schedule import Limit
from gan_style.training.run.listener import Silent, Status
from gan_style.training.run.state import REFINING
from gan_style.training.step.refiner_trainer import RefinerConfig, RefinerTrainer
from tests.conftest import TINY, lively, lively_generator, save_crops
from tests.training.test_resume import RECIPE, PowerCutError

STEPS = 8
SMALL = functools.partial(RefinerConfig, crop=32, context=8, batch_size=1, generator=TINY)


class Cutter(Silent):
    """Pulls the plug after a step of the refiner, and remembers where training stood."""

    def __init__(self, step: int = 0) -> None:
        self.step, self.seen = step, list[Status]()

    def status(self, status: Status) -> None:
        self.seen.append(status)
        if status.refining and status.steps == self.step:
            raise PowerCutError


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pictures are enough, refiners are small, and sums are made in one order."""
    for name in ("ENOUGH_PHOTOS", "ENOUGH_PAINTINGS"):
        monkeypatch.setattr(f"gan_style.training.datasets.{name}", 1)
    monkeypatch.setattr("gan_style.data.scans.ENOUGH", 3)
    for module in ("refiner_loop", "refiner_choice"):
        monkeypatch.setattr(f"gan_style.training.loop.{module}.RefinerConfig", SMALL)
    torch.set_num_threads(1)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Photographs, and paintings of which single strokes could be seen."""
    return save_crops(tmp_path / "photos", "chelsea.png", 4), save_crops(tmp_path / "paintings", "coffee.png", 3, 120)


def learn(folders: tuple[Path, Path], output: Path, listener: Silent | None = None, **options: Any) -> Outcome:
    """A short training."""
    how = {"recipe": RECIPE, "limit": Limit(steps=STEPS), "device": "cpu", "start": "scratch", **options}
    return train(*folders, output, listener=listener, **how)


def test_large_paintings_teach_a_refiner(folders: tuple[Path, Path], tmp_path: Path) -> None:
    listener = Cutter()
    outcome = learn(folders, tmp_path / "own.safetensors", listener)
    style = read_style(outcome.style)
    assert style.refiner is not None
    assert (style.training["refiner"]["source"], style.training["refiner"]["scans"]) == ("own", 3)
    assert style.training["refiner"]["steps"] == STEPS // 4
    assert (outcome.steps, outcome.interrupted) == (STEPS, False)
    assert outcome.verdict.endswith("Its refiner was trained on 3 large paintings.")
    stood = [(status.refining, status.steps, round(status.progress, 3)) for status in listener.seen]
    assert stood[-2:] == [(True, 1, 0.5), (True, 2, 1.0)]
    assert not any(outcome.folder.glob("*.safetensors"))


def test_a_refiner_cut_off_goes_on_as_if_it_were_not(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan_style.training.loop.refiner_loop.SAVE_SECONDS", 0.0)
    whole = learn(folders, tmp_path / "whole.safetensors")
    with pytest.raises(PowerCutError):
        learn(folders, tmp_path / "cut.safetensors", Cutter(1))
    assert read_style(tmp_path / "cut.safetensors").refiner is not None
    gone_on = resume(tmp_path / "cut-run")
    assert gone_on.style.read_bytes() == whole.style.read_bytes()
    assert (gone_on.steps, gone_on.verdict) == (whole.steps, whole.verdict)


def test_a_refiner_does_not_go_on_without_its_paintings(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(PowerCutError):
        learn(folders, tmp_path / "cut.safetensors", Cutter(1))
    assert (tmp_path / "cut-run" / REFINING).exists()
    save_crops(folders[1], "coffee.png", 3)
    with pytest.raises(DataError, match="large paintings"):
        resume(tmp_path / "cut-run")


def test_a_refiner_with_numbers_that_are_not_finite_is_not_kept(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(self: RefinerTrainer, _rate: float) -> dict[str, float]:
        self.steps += 1
        torch.nn.init.constant_(next(self.average.parameters()), float("nan"))
        return {"discriminator": 0.0, "generator": float("nan")}

    monkeypatch.setattr(RefinerTrainer, "step", step)
    other = refined(tmp_path / "other.safetensors")
    style = read_style(learn(folders, tmp_path / "ill.safetensors", start=str(other)).style)
    assert style.training["refiner"] == {"source": "other"}
    assert_same(style.refiner, read_style(other).refiner)


def refined(path: Path) -> Path:
    """A style with a refiner."""
    write_style(path, StyleFile(lively_generator(TINY), 64, refiner=lively(lambda: Refiner(TINY))))
    return path


def assert_same(ours: Refiner | None, theirs: Refiner | None) -> None:
    """Two refiners with the same weights."""
    assert ours is not None
    assert theirs is not None
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())


@pytest.mark.parametrize("word", ["none", "other"])
def test_the_refiner_is_that_which_is_asked_for(folders: tuple[Path, Path], tmp_path: Path, word: str) -> None:
    other = refined(tmp_path / "other.safetensors")
    asked = str(other) if word == "other" else word
    style = read_style(learn(folders, tmp_path / "s.safetensors", refiner=asked).style)
    if word == "none":
        assert (style.refiner, "refiner" in style.training) == (None, False)
        return
    assert_same(style.refiner, read_style(other).refiner)


def test_a_style_without_a_refiner_lends_none(folders: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    write_style(path, StyleFile(lively_generator(TINY), 64))
    with pytest.raises(UsageError, match="has no refiner"):
        learn(folders, tmp_path / "s.safetensors", refiner=str(path))
    assert candidates(str(refined(tmp_path / "r.safetensors"))).keys() == {"r"}


def test_the_refiner_that_restores_paintings_best_is_chosen(cat: Pixels) -> None:
    nothing, random = Refiner(TINY), lively(lambda: Refiner(TINY))  # The one adds nothing yet, the other noise.
    paintings = [cat[top : top + 100, :100] for top in (0, 50, 100)]
    for refiners in ({"nothing": nothing, "random": random}, {"random": random, "nothing": nothing}):
        assert nearest(paintings, refiners).source == "nothing"
    assert nearest([np.ascontiguousarray(cat[:9, :9])], {"nothing": nothing}).source == "nothing"
    assert nearest(paintings, {}) == RefinerChoice()


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [(Limit(minutes=15), 300), (Limit(minutes=600), 3600), (Limit(steps=9), 0), (Limit(60, until_done=True), 0)],
)
def test_a_third_of_the_time_is_for_fine_strokes(limit: Limit, seconds: float, cat: Pixels) -> None:
    assert RefinerChoice(scans=[cat]).seconds(limit) == pytest.approx(seconds)
    assert RefinerChoice().seconds(limit) == 0
