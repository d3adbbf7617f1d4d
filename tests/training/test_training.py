from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image

import gan_style
from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.bundled import resolve_style
from gan_style.checkpoints.style_file import StyleFile, read_style, write_style
from gan_style.data.loading import load_pictures
from gan_style.data.picture_set import PictureSet
from gan_style.device import Compute
from gan_style.errors import DataError, PictureError, StyleError, TrainingError, UsageError
from gan_style.imaging.finding import find_pictures
from gan_style.losses.adversarial import OBJECTIVES
from gan_style.losses.color import ColorTerm
from gan_style.models.backbone import BackboneConfig
from gan_style.models.discriminator import DiscriminatorConfig, Standardization
from gan_style.models.generator import Generator
from gan_style.models.kuwahara import kuwahara_filter, reach_of
from gan_style.training.api import resolve_start, train
from gan_style.training.datasets import load_sets, load_single
from gan_style.training.loop.schedule import Limit
from gan_style.training.loop.setup import same_shape
from gan_style.training.loop.validator import squares
from gan_style.training.recipe import Recipe
from gan_style.training.run.listener import Silent, Status
from gan_style.training.run.preview import COLUMNS
from gan_style.training.step.adversarial import all_finite
from gan_style.training.step.trainer import Trainer
from tests.conftest import TINY, lively_generator, save_crops

SHALLOW = BackboneConfig((0, 1, 2))
"""Half as deep as the default, where many steps are made."""

TINY_RECIPE = Recipe(
    size=64,
    batch_size=2,
    generator=TINY,
    discriminator=DiscriminatorConfig(head_channels=8, patch_channels=4),
    backbone=SHALLOW,
    content_strides=(4, 8),
)


class Recorder:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int, int]] = []
        self.warnings: list[str] = []
        self.statuses: list[Status] = []

    def reading(self, what: str, done: int, total: int) -> None:
        self.read.append((what, done, total))

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    def status(self, status: Status) -> None:
        self.statuses.append(status)


def sets(photos: Path, paintings: Path) -> tuple[PictureSet, PictureSet]:
    first, second = (load_pictures(find_pictures(folder), 64, smallest=32) for folder in (photos, paintings))
    return first, second


@pytest.fixture
def few(tmp_path: Path) -> tuple[Path, Path]:
    """Pictures for trainings of which it does not matter what they learn."""
    return save_crops(tmp_path / "photos", "chelsea.png", 5), save_crops(tmp_path / "paintings", "coffee.png", 4)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_tiny_network_really_learns(photo_folder: Path, painting_folder: Path) -> None:
    trainer = Trainer(
        *sets(photo_folder, painting_folder), load_backbone(SHALLOW), TINY_RECIPE, Compute.choose("cpu", "fp32")
    )
    before = {name: value.clone() for name, value in trainer.generator.state_dict().items()}
    losses = [trainer.step(1.0) for _ in range(40)]
    assert all(all_finite(one) for one in losses)
    first, last = (np.mean([one["discriminator"] for one in part]) for part in (losses[:5], losses[-5:]))
    assert last < 0.8 * first, "the discriminator learns to tell them apart"
    assert losses[-1]["content"] > losses[0]["content"] > 0, "the generator moves away from the photograph"
    assert any(not torch.equal(before[name], value) for name, value in trainer.generator.state_dict().items())
    photo = torch.zeros(1, 3, 32, 32)
    assert not torch.equal(trainer.average(photo), trainer.generator(photo))


@pytest.mark.parametrize(
    "changes",
    [
        *({"objective": name} for name in OBJECTIVES if name != "wasserstein"),
        {"objective": "wasserstein", "critic_steps": 2},
        {"discriminator": DiscriminatorConfig("patch", widths=(16, 32))},
    ],
    ids=lambda changes: "-".join(str(value) for value in changes.values())[:20],
)
def test_training_moves_colours_towards_the_paintings(
    photo_folder: Path, painting_folder: Path, changes: dict[str, Any]
) -> None:
    photos, paintings = sets(photo_folder, painting_folder)
    common: dict[str, Any] = {"size": 64, "batch_size": 2, "generator": TINY, "backbone": SHALLOW}
    recipe = Recipe(content_weight=0.0, content_strides=(8,), generator_rate=4e-3, ema=0.9, **common, **changes)
    trainer = Trainer(photos, paintings, load_backbone(SHALLOW), recipe, Compute.choose("cpu", "fp32"))
    crops = photos.cut(photos.draw(16, np.random.default_rng(0)), 32).float() / 127.5 - 1
    goal = paintings.cut(paintings.draw(64, np.random.default_rng(0)), 32).float().mean((0, 2, 3)) / 127.5 - 1
    seen = []
    for _ in range(6):
        for _ in range(10):
            trainer.step(1.0)
        with torch.inference_mode():
            seen.append(trainer.average(crops).mean((0, 2, 3)))
    painted = torch.stack(seen[2:]).mean(0)  # Generator and discriminator circle around the goal.
    assert (painted - goal).norm() < 0.7 * (crops.mean((0, 2, 3)) - goal).norm()


