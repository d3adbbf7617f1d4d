from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_style.checkpoints.files import write_tensors
from gan_style.checkpoints.style_file import read_style
from gan_style.errors import DataError, NoSpaceError, TrainingError
from gan_style.files import PART
from gan_style.losses.quantiles import LEVELS
from gan_style.models.discriminator import DiscriminatorConfig
from gan_style.training.api import resume, train
from gan_style.training.loop.loop import Outcome
from gan_style.training.loop.schedule import Clock, Limit
from gan_style.training.recipe import Recipe
from gan_style.training.run.config import RunConfig, read_run_config, run_config_values
from gan_style.training.run.listener import Silent, Status
from gan_style.training.run.state import KEY, read_state
from tests.conftest import TINY, save_crops
from tests.training.conftest import quicken

RECIPE = Recipe(
    size=64,
    batch_size=2,
    order_weight=1000.0,
    color_weight=30.0,
    flow_weight=30.0,
    generator=dataclasses.replace(TINY, noise=2, streaks=2),
    discriminator=DiscriminatorConfig(head_channels=8, patch_channels=4),
)
STEPS = 9


class PowerCutError(Exception):
    """A power cut."""


class Cutter(Silent):
    """Pulls the plug after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def status(self, status: Status) -> None:
        if status.steps == self.step:
            raise PowerCutError


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state after every step, as there is one every minute elsewhere."""
    monkeypatch.setattr("gan_style.training.loop.loop.SAVE_SECONDS", 0.0)
    monkeypatch.setattr("gan_style.training.loop.loop.RECORD_SECONDS", 0.0)


def learn(folders: tuple[Path, Path], output: Path, cut: int = 0) -> Outcome:
    """A short training, cut off after a step unless that is 0."""
    return train(*folders, output, recipe=RECIPE, limit=Limit(steps=STEPS), device="cpu", listener=Cutter(cut))


