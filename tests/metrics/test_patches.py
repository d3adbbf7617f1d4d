from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from gan_style.imaging.types import Pixels
from gan_style.metrics.patches import (
    Floats,
    PatchConfig,
    draw_patches,
    enlarge,
    laplacian_pyramid,
    sliced_wasserstein,
)
from tests.conftest import photo

CONFIG = PatchConfig(levels=3, patches=40, projections=32)


def crops(name: str, seed: int, count: int = 30, blur: float = 0.0, tint: float = 0.0) -> list[Floats]:
    """Patches of random crops of a photograph, level by level (count, P, D)."""
    random, image = np.random.default_rng(seed), photo(name)
    drawn = []
    for index in range(count):
        left, top = (int(random.integers(side - 96)) for side in image.size)
        crop = image.crop((left, top, left + 96, top + 96)).filter(ImageFilter.GaussianBlur(blur))
        pixels = np.asarray(crop).astype(float) + np.array([tint, 0.0, -tint])
        drawn.append(draw_patches(pixels.clip(0, 255).astype(np.uint8), CONFIG, index))
    return [np.stack(level) for level in zip(*drawn, strict=True)]


def distances(first: list[Floats], second: list[Floats]) -> list[float]:
    return [sliced_wasserstein(one, two, CONFIG).value for one, two in zip(first, second, strict=True)]


@given(st.integers(28, 70), st.integers(28, 70), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_a_pyramid_adds_up_to_its_picture(height: int, width: int, levels: int) -> None:
    picture = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    pyramid = laplacian_pyramid(picture, levels)
    assert len(pyramid) == levels
    result = pyramid[-1]
    for level in reversed(pyramid[:-1]):
        result = enlarge(result, level.shape) + level
    assert np.abs(result - picture).max() < 1e-2


def test_a_flat_picture_has_nothing_but_its_coarsest_level() -> None:
    *fine, coarse = laplacian_pyramid(np.full((64, 64, 3), 77, np.uint8), 3)
    assert all(np.abs(level).max() < 1e-3 for level in fine)
    assert np.abs(coarse - 77).max() < 1e-3


def test_each_scale_sees_what_happens_there() -> None:
    real = crops("chelsea.png", 0)
    same = distances(crops("chelsea.png", 1), real)
    blurred = distances(crops("chelsea.png", 1, blur=1.0), real)
    tinted = distances(crops("chelsea.png", 1, tint=60.0), real)
    assert blurred[0] > 2 * same[0]
    assert blurred[2] < 1.5 * same[2] + 0.05
    assert tinted[2] > 2 * same[2]
    assert tinted[0] < 1.5 * same[0] + 0.05


def test_the_interval_covers_repeated_measurements() -> None:
    random = np.random.default_rng(0)

    def trial(count: int) -> tuple[Floats, Floats]:
        """Pictures whose patches share something, so that pictures and not patches are what counts."""
        sets = [
            random.normal(shift, 1, (count, 1, 147)) + random.normal(0, 1, (count, 10, 147)) for shift in (0.0, 0.7)
        ]
        return sets[0].astype(np.float32), sets[1].astype(np.float32)

    truth = sliced_wasserstein(*trial(3000), CONFIG).value
    estimates = [sliced_wasserstein(*trial(60), CONFIG) for _ in range(60)]
    assert np.mean([low <= truth <= high for low, high in (one.interval for one in estimates)]) > 0.85
    assert np.mean([one.margin for one in estimates]) < 0.5 * truth


def test_pictures_too_small_or_too_few_are_refused() -> None:
    with pytest.raises(ValueError, match="too small for 3 levels"):
        draw_patches(np.zeros((27, 100, 3), np.uint8), CONFIG, 0)
    with pytest.raises(ValueError, match="two pictures"):
        sliced_wasserstein(np.zeros((1, 4, 147), np.float32), np.zeros((5, 4, 147), np.float32), CONFIG)


def test_the_same_picture_gives_the_same_patches(cat: Pixels) -> None:
    first, again, other = (draw_patches(cat, CONFIG, index) for index in (0, 0, 1))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    resized = np.asarray(Image.fromarray(cat).resize((64, 64)))
    assert [level.shape for level in draw_patches(resized, CONFIG, 0)] == [(40, 147)] * 3