def test_a_training_starts_from_a_style(few: tuple[Path, Path], tmp_path: Path) -> None:
    noisy = dataclasses.replace(TINY_RECIPE, generator=dataclasses.replace(TINY, noise=2))
    first, second, third = (tmp_path / f"{name}.safetensors" for name in ("first", "second", "third"))
    common: dict[str, Any] = {"limit": Limit(steps=1), "device": "cpu"}
    train(*few, first, recipe=dataclasses.replace(TINY_RECIPE, seed=7), **common)
    train(*few, second, recipe=noisy, start=first, **common)
    train(*few, third, recipe=noisy, **common)
    a, b, c = (read_style(path).generator.stem.weight for path in (first, second, third))
    assert (b - a).abs().max() < 0.1 * (c - a).abs().max()
    assert read_style(second).training["start"] == first.name
    assert read_style(third).training["start"] == "scratch", "the base has another shape"
    fourth = tmp_path / "fourth.safetensors"
    train(*few, fourth, recipe=Recipe(size=64), **common)
    base, d = (read_style(resolve_style(str(word))) for word in ("base", fourth))
    assert d.training["start"] == "base"
    assert (base.generator.stem.weight - d.generator.stem.weight).abs().max() < 0.01
    with pytest.raises(UsageError, match="another shape"):
        train(*few, tmp_path / "x", recipe=Recipe(size=64), start=first, **common)
    with pytest.raises(StyleError, match=r"no style.*default is base; scratch"):
        train(*few, tmp_path / "x", start="nobody", **common)


def test_noise_comes_to_show_in_what_is_painted(photo_folder: Path, painting_folder: Path) -> None:
    noisy = dataclasses.replace(TINY, noise=2)
    rates: dict[str, Any] = {"generator_rate": 4e-3, "noise_weight": 20.0, "noise_limit": 0.1}
    recipe = dataclasses.replace(TINY_RECIPE, generator=noisy, batch_size=4, **rates)
    trainer = Trainer(
        *sets(photo_folder, painting_folder), load_backbone(SHALLOW), recipe, Compute.choose("cpu", "fp32")
    )
    errors = [trainer.step(1.0)["noise"] for _ in range(100)]
    assert np.mean(errors[-40:]) < 0.8  # 1 is guessing.


def test_the_content_weight_rises_where_paintings_drift(photo_folder: Path, painting_folder: Path) -> None:
    distances = []
    for limit in (2.0, 0.02):
        recipe = dataclasses.replace(
            TINY_RECIPE, content_weight=0.5, content_limit=limit, calm_weight=0.0, generator_rate=4e-3
        )
        trainer = Trainer(
            *sets(photo_folder, painting_folder), load_backbone(SHALLOW), recipe, Compute.choose("cpu", "fp32")
        )
        distances.append(np.mean([trainer.step(1.0)["content"] for _ in range(80)][-20:]))
        assert (trainer.content_weight.weight > 0.5) is (limit == 0.02)
    assert distances[1] < 0.9 * distances[0]


@pytest.mark.usefixtures("one_thread")
def test_the_same_seed_gives_the_same_style(few: tuple[Path, Path], tmp_path: Path) -> None:
    contents = []
    for name in ("a", "b", "c"):
        path = tmp_path / f"{name}.safetensors"
        recipe = TINY_RECIPE if name != "c" else Recipe(size=64, batch_size=2, generator=TINY, seed=1)
        train(*few, path, recipe=recipe, limit=Limit(steps=3), device="cpu")
        contents.append(read_style(path).generator.stem.weight)
    assert torch.equal(contents[0], contents[1])
    assert not torch.equal(contents[0], contents[2])


