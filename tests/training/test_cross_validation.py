"""Cross-validation with real tiny trainings."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gan_style
from gan_style.errors import DataError, UsageError
from gan_style.training.api import cross_validate, resume_cross_validation
from gan_style.training.cross_validation.folds import members
from gan_style.training.cross_validation.grid import Grid, Setting
from gan_style.training.cross_validation.run import Choice
from gan_style.training.cross_validation.state import NAME, is_unfinished
from gan_style.training.loop import loop as session
from gan_style.training.loop.schedule import Limit
from gan_style.training.recipe import Recipe
from gan_style.training.run.listener import Silent, Status
from tests.conftest import TINY, save_crops
from tests.training.conftest import quicken
from tests.training.test_training import TINY_RECIPE

GRID = Grid((1, 2), (Limit(steps=2), Limit(steps=3)), folds=2)
QUICK = dataclasses.replace(TINY_RECIPE, generator=TINY)


def crops(folder: Path) -> tuple[Path, Path]:
    return save_crops(folder / "photos", "chelsea.png", 8), save_crops(folder / "paintings", "coffee.png", 7)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return crops(tmp_path)


class Interrupting(Silent):
    """Interrupts at a step, counted over all trainings, once."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0
        self.progress: list[float] = []
        self.said: list[str] = []

    def status(self, status: Status) -> None:
        self.seen += 1
        self.progress.append(status.progress)
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGINT)

    def warn(self, sentence: str) -> None:
        self.said.append(sentence)


def validated(folders: tuple[Path, Path], output: Path, listener: Silent | None = None) -> Choice:
    return cross_validate(*folders, output, grid=GRID, recipe=QUICK, start="scratch", listener=listener)


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> tuple[Choice, Interrupting]:
    """A choice that nothing interrupted, and what was said on the way."""
    folder, listener = tmp_path_factory.mktemp("uncut"), Interrupting(0)
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        return validated(crops(folder), folder / "whole.safetensors", listener), listener


@given(count=st.integers(6, 200), folds=st.integers(2, 6))
def test_every_picture_is_left_out_exactly_once(count: int, folds: int) -> None:
    parts = [members(count, fold, folds) for fold in range(folds)]
    assert sorted(place for _, out in parts for place in out) == list(range(count))
    for learnt, out in parts:
        assert not set(learnt) & set(out)
        assert len(learnt) + len(out) == count
    sizes = [len(out) for _, out in parts]
    assert max(sizes) - min(sizes) <= 1


def test_the_best_setting_is_trained_on_everything(uncut: tuple[Choice, Interrupting]) -> None:
    choice, listener = uncut
    assert [score.setting for score in choice.scores] == GRID.settings
    assert all(len(score.values) == 2 and np.isfinite(score.values).all() for score in choice.scores)
    best = min(choice.scores, key=lambda score: score.mean)
    assert choice.chosen == best.setting
    training = gan_style.load_style(choice.outcome.style).file.training
    assert training["steps"] == best.setting.limit.steps
    assert training["recipe"]["batch_size"] == best.setting.batch_size
    assert training["photos"]["count"] == 8
    assert listener.progress[: 2 * 10] == sorted(listener.progress[: 2 * 10])
    assert any(best.setting.name in sentence for sentence in listener.said)
    assert not is_unfinished(choice.folder)
    values = json.loads((choice.folder / NAME).read_text())
    assert values["chosen"] == best.setting.name
    fold = next((choice.folder / "folds").glob("batch1-2steps-without-1.safetensors"))
    assert gan_style.load_style(fold).file.training["photos"]["count"] == 4


def test_interrupted_it_goes_on_at_the_unfinished_fold(
    folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uncut: tuple[Choice, Interrupting],
) -> None:
    monkeypatch.setattr(session, "SAVE_SECONDS", 0.0)
    cut = validated(folders, tmp_path / "whole.safetensors", Interrupting(12))
    assert cut.chosen is None
    assert is_unfinished(cut.folder)
    listener = Interrupting(0)
    result = resume_cross_validation(cut.folder, listener=listener)
    assert result.scores == uncut[0].scores
    assert len(listener.progress) < 2 * 10 + 3, "what was done is not done again"
    assert result.outcome.style.read_bytes() == uncut[0].outcome.style.read_bytes()


def test_what_cannot_be_compared_is_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"4 folds require .* fewer folds"):
        cross_validate(*folders, tmp_path / "x.safetensors", grid=dataclasses.replace(GRID, folds=4), recipe=QUICK)
    painting = next(folders[1].iterdir())
    with pytest.raises(UsageError, match="cannot be split"):
        cross_validate(folders[0], painting, tmp_path / "x.safetensors", grid=GRID, recipe=QUICK)
    with pytest.raises(UsageError, match="batch size"):
        cross_validate(*folders, tmp_path / "x.safetensors", grid=Grid((0,), GRID.limits), recipe=Recipe(size=64))
    with pytest.raises(UsageError, match="folds"):
        Grid((1,), GRID.limits, folds=1)
    with pytest.raises(UsageError, match="without duplicates"):
        Grid((1, 1), GRID.limits)
    with pytest.raises(UsageError, match="all in minutes or all in steps"):
        Grid((1,), (Limit(minutes=1), Limit(steps=1)))
    with pytest.raises(UsageError, match="until-done"):
        Grid((1,), (Limit(until_done=True),))


def test_settings_have_names() -> None:
    assert Setting(4, Limit(minutes=0.5)).name == "batch4-0.5min"
    assert Setting(2, Limit(steps=100)).name == "batch2-100steps"
