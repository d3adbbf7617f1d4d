from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gan_style.checkpoints.backbone import load_backbone
from gan_style.data.scans import CropBank
from gan_style.device import Compute
from gan_style.errors import DataError, UsageError
from gan_style.imaging.tensors import enlarge, shrink, to_tensor
from gan_style.imaging.types import Pixels
from gan_style.models.backbone import BackboneConfig
from gan_style.models.generator import GeneratorConfig
from gan_style.training.step.refiner_trainer import RefinerConfig, RefinerTrainer, blurred

CPU = Compute.choose("cpu", "fp32")
SMALL = RefinerConfig(
    crop=32,
    context=8,
    batch_size=2,
    scales=(1.0, 0.5),
    backbone=BackboneConfig((0, 1)),
    generator=GeneratorConfig(channels=8, blocks=1, refine_channels=8),
)


def bank(rgb: Pixels, largest: int = 48) -> CropBank:
    return CropBank([rgb, rgb[:100, :100]], largest, CPU.device, (1.0, 0.5))


def trainer(cat: Pixels, config: RefinerConfig = SMALL) -> RefinerTrainer:
    return RefinerTrainer(bank(cat), bank(cat, 24), load_backbone(config.backbone), config, CPU)


def test_a_refiner_learns_what_halving_took_away(cat: Pixels) -> None:
    config = RefinerConfig(
        **{**vars(SMALL), "adversarial_weight": 0.0, "pixel_weight": 10.0, "blur_share": 0.0, "generator_rate": 2e-3}
    )
    learner = trainer(cat, config)
    for _ in range(40):
        losses = learner.step(1.0)
    assert all(map(math.isfinite, losses.values()))
    target = to_tensor(cat[100:196, 100:196].copy())
    offered = enlarge(shrink(target))
    with torch.no_grad():
        refined = learner.average(offered)
    inner = (..., slice(16, -16), slice(16, -16))
    assert F.mse_loss(refined[inner], target[inner]) < 0.9 * F.mse_loss(offered[inner], target[inner])


def test_every_step_moves_both_networks(cat: Pixels) -> None:
    learner = trainer(cat)
    networks = (learner.generator, learner.discriminator)
    before = [[one.clone() for one in network.parameters()] for network in networks]
    learner.step(1.0)
    for network, old in zip(networks, before, strict=True):
        assert any(not torch.equal(one, then) for one, then in zip(network.parameters(), old, strict=True))


def test_the_same_seed_gives_the_same_refiner(cat: Pixels) -> None:
    def losses() -> list[dict[str, float]]:
        learner = trainer(cat)
        return [learner.step(1.0) for _ in range(2)]

    assert losses() == losses()


def test_crops_come_from_every_picture_at_every_scale_that_is_large_enough(cat: Pixels) -> None:
    dark = np.zeros((60, 60, 3), np.uint8)
    crops = CropBank([cat, dark], 48, CPU.device, (1.0, 0.5)).draw(40, 48)
    assert crops.shape == (40, 3, 48, 48)
    assert {bool((crop == -1).all()) for crop in crops} == {True, False}
    assert len(CropBank([cat, dark], 80, CPU.device)) == 1
    with pytest.raises(DataError, match="larger scans"):
        CropBank([dark], 80, CPU.device)


def test_blurs_have_their_own_spread(cat: Pixels) -> None:
    crops = to_tensor(cat[:64, :64].copy()).expand(3, -1, -1, -1)
    softer = blurred(crops, torch.tensor([0.01, 0.5, 1.5]))
    torch.testing.assert_close(softer[0], crops[0], rtol=0, atol=1e-5)
    rough = [float(one.diff(dim=2).abs().mean()) for one in softer]
    assert rough[0] > rough[1] > rough[2]


@pytest.mark.parametrize("change", [{"crop": 40}, {"context": 4}, {"depth": 0}, {"batch_size": 0}])
def test_what_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        RefinerConfig(**change)