def small_folders(folder: Path) -> tuple[Path, Path]:
    """As few pictures as can be drawn from several times within a short training."""
    return save_crops(folder / "photos", "chelsea.png", 6), save_crops(folder / "paintings", "coffee.png", 4)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    for name in ("ENOUGH_PHOTOS", "ENOUGH_PAINTINGS"):
        monkeypatch.setattr(f"gan_style.training.datasets.{name}", 1)
    return small_folders(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The style that a training ends with which nothing cuts off."""
    folder, before = tmp_path_factory.mktemp("whole"), torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        torch.set_num_threads(1)
        outcome = learn(small_folders(folder), folder / "whole.safetensors")
        torch.set_num_threads(before)
    return outcome.style.read_bytes()


@pytest.mark.usefixtures("often")
def test_a_training_cut_anywhere_ends_as_if_it_were_not(
    folders: tuple[Path, Path], tmp_path: Path, whole: bytes
) -> None:
    style = tmp_path / "cut.safetensors"
    with pytest.raises(PowerCutError):
        learn(folders, style, 1)
    (tmp_path / "cut-run" / PART.format("half")).write_bytes(b"half")
    for step in (4, 5, 8):
        with pytest.raises(PowerCutError):
            resume(tmp_path / "cut-run", listener=Cutter(step))
        torch.manual_seed(step)  # Chance elsewhere in the program changes nothing.
    outcome = resume(tmp_path / "cut-run")
    assert (outcome.steps, outcome.interrupted) == (STEPS, False)
    assert style.read_bytes() == whole
    history = [json.loads(line)["step"] for line in (tmp_path / "cut-run" / "history.jsonl").read_text().splitlines()]
    assert sorted(set(history)) == list(range(1, STEPS + 1))
    assert history == sorted(history)
    assert not [path for path in (tmp_path / "cut-run").iterdir() if path.name.startswith(("state-", ".gan-style-"))]
    with pytest.raises(TrainingError, match=f"no saved state.*--from {style} -o another.safetensors"):
        resume(tmp_path / "cut-run")


@pytest.mark.usefixtures("often")
def test_where_the_newest_state_is_damaged_the_one_before_serves(
    folders: tuple[Path, Path], tmp_path: Path, whole: bytes
) -> None:
    with pytest.raises(PowerCutError):
        learn(folders, tmp_path / "cut.safetensors", 6)
    states = sorted((tmp_path / "cut-run").glob("state-*"))
    assert len(states) == 2
    states[1].write_bytes(states[1].read_bytes()[:5000])
    resume(tmp_path / "cut-run")
    assert (tmp_path / "cut.safetensors").read_bytes() == whole


@pytest.mark.usefixtures("often")
def test_a_run_goes_on_with_its_own_threads_unless_told_otherwise(
    folders: tuple[Path, Path], tmp_path: Path, whole: bytes
) -> None:
    class Ear(Cutter):
        def __init__(self, cut: int) -> None:
            super().__init__(cut)
            self.said, self.threads = list[str](), 0

        def warn(self, sentence: str) -> None:
            self.said.append(sentence)

        def status(self, status: Status) -> None:
            self.threads = torch.get_num_threads()
            super().status(status)

    for told in (None, 2):
        style = tmp_path / f"cut-{told}.safetensors"
        with pytest.raises(PowerCutError):
            learn(folders, style, 4)
        torch.set_num_threads(3)
        ear = Ear(5 if told else 0)
        with pytest.raises(PowerCutError) if told else nullcontext():
            resume(tmp_path / f"cut-{told}-run", threads=told, listener=ear)
        assert torch.get_num_threads() == 3, "what the program had is not touched"
        torch.set_num_threads(1)
        assert ear.threads == (told or 1)
        if told:
            assert any("2 threads instead of 1 thread" in sentence for sentence in ear.said)
        else:
            assert not ear.said
            assert style.read_bytes() == whole


@pytest.mark.usefixtures("often")
def test_what_makes_another_style_is_said(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(PowerCutError):
        learn(folders, tmp_path / "cut.safetensors", 4)
    path = tmp_path / "cut-run" / "plan.json"
    config = json.loads(path.read_text())
    config["conditions"] |= {"device": "cpu, bf99", "torch": "0.1", "later": 3}
    path.write_text(json.dumps(config))
    said: list[str] = []

    class Ear(Silent):
        def warn(self, sentence: str) -> None:
            said.append(sentence)

    resume(tmp_path / "cut-run", listener=Ear())
    assert "instead of cpu, bf99, torch" in said[0]
    assert "instead of torch 0.1: the style will differ" in said[0]


@pytest.mark.usefixtures("often")
def test_a_full_disk_loses_nothing(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bytes
) -> None:
    with monkeypatch.context() as patch:
        written: list[Path] = []

        def full(path: Path, *_: object) -> None:
            written.append(path)
            if len(written) > 4:
                raise OSError(28, "No space left on device", str(path))
            write_tensors(path, *_)  # type: ignore[arg-type]

        patch.setattr("gan_style.training.run.state.write_tensors", full)
        with pytest.raises(
            NoSpaceError, match=r"The disk that holds .* is full; free some space and resume .* .*cut-run"
        ):
            learn(folders, tmp_path / "cut.safetensors")
    resume(tmp_path / "cut-run")
    assert (tmp_path / "cut.safetensors").read_bytes() == whole


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("writes", [0, 1])
def test_a_training_without_room_to_begin_leaves_all_as_it_was(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    def full(path: Path, *rest: Any) -> None:
        nonlocal writes
        writes -= 1
        if writes < 0:
            raise OSError(None, "I/O error: No space left on device (os error 28)", str(path))
        write_tensors(path, *rest)

    monkeypatch.setattr("gan_style.training.run.state.write_tensors", full)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(NoSpaceError, match=r"The disk that holds .* is full; free some space or use another -o\.$"):
        learn(folders, tmp_path / "x.safetensors")
    assert sorted(tmp_path.rglob("*")) == before
    run = tmp_path / "x-run"
    run.mkdir()
    (tmp_path / "x.safetensors").touch()
    (run / "history.jsonl").write_text("of an earlier training\n")
    monkeypatch.setattr("gan_style.training.api.check_output", lambda *_: None)
    writes = 0
    with pytest.raises(NoSpaceError):
        learn(folders, tmp_path / "x.safetensors")
    assert [path.read_text() for path in run.iterdir()] == ["of an earlier training\n"]
    assert (tmp_path / "x.safetensors").exists()


@pytest.mark.usefixtures("often")
def test_folders_whose_names_are_no_text(folders: tuple[Path, Path], tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xe9")
    try:
        odd.mkdir()
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    photos, paintings = (path.rename(odd / path.name) for path in folders)
    style = odd / f"{odd.name}.safetensors"
    with pytest.raises(PowerCutError):
        learn((photos, paintings), style, 1)
    run = odd / f"{odd.name}-run"
    assert read_run_config(run).photos == photos
    assert r"\xe9/photos" in (run / "index.html").read_text(encoding="utf-8").replace("&#34;", '"')
    resume(run, listener=Cutter(0))
    assert read_style(style).training["steps"] == STEPS


def test_a_run_may_move_but_not_change_its_name(folders: tuple[Path, Path], tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(PowerCutError):
        learn(folders, tmp_path / "cut.safetensors", 6)
    (tmp_path / "elsewhere").mkdir()
    run = (tmp_path / "cut-run").rename(tmp_path / "elsewhere" / "renamed")
    with pytest.raises(TrainingError, match="was originally named cut-run"):
        resume(run)
    outcome = resume(run.rename(tmp_path / "elsewhere" / "cut-run"))
    assert outcome.style == tmp_path / "elsewhere" / "cut.safetensors"
    assert outcome.style.read_bytes() == whole


@pytest.mark.usefixtures("often")
def test_what_cannot_go_on_says_why(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Cannot read"):
        resume(tmp_path)
    with pytest.raises(PowerCutError):
        learn(folders, tmp_path / "cut.safetensors", 3)
    run = tmp_path / "cut-run"
    extra = folders[0] / "extra.png"
    extra.write_bytes((folders[0] / "000.png").read_bytes())
    with pytest.raises(DataError, match="have changed"):
        resume(run)
    extra.unlink()
    for path in run.glob("state-*"):
        path.write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="no readable state"):
        resume(run)
    config = (run / "plan.json").read_text()
    for damage in (
        "{",
        "[]",
        "{}",
        config.replace('"size": 64', '"size": "64"'),
        config.replace('"schema": 1', '"schema": 9'),
    ):
        (run / "plan.json").write_text(damage)
        with pytest.raises(TrainingError, match=r"corrupt|version|invalid setting"):
            resume(run)


def test_plans_of_earlier_versions_go_on(tmp_path: Path) -> None:
    for recipe in (RECIPE, Recipe.fine_tuning(128, generator=TINY)):
        config = RunConfig(
            tmp_path / "photos", tmp_path / "paintings", tmp_path / "x.safetensors", recipe, Limit(steps=1)
        )
        config.folder.mkdir(exist_ok=True)
        config.write()
        assert read_run_config(config.folder) == config.absolute()
    values = run_config_values(dataclasses.replace(config, recipe=RECIPE))
    for name in ("backbone", "crop_size", "order_weight", "color_weight", "flow_weight"):
        del values["recipe"][name]
    values["recipe"]["colour_turn"] = values["recipe"].pop("color_turn") / 2
    del values["recipe"]["discriminator"]["standardised"]
    (config.folder / "plan.json").write_text(json.dumps(values))
    assert read_run_config(config.folder).recipe == dataclasses.replace(
        RECIPE, order_weight=None, color_weight=0.0, color_turn=RECIPE.color_turn / 2, flow_weight=0.0
    )


def test_a_training_by_the_clock_counts_only_time_trained() -> None:
    now = [100.0]
    clock = Clock(Limit(minutes=1), lambda: now[0])
    clock.restart(45.0)
    now[0] += 3
    assert clock.tick() == 48
    assert clock.progress() == pytest.approx(0.8)


def test_killed_at_any_moment_the_command_goes_on(tmp_path: Path, program: Path) -> None:
    folders = save_crops(tmp_path / "photos", "chelsea.png", 3), save_crops(tmp_path / "paintings", "coffee.png", 3)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def command(*arguments: object, begins: tuple[Path | str, ...] = (program,)) -> subprocess.Popen[str]:
        words = [*begins, "train", *map(str, arguments)]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    options = ("--size", 64, "--batch-size", 1, "--steps", 12, "--device", "cpu")
    whole = command(*folders, "-o", tmp_path / "whole.ckpt", *options)
    out, error = whole.communicate(timeout=120)
    assert whole.returncode == 0, error
    assert f"to paint with it: gan-style stylize photo.jpg --style {tmp_path / 'whole.ckpt'}\n" in error
    random, style, run = np.random.default_rng(0), tmp_path / "cut.ckpt", tmp_path / "cut-run"
    alone = (sys.executable, "-m", "gan_style")
    process = command(*folders, "-o", style, *options)
    for number in (signal.SIGKILL, signal.SIGINT):
        deadline = time.monotonic() + 60
        while not list(run.glob("state-*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(random.uniform(0, 1.5))
        process.send_signal(number)
        out, error = process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert "Traceback" not in error
        if "interrupted after" in error:  # Rather than while the pictures were read.
            assert f"--resume {run}" in error
        # One is interrupted while it starts, more likely than not.
        process = command("--resume", run, begins=alone if number == signal.SIGKILL else (program,))
    out, error = process.communicate(timeout=120)
    assert (out.strip() or str(style)) == str(style)
    assert style.read_bytes() == (tmp_path / "whole.ckpt").read_bytes()
    assert read_style(style).training["steps"] == 12
    refused = command(*folders, "--resume", run)
    assert "only --threads besides" in refused.communicate(timeout=60)[1]
    assert refused.returncode == 2


@pytest.mark.usefixtures("often")
def test_a_state_of_an_earlier_version_goes_on_to_the_same_style(
    folders: tuple[Path, Path], tmp_path: Path, whole: bytes
) -> None:
    with pytest.raises(PowerCutError):
        learn(folders, tmp_path / "cut.safetensors", 6)
    for path in (tmp_path / "cut-run").glob("*.safetensors"):
        write_as_schema_3(path)
    resume(tmp_path / "cut-run")
    assert (tmp_path / "cut.safetensors").read_bytes() == whole


def write_as_schema_3(path: Path) -> None:
    """Rewrite a state as earlier versions wrote it, when the trainer kept the statistics of all terms."""
    about, tensors = read_state(path)
    about["gentleness"], about["disturbance"] = about.pop("lr_scale"), about.pop("augmentation_scale")
    about["schema"], about["calm"] = 3, float(tensors.pop("terms.calm.threshold"))
    for new, old in (("order.levels", "levels"), ("color.chroma", "tints"), ("color.lightness", "lights")):
        tensors[old] = tensors.pop(f"terms.{new}", torch.zeros(2, LEVELS))
    tensors["straying"] = tensors.pop("terms.flow.deviation", torch.zeros(()))
    write_tensors(path, tensors, {KEY: json.dumps(about)})
