from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan_style.data.augmentation import Augmentation, AugmentationConfig
from gan_style.data.loading import load_pictures
from gan_style.data.picture_set import PictureSet
from gan_style.errors import UsageError
from gan_style.imaging.finding import find_pictures
from gan_style.training.loop.schedule import Clock, Limit, rate_factor
from gan_style.training.step.adaptive_weight import AdaptiveWeight


def test_augmentation_moves_and_cuts_but_never_recolours() -> None:
    torch.manual_seed(0)
    picture = torch.rand(16, 3, 24, 24) + 1
    draw = Augmentation.draw(picture.shape, picture.device, AugmentationConfig())
    result = draw(picture)
    assert result.shape == picture.shape
    assert torch.equal(result, draw(picture)), "one draw does the same to every batch"
    for before, after in zip(picture, result, strict=True):
        colours = {tuple(colour) for colour in before.flatten(1).T.tolist()}
        kept = {tuple(colour) for colour in after.flatten(1).T.tolist()} - {(0.0, 0.0, 0.0)}
        assert kept
        assert kept <= colours
    blank = (result == 0).all(1).float().mean((1, 2))
    assert 0.05 < float(blank.mean()) < 0.5
    assert not torch.equal(blank, blank[:1].expand_as(blank)), "each picture has its own draw"


def test_without_strength_augmentation_does_nothing() -> None:
    picture = torch.rand(2, 3, 16, 16)
    draw = Augmentation.draw(picture.shape, picture.device, AugmentationConfig(0, 0))
    assert torch.equal(draw(picture), picture)