def test_a_whole_training_leaves_a_style_a_preview_and_a_history(
    photo_folder: Path, painting_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gan_style.training.run.preview.COLUMNS", COLUMNS)
    before = {path: path.read_bytes() for path in photo_folder.parent.rglob("*") if path.is_file()}
    recorder = Recorder()
    outcome = train(
        photo_folder, painting_folder, recipe=TINY_RECIPE, limit=Limit(steps=6), licence="CC0-1.0", listener=recorder
    )
    assert outcome.style == Path("paintings.safetensors")
    assert (outcome.steps, outcome.interrupted) == (6, False)
    assert ("paintings", 10, 10) in recorder.read
    assert [status.steps for status in recorder.statuses] == [1, 2, 3, 4, 5, 6]
    assert recorder.statuses[-1].progress == 1
    assert recorder.statuses[-1].images == 24
    assert len(recorder.warnings) == 1
    assert "At --size 64" in recorder.warnings[0]

    style = gan_style.load_style("paintings.safetensors")
    assert style.file.licence == "CC0-1.0"
    assert style.file.training["steps"] == 6
    assert style.file.training["photos"]["count"] == 30
    assert style.file.training["recipe"]["generator"]["channels"] == TINY.channels
    assert style.paint(next(find_pictures(photo_folder))).size == (80, 80)
    with Image.open("paintings-run/preview.png") as preview:
        assert preview.size == (6 * 64, 2 * 64)
    history = [json.loads(line) for line in Path("paintings-run/history.jsonl").read_text().splitlines()]
    assert history[-1]["step"] == 6
    assert history[-1]["learning_rate_factor"] == 0
    assert all(path.read_bytes() == data for path, data in before.items())

    with pytest.raises(UsageError, match="--overwrite"):
        train(photo_folder, painting_folder, recipe=TINY_RECIPE, limit=Limit(steps=1))
    train(str(photo_folder), str(painting_folder), recipe=TINY_RECIPE, limit=Limit(steps=1), overwrite=True)
    assert read_style(Path("paintings.safetensors")).training["steps"] == 1


def test_few_and_damaged_pictures_are_mentioned_and_none_at_all_is_refused(tmp_path: Path) -> None:
    photos, paintings = save_crops(tmp_path / "p", "chelsea.png", 3), save_crops(tmp_path / "m", "coffee.png", 2)
    (photos / "cut.png").write_bytes((photos / "000.png").read_bytes()[:300])
    recorder = Recorder()
    train(
        photos, paintings, tmp_path / "x.ckpt", recipe=TINY_RECIPE, limit=Limit(steps=1), listener=recorder
    )  # fmt: skip
    assert len(recorder.warnings) == 4
    assert "cut.png" in recorder.warnings[0]
    assert "Only 3 photographs" in recorder.warnings[1]
    assert "Only 2 paintings" in recorder.warnings[2]
    assert "At --size" in recorder.warnings[3]
    (tmp_path / "empty").mkdir()
    for arguments, message in (
        ((tmp_path / "empty", paintings), "no readable photographs"),
        ((photos, tmp_path / "missing"), "Cannot read"),
        ((photos, photos), "same pictures"),
    ):
        with pytest.raises(DataError, match=message):
            train(*arguments, tmp_path / "y.ckpt", recipe=TINY_RECIPE, limit=Limit(steps=1))
    assert not (tmp_path / "y.ckpt").exists()
    for output, message in ((tmp_path, "is a folder"), (tmp_path / "no" / "x.ckpt", "does not exist")):
        with pytest.raises(UsageError, match=message):
            train(photos, paintings, output, recipe=TINY_RECIPE)


def test_fine_tuning_looks_at_nearly_whole_pictures(tmp_path: Path) -> None:
    folders = [save_crops(tmp_path / name, f"{name}.png", 8, 128) for name in ("chelsea", "coffee")]
    recipe = Recipe.fine_tuning(128, generator=TINY)
    photos, paintings = (load_pictures(find_pictures(folder), 128, smallest=recipe.photo_crop) for folder in folders)
    trainer = Trainer(photos, paintings, load_backbone(recipe.backbone), recipe, Compute.choose("cpu", "fp32"))
    seen = trainer.paint_batch()
    assert seen.photos.shape == seen.paintings.shape == (2, 3, 96, 96)
    # What the heads see has a spread of about one.
    standardise = [module for module in trainer.discriminator.modules() if isinstance(module, Standardization)]
    for one, maps in zip(standardise, trainer.extract_features(seen.paintings), strict=True):
        assert 0.2 < float(one(maps).std()) < 3
    assert all_finite(trainer.step(1.0))


def test_flat_styles_are_learnt_from_simplified_photographs(photo_folder: Path, painting_folder: Path) -> None:
    flat = dataclasses.replace(TINY, simplify=2)
    seen, sharp = [], []
    for shape, weight in ((TINY, None), (flat, None), (flat, 0.0)):
        recipe = Recipe(
            size=64, batch_size=2, generator=shape, order_weight=weight, calm_weight=0.0, generator_rate=4e-3
        )
        trainer = Trainer(*sets(photo_folder, painting_folder), load_backbone(), recipe, Compute.choose("cpu", "fp32"))
        seen.append(trainer.paint_batch().photos)
        losses = [trainer.step(1.0) for _ in range(3)]
        sharp.append(losses[-1].get("order", 0.0))
        assert all(all_finite(one) for one in losses)
        assert ("order" in trainer.terms) is (shape is flat and weight is None)
    # Photographs are simplified with their surroundings, which these crops have lost.
    inner = slice(reach_of(2), -reach_of(2))
    assert torch.allclose(kuwahara_filter(seen[0], 2)[..., inner, inner], seen[1][..., inner, inner], atol=1e-5)
    assert torch.equal(seen[1], seen[2])
    assert sharp[0] == sharp[2] == 0.0


def test_details_stay_in_order_where_that_is_asked_for(photo_folder: Path, painting_folder: Path) -> None:
    excess = []
    grainy = lively_generator(TINY)
    grainy.head.weight.mul_(20)
    for weight in (1e-9, 1000.0):
        recipe = dataclasses.replace(TINY_RECIPE, order_weight=weight, calm_weight=0.0)
        trainer = Trainer(
            *sets(photo_folder, painting_folder), load_backbone(SHALLOW), recipe, Compute.choose("cpu", "fp32")
        )
        trainer.load_matching_weights(grainy)
        excess.append([trainer.step(1.0)["order"] for _ in range(30)])
    assert excess[0][0] == excess[1][0] > 0.01
    assert np.mean(excess[1][-10:]) < 0.5 * np.mean(excess[0][-10:])


def test_colours_are_kept_in_bounds_where_that_is_asked_for(photo_folder: Path, painting_folder: Path) -> None:
    """The photographs are a grey-brown cat, and the generator begins with all of it in violet."""
    losses = []
    violet = lively_generator(TINY)
    bias = violet.head.bias
    assert bias is not None
    bias[:] = torch.tensor([0.8, -0.8, 0.8]).repeat_interleave(len(bias) // 3)
    for weight in (1e-9, 100.0):
        recipe = dataclasses.replace(TINY_RECIPE, color_weight=weight, generator_rate=2e-3)
        trainer = Trainer(
            *sets(photo_folder, painting_folder), load_backbone(SHALLOW), recipe, Compute.choose("cpu", "fp32")
        )
        trainer.load_matching_weights(violet)
        losses.append([trainer.step(1.0)["color"] for _ in range(30)])
        assert bool(cast("ColorTerm", trainer.terms["color"]).chroma.any())
    assert losses[0][0] == losses[1][0] > 0.05
    assert np.mean(losses[1][-10:]) < 0.5 * np.mean(losses[0][-10:])


def test_a_style_that_is_finished_sees_photographs_as_before(few: tuple[Path, Path], tmp_path: Path) -> None:
    shape = dataclasses.replace(TINY, simplify=2, streaks=3)
    start = tmp_path / "start.ckpt"
    write_style(start, StyleFile(Generator(shape), 128))
    for asked, got in (((0, 0), (2, 3)), ((5, 1), (5, 1))):
        simplify, streaks = asked
        recipe = Recipe.fine_tuning(128, generator=dataclasses.replace(TINY, simplify=simplify, streaks=streaks))
        outcome = train(
            *few,
            tmp_path / f"{simplify}-{streaks}.ckpt",
            recipe=recipe,
            limit=Limit(steps=1),
            start=start,
        )
        config = read_style(outcome.style).generator.config
        assert (config.simplify, config.streaks) == got
    outcome = train(*few, tmp_path / "new.ckpt", recipe=TINY_RECIPE, limit=Limit(steps=1), start=start)
    config = read_style(outcome.style).generator.config
    assert config.simplify == config.streaks == 0, "a new painter is shown what is asked for"


def test_a_training_with_streaks_is_the_same_every_time_and_makes_use_of_them(
    photo_folder: Path, painting_folder: Path
) -> None:
    recipe = Recipe(size=64, batch_size=2, generator=dataclasses.replace(TINY, streaks=4), generator_rate=4e-3)
    first, again = (
        Trainer(*sets(photo_folder, painting_folder), load_backbone(), recipe, Compute.choose("cpu", "fp32"))
        for _ in range(2)
    )
    before = first.generator.stem.weight.detach().clone()
    for trainer in (first, again):
        torch.manual_seed(1)
        assert all(all_finite(trainer.step(1.0)) for _ in range(5))
    assert torch.equal(first.generator.stem.weight, again.generator.stem.weight)
    assert (first.generator.stem.weight - before)[:, 48:].abs().max() > 1e-3


def test_losses_that_are_no_numbers_stop_the_training_with_the_style_kept(
    few: tuple[Path, Path], tmp_path: Path
) -> None:
    recipe = Recipe(size=64, batch_size=2, generator=TINY, generator_rate=1e12)
    with pytest.raises(TrainingError, match="became NaN"):
        train(*few, tmp_path / "x.ckpt", recipe=recipe, limit=Limit(steps=200))
    read_style(tmp_path / "x.ckpt")


def test_a_network_that_breaks_never_replaces_a_good_style(
    few: tuple[Path, Path], style_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = style_path.read_bytes()
    update = Trainer.update_average

    def poison(trainer: Trainer) -> None:
        update(trainer)
        trainer.average.stem.weight.fill_(1e9)

    monkeypatch.setattr(Trainer, "update_average", poison)
    with pytest.raises(TrainingError, match="Training stopped"):
        train(
            *few, style_path, recipe=TINY_RECIPE, limit=Limit(steps=2), overwrite=True
        )  # fmt: skip
    assert style_path.read_bytes() == before


def test_training_goes_on_without_a_preview(
    photo_folder: Path, painting_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: object) -> None:
        raise PictureError(f"{path} cannot be written (No space left on device).")

    monkeypatch.setattr("gan_style.training.run.log.write_pixels", full)
    recorder = Recorder()
    style = tmp_path / "x.safetensors"
    train(photo_folder, painting_folder, style, recipe=TINY_RECIPE, limit=Limit(steps=2), listener=recorder)
    assert len(recorder.warnings) == 2
    assert "Training continues" in recorder.warnings[1]
    assert read_style(style).training["steps"] == 2


def test_too_little_memory_is_a_sentence(
    few: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object) -> None:
        torch.empty(2**60, dtype=torch.uint8)

    monkeypatch.setattr(Trainer, "step", greedy)
    with pytest.raises(gan_style.ResourceError, match="--batch-size"):
        train(*few, tmp_path / "x", recipe=TINY_RECIPE, limit=Limit(steps=2))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stop_at_any_moment_leaves_a_usable_style(tmp_path: Path, number: signal.Signals, program: Path) -> None:
    photos, paintings = save_crops(tmp_path / "p", "chelsea.png", 2), save_crops(tmp_path / "m", "coffee.png", 2)
    style = tmp_path / "x.safetensors"
    arguments = (photos, paintings, "-o", style, "--size", "64")
    begins = [sys.executable, "-m", "gan_style"] if number == signal.SIGINT else [program]
    command = [*map(str, begins), "train", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    deadline = time.monotonic() + 60
    while not style.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(number)
    out, error = process.communicate(timeout=60)
    read_style(style)
    assert "Traceback" not in error
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert out.strip() == str(style)
        assert "interrupted after" in error
        assert not list(tmp_path.glob(".*"))


def test_a_painter_learns_at_several_scales_and_is_examined_at_the_usual_one(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    for folder, count in (("photos", 3), ("paintings", 12)):
        (tmp_path / folder).mkdir()
        for index in range(count):
            rgb = chance.integers(0, 256, (150, 200, 3), np.uint8)
            Image.fromarray(rgb).resize((200, 150)).save(tmp_path / folder / f"{index}.png")
    recipe = dataclasses.replace(TINY_RECIPE, scales=(1.0, 1.5))
    sets = load_sets(tmp_path / "photos", tmp_path / "paintings", recipe, Silent())
    assert {min(rgb.shape[:2]) for one in sets for rgb in one.pictures} == {96}
    assert {crop.short_side for crop in sets[1].draw(50, chance)} == {64, 96}
    assert {rgb.shape for rgb in squares(sets[1], recipe.size)} == {(64, 64, 3)}
    outcome = train(
        tmp_path / "photos", tmp_path / "paintings", tmp_path / "x", recipe=recipe, limit=Limit(steps=2), refiner="none"
    )
    assert read_style(outcome.style).training["recipe"]["scales"] == [1.0, 1.5]


@pytest.mark.parametrize("fine_tuned", [False, True])
def test_who_begins_as_a_painter_on_paper_stays_one(tmp_path: Path, fine_tuned: bool) -> None:
    start = tmp_path / "drawn.safetensors"
    write_style(start, StyleFile(lively_generator(dataclasses.replace(TINY, residual=0)), 64))
    recipe = dataclasses.replace(TINY_RECIPE, crop_size=32 if fine_tuned else None)
    going_on, word = resolve_start(start, recipe, Silent())
    assert (going_on.generator.residual, word) == (0, str(start))
    assert same_shape(read_style(start).generator, recipe), "they may be asked for by recipes that add, too"


@pytest.mark.parametrize(
    "values",
    [
        {"size": 100},
        {"size": 32},
        {"batch_size": 0},
        {"seed": -1},
        {"content_weight": -1.0},
        {"content_limit": 0.0},
        {"context": 6},
        {"size": 64, "context": 20},
        {"crop_size": 200},
        {"crop_size": 240},
        {"crop_size": 16},
        {"content_strides": (8, 32)},
        {"order_weight": -1.0},
        {"color_weight": float("nan")},
        {"color_turn": 91.0},
        {"color_slack": float("nan")},
        {"order_slack": -0.1},
        {"calm_weight": float("inf")},
    ],
)
def test_recipes_out_of_bounds_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="must be"):
        Recipe(**values)


def test_a_new_painter_sees_streaks_and_one_that_is_finished_what_it_saw() -> None:
    assert Recipe().generator.streaks > 0
    assert Recipe.fine_tuning().generator.streaks == 0
    assert Recipe().settled(single=False).flow_weight == 0, "strokes are learnt more slowly with it"


def test_devices_and_precisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert Compute.choose().device.type == "cpu"
    assert Compute.choose("cpu", "bf16").precision == "bf16"
    with pytest.raises(gan_style.ResourceError, match="no CUDA device"):
        Compute.choose("cuda")
    with pytest.raises(UsageError):
        Compute.choose("tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 0))
    chosen = Compute.choose()
    assert (chosen.device.type, chosen.precision) == ("cuda", "bf16")
    assert Compute.choose("cpu", "fp32").device.type == "cpu"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False}, raising=False)
    assert Compute.choose("cpu").precision == "fp32"


def test_a_painter_is_learnt_from_a_single_painting(photo_folder: Path, tmp_path: Path) -> None:
    painting = tmp_path / "violet.png"
    rows, columns = np.mgrid[0:150, 0:200]
    stripes = np.sin((rows + columns) / 3)[..., None]
    colours = np.array([110, 40, 150]) + stripes * np.array([60, 30, 90])
    Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)).save(painting)
    recorder = Recorder()
    recipe = dataclasses.replace(TINY_RECIPE, content_weight=0.0, generator_rate=4e-3, ema=0.9)
    outcome = train(
        photo_folder, painting, tmp_path / "v.safetensors", recipe=recipe, limit=Limit(steps=100), start="scratch",
        listener=recorder,
    )  # fmt: skip
    assert not any("Only 1" in sentence or "copies" in sentence for sentence in recorder.warnings)
    lines = [json.loads(line) for line in (outcome.folder / "history.jsonl").read_text().splitlines()]
    assert lines[-1]["gram"] > 0
    assert lines[-1]["feature"] > 0
    style = gan_style.load_style(outcome.style)
    photo = next(iter(find_pictures(photo_folder)))
    with Image.open(photo) as image:
        before = np.asarray(image.convert("RGB"), float).mean((0, 1))
    after, goal = np.asarray(style.paint(photo), float).mean((0, 1)), colours.mean((0, 1))
    assert np.abs(after - goal).sum() < 0.7 * np.abs(before - goal).sum()


def test_a_single_painting_is_seen_at_several_scales(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    Image.linear_gradient("L").resize((600, 400)).convert("RGB").save(path)
    pictures = load_single(path, Recipe(size=256), trim=False)
    assert pictures.single
    assert [min(picture.shape[:2]) for picture in pictures.pictures] == [192, 256, 384, 400]
    small = tmp_path / "small.png"
    Image.linear_gradient("L").resize((60, 40)).convert("RGB").save(small)
    assert {picture.shape for picture in load_single(small, Recipe(size=256), trim=False).pictures} == {(128, 192, 3)}
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(DataError, match="not a picture"):
        load_single(tmp_path / "text.png", Recipe(), trim=False)
