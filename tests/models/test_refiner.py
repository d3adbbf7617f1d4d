from __future__ import annotations

import torch
import torch.nn.functional as F

from gan_style.imaging.tensors import to_tensor
from gan_style.imaging.types import Pixels
from gan_style.models.generator import Generator, GeneratorConfig
from gan_style.models.refiner import Refiner
from tests.conftest import lively

TINY_REFINER = GeneratorConfig(channels=8, blocks=1, refine_channels=8)


def test_strokes_change_and_the_palette_stays(cat: Pixels) -> None:
    painting = to_tensor(cat[:160, :160].copy())
    with torch.no_grad():
        refined = lively(lambda: Refiner(TINY_REFINER))(painting)
        unanchored = lively(lambda: Generator(TINY_REFINER))(painting)
    inner = (..., slice(32, -32), slice(32, -32))
    assert (refined - painting)[inner].abs().mean() > 0.02
    anchored, drifted = (F.avg_pool2d((one - painting)[inner], 32).abs().mean() for one in (refined, unanchored))
    assert anchored < 0.2 * drifted


def test_nothing_beyond_the_margin_is_seen(cat: Pixels) -> None:
    refiner = lively(lambda: Refiner(TINY_REFINER))
    margin, side = refiner.margin, 8
    painting = to_tensor(cat[:200, :200].copy())
    around = painting.clone()
    hidden = torch.ones(1, 1, 200, 200, dtype=torch.bool)
    hidden[..., 96 - margin : 96 + side + margin, 96 - margin : 96 + side + margin] = False
    around[hidden.expand_as(around)] = 1.0
    place = (..., slice(96, 96 + side), slice(96, 96 + side))
    with torch.no_grad():
        torch.testing.assert_close(refiner(painting)[place], refiner(around)[place], rtol=0, atol=1e-5)