@given(st.integers(1, 10**6), st.floats(1, 50))
def test_few_paintings_are_disturbed_more_and_never_beyond_recognition(count: int, factor: float) -> None:
    usual, config = AugmentationConfig(), AugmentationConfig.for_count(count)
    assert config.translation >= usual.translation
    assert config.cutout >= usual.cutout
    assert (config == usual) == (count >= 150)
    stronger, fewer = config.times(factor), AugmentationConfig.for_count(max(1, count // 2))
    for one in (stronger, fewer):
        assert config.translation <= one.translation <= 1 / 3
        assert config.cutout <= one.cutout <= 2 / 3


@given(st.floats(0, 2))
def test_rate_is_constant_then_falls_to_zero(progress: float) -> None:
    rate = rate_factor(progress)
    assert 0 <= rate <= 1
    assert (rate == 1) == (progress <= 0.5)
    assert (rate == 0) == (progress >= 1)


def test_clock_by_time_and_by_steps() -> None:
    now = [100.0]
    timed = Clock(Limit(minutes=2), lambda: now[0])
    stepped = Clock(Limit(steps=10), lambda: now[0])
    assert stepped.remaining() == float("inf")
    now[0] += 30
    assert (timed.tick(), stepped.tick()) == (30, 30)
    stepped.steps = 5
    assert timed.progress() == pytest.approx(0.25)
    assert timed.remaining() == pytest.approx(90)
    assert stepped.progress() == pytest.approx(0.5)
    assert stepped.remaining() == pytest.approx(30)
    now[0] += 1000
    assert timed.progress() == pytest.approx(0.25), "time stands still within a step"
    timed.tick()
    assert timed.progress() == 1
    for bad in ({"minutes": 0}, {"minutes": float("nan")}, {"steps": 0}):
        with pytest.raises(UsageError):
            Limit(**bad)


@given(st.floats(0.01, 600), st.floats(0, 1e4), st.floats(0, 1e3))
def test_the_minutes_given_are_those_of_the_whole_command(minutes: float, before: float, after: float) -> None:
    clock = Clock(Limit(minutes=minutes))
    clock.before, clock.after = before, after
    given = 60 * minutes
    if before + after <= given / 2:
        assert before + clock.whole + after == pytest.approx(given)
        assert before + clock.remaining() == pytest.approx(given)
    else:
        assert clock.whole == given / 2, "however long reading took, something is learnt"
    stepped = Clock(Limit(steps=7))
    stepped.before, stepped.after = before, after
    assert stepped.whole == 7


def test_pictures_are_shrunk_and_what_fails_is_named(photo_folder: Path) -> None:
    (photo_folder / "broken.jpg").write_bytes((photo_folder / "000.png").read_bytes()[:400])
    (photo_folder / "notes.txt").write_text("not a picture")
    Image.new("RGB", (9, 9)).save(photo_folder / "dot.png")
    Image.new("RGB", (300, 200)).save(photo_folder / "wide.png")
    Image.new("RGB", (40, 50)).save(photo_folder / "small.png")
    pictures = load_pictures(find_pictures(photo_folder), 64, smallest=48)
    assert len(pictures) == 32
    assert len(pictures.failures) == 2
    assert "broken.jpg" in pictures.failures[0]
    assert "dot.png" in pictures.failures[1]
    shapes = {picture.shape for picture in pictures.pictures}
    assert shapes == {(64, 64, 3), (64, 96, 3), (60, 48, 3)}


def test_beyond_the_budget_pictures_go_to_disk_and_stay_the_same(photo_folder: Path) -> None:
    paths = list(find_pictures(photo_folder))
    inside = load_pictures(paths, 64)
    outside = load_pictures(paths, 64, budget=64 * 64 * 3 * 7 + 5)
    kinds = [isinstance(picture.base, np.memmap) or isinstance(picture, np.memmap) for picture in outside.pictures]
    assert kinds == [False] * 7 + [True] * 23
    assert all(np.array_equal(a, b) for a, b in zip(inside.pictures, outside.pictures, strict=True))
    assert inside.fingerprint == outside.fingerprint
    batches = [one.cut(one.draw(5, np.random.default_rng(3)), 32) for one in (inside, outside)]
    assert torch.equal(*batches)
    assert batches[0].shape == (5, 3, 32, 32)
    assert batches[0].dtype == torch.uint8


@given(lowest=st.floats(0.5, 8), limit=st.floats(0.05, 0.2), drift=st.floats(0.3, 2))
def test_content_control_holds_the_limit_and_never_goes_below_its_weight(
    lowest: float, limit: float, drift: float
) -> None:
    control = AdaptiveWeight(lowest, limit)
    for _ in range(4000):
        control.update(drift / (1 + control.weight))
        assert control.weight >= lowest
    if drift / (1 + lowest) > limit:
        assert drift / (1 + control.weight) == pytest.approx(limit, rel=0.1)
    else:
        assert control.weight == pytest.approx(lowest, rel=0.1)


def test_content_control_leaves_a_weight_of_zero_alone() -> None:
    control = AdaptiveWeight(0.0, 0.1)
    for _ in range(100):
        control.update(1.0)
    assert control.weight == 0


@given(
    height=st.integers(64, 200),
    width=st.integers(64, 200),
    short_sides=st.lists(st.integers(64, 256), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
def test_crops_of_several_scales_show_as_much_as_they_should(
    height: int, width: int, short_sides: list[int], seed: int
) -> None:
    # What a crop shows of a slope tells its scale.
    slope = np.broadcast_to(np.linspace(0, 255, width, dtype=np.float32)[None, :, None], (height, width, 3))
    pictures = PictureSet([slope.round().astype(np.uint8)], [Path("slope.png")], short_sides=tuple(short_sides))
    (crop,) = pictures.draw(1, np.random.default_rng(seed))
    row = pictures.cut([crop], 64)[0, 0, 32].float()
    assert crop.short_side in short_sides
    scale = max(1.0, min(min(height, width) / crop.short_side, min(height, width) / 64))
    slope_of_pixels = (row[48] - row[16]).abs().item() / 32 / (255 / (width - 1))
    assert slope_of_pixels == pytest.approx(scale, rel=0.15, abs=0.12)


def test_crops_of_one_scale_are_drawn_as_ever() -> None:
    pictures = PictureSet([np.zeros((64, 80, 3), np.uint8)] * 3, [Path("a.png")] * 3)
    crops = pictures.draw(5, np.random.default_rng(4))
    chance = np.random.default_rng(4)
    places = chance.integers(3, size=5).tolist()
    assert [crop.picture for crop in crops] == places
    assert {crop.short_side for crop in crops} == {0}
