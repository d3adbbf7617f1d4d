from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gan_style.edge_flow import CELL
from gan_style.models.streaks import CHANNELS, line_integral_convolution, reach_of
from tests.conftest import waves


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(1, CHANNELS, height // CELL, width // CELL, generator=torch.Generator().manual_seed(seed))


def likeness(picture: Tensor, down: int, right: int) -> float:
    """Correlation of a picture with itself, moved, away from its edges."""
    inner = picture[..., 12:-12, 12:-12].flatten()
    moved = picture.roll((-down, -right), (2, 3))[..., 12:-12, 12:-12].flatten()
    return float(torch.corrcoef(torch.stack([inner, moved]))[0, 1])


@pytest.mark.parametrize(("angle", "along"), [(0, (0, 4)), (90, (4, 0)), (45, (-3, 3)), (-45, (3, 3))])
def test_streaks_run_along_forms(angle: float, along: tuple[int, int]) -> None:
    down, right = along
    drawn = line_integral_convolution(noise(128, 128), waves(angle, 24, 128), 8)
    assert drawn.std() == pytest.approx(1.0, abs=0.25)
    assert likeness(drawn, down, right) > 0.5
    assert abs(likeness(drawn, right, -down)) < 0.15


def test_empty_skies_have_level_streaks() -> None:
    """Such as real ones, with a grey level of noise and a sun's glow that is no form."""
    sky = 0.5 + torch.linspace(0, 0.2, 128)[:, None] + noise(256, 256)[:, :, :, :128] / 127.5
    drawn = line_integral_convolution(noise(128, 128, 1), sky, 8)
    assert likeness(drawn, 0, 4) > 0.5
    assert abs(likeness(drawn, 4, 0)) < 0.15


def test_longer_streaks_reach_farther() -> None:
    alike = [
        likeness(line_integral_convolution(noise(128, 128), waves(0, 24, 128), length), 0, 4)
        for length in (1, 4, 8, 16)
    ]
    assert alike == sorted(alike)


def test_channels_run_side_by_side_and_differ() -> None:
    drawn = line_integral_convolution(noise(128, 128), waves(30, 24, 128), 8).flatten(2)[0]
    assert torch.corrcoef(drawn).triu(1).abs().max() < 0.2


@given(st.integers(1, 12), st.integers(0, 99))
@settings(max_examples=8, deadline=None)
def test_nothing_beyond_its_reach_matters(length: int, seed: int) -> None:
    photo = torch.rand(1, 3, 16, 160, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    photo, grain = F.avg_pool2d(photo, 3, 1, 1), noise(16, 160, seed)
    border = 80
    first = (border + reach_of(length)) // CELL * CELL + CELL
    other, others = photo.clone(), grain.clone()
    other[..., first:] *= -1
    others[..., first // CELL :] += 1
    drawn, changed = line_integral_convolution(grain, photo, length), line_integral_convolution(others, other, length)
    cells = border // CELL
    assert torch.allclose(drawn[..., :cells], changed[..., :cells], atol=1e-4)
    assert not torch.allclose(drawn[..., cells:], changed[..., cells:], atol=0.1)


def test_a_part_of_a_picture_has_the_streaks_of_the_whole() -> None:
    photo = F.avg_pool2d(torch.rand(1, 3, 200, 240, generator=torch.Generator().manual_seed(3)), 5, 1, 2) * 2 - 1
    grain, reach = noise(200, 240), reach_of(8)
    top, left = 32, 64
    whole = line_integral_convolution(grain, photo, 8)
    part = line_integral_convolution(grain[..., top // 2 :, left // 2 :], photo[..., top:, left:], 8)
    inner = (..., slice(reach // 2, 60), slice(reach // 2, 70))
    # Where a form ends in a point, which way a streak turns may hang on the last digit.
    assert ((part[inner] - whole[..., top // 2 :, left // 2 :][inner]).abs() > 1e-2).float().mean() < 1e-3


def test_no_length_needs_no_surroundings() -> None:
    assert reach_of(0) == 0
    assert reach_of(4) < reach_of(8)
