from __future__ import annotations

import torch

from gan_style.checkpoints.backbone import load_backbone
from gan_style.models.backbone import Backbone
from gan_style.models.discriminator import Discriminator, DiscriminatorConfig


def test_every_head_scores_patches() -> None:
    torch.manual_seed(0)
    backbone, picture = load_backbone(), torch.rand(2, 3, 128, 128) * 2 - 1
    with torch.inference_mode():
        scores = Discriminator()(picture, backbone(picture))
    assert len(scores) == len(backbone.config.taps) + 1
    assert all(score.shape[:2] == (2, 1) and score[0].numel() > 1 for score in scores)
    assert all(score.std() > 0 and score.abs().max() < 20 for score in scores)


def test_the_pixel_discriminator_can_be_left_out() -> None:
    backbone, picture = Backbone(), torch.rand(1, 3, 64, 64)
    scores = Discriminator(DiscriminatorConfig(patch_channels=0))(picture, backbone(picture))
    assert len(scores) == len(backbone.config.taps)
