from __future__ import annotations

import numpy as np
import pytest

from gan_style.imaging.types import Pixels
from gan_style.metrics.color import Palette, from_opponent, to_opponent, transfer_colors
from tests.conftest import photo


def test_the_space_has_a_way_back(cat: Pixels) -> None:
    assert np.abs(from_opponent(to_opponent(cat)).astype(int) - cat).max() <= 2


def test_only_the_palette_moves(cat: Pixels) -> None:
    palette = np.asarray(photo("coffee.png"))
    moved = transfer_colors(cat, Palette.of(palette))
    before, after, goal = (one.mean((0, 1)) for one in (cat, moved, palette))
    assert np.abs(after - goal).max() < 0.5 * np.abs(before - goal).max()
    structure = np.corrcoef(to_opponent(cat)[..., 0].ravel(), to_opponent(moved)[..., 0].ravel())[0, 1]
    assert structure > 0.95


@pytest.mark.parametrize("value", [0, 255])
def test_flat_pictures_stay_flat(value: int, cat: Pixels) -> None:
    moved = transfer_colors(np.full((8, 8, 3), value, np.uint8), Palette.of(cat))
    assert (moved == moved[0, 0]).all()


def test_to_its_own_palette_nothing_happens(cat: Pixels) -> None:
    assert np.abs(transfer_colors(cat, Palette.of(cat)).astype(int) - cat).max() <= 2
