from __future__ import annotations

import pytest
import torch
from torch import nn

from gan_style.checkpoints.backbone import load_backbone
from gan_style.errors import UsageError
from gan_style.models.backbone import Backbone, BackboneConfig
from gan_style.models.discriminator import (
    DiscriminatorConfig,
    Head,
    PatchDiscriminator,
    ProjectedDiscriminator,
    build_discriminator,
)


def test_every_head_scores_patches_and_the_whole() -> None:
    torch.manual_seed(0)
    backbone, picture = load_backbone(), torch.rand(2, 3, 128, 128) * 2 - 1
    with torch.inference_mode():
        *scores, pixels = ProjectedDiscriminator()(picture, backbone(picture))
    patches, wholes = scores[::2], scores[1::2]
    assert len(patches) == len(wholes) == len(backbone.config.taps)
    for score in [*patches, pixels]:
        assert score.shape[:2] == (2, 1)
        assert score[0].numel() > 1
        assert score.std() > 0
        assert score.abs().max() < 20
    assert all(score.shape == (2, 1) and not score.any() for score in wholes)


def test_a_head_tells_pictures_by_statistics_that_no_patch_shows() -> None:
    """Two values in other proportions: every patch occurs on both sides, and only the whole tells them apart."""
    torch.manual_seed(0)
    judge = Head(4, 16, 1)
    optimizer = torch.optim.Adam(judge.parameters(), 1e-2)

    def maps(share: float) -> torch.Tensor:
        return (torch.rand(16, 1, 8, 8) < share).float().expand(-1, 4, -1, -1)

    for _ in range(60):
        rare, common = judge(maps(0.4))[1], judge(maps(0.6))[1]
        optimizer.zero_grad()
        torch.autograd.backward((rare.square() + (common - 1).square()).mean())
        optimizer.step()
    (patch_rare, rare), (patch_common, common) = judge(maps(0.4)), judge(maps(0.6))
    assert ((rare < 0.5).float().mean() + (common > 0.5).float().mean()) / 2 > 0.9
    assert patch_rare.shape == patch_common.shape == (16, 1, 8, 8)


def test_a_flat_map_has_a_gradient() -> None:
    flat = torch.zeros(1, 4, 8, 8, requires_grad=True)
    patch, whole = Head(4, 16, 1)(flat)
    torch.autograd.backward(patch.sum() + whole.sum())
    assert flat.grad is not None
    assert torch.isfinite(flat.grad).all()


def test_the_pixel_discriminator_can_be_left_out() -> None:
    backbone, picture = Backbone(), torch.rand(1, 3, 64, 64)
    scores = ProjectedDiscriminator(DiscriminatorConfig(patch_channels=0))(picture, backbone(picture))
    assert len(scores) == 2 * len(backbone.config.taps)


def test_a_patch_discriminator_gives_every_patch_a_probability() -> None:
    torch.manual_seed(0)
    judge = PatchDiscriminator()
    picture = torch.rand(1, 3, 128, 128)
    (scores,) = judge(picture, [])
    assert scores.shape == (1, 1, 7, 7)
    changed = picture.clone()
    changed[..., :2, :2] = -1
    moved = (judge(changed, [])[0] - scores).abs()[0, 0] > 0
    assert moved[0, 0], "the first patch sees the corner"
    moved[:4, :4] = False
    assert not moved.any(), "patches of 94 pixels, 16 apart"
    assert [layer.out_channels for layer in judge.modules() if isinstance(layer, nn.Conv2d)] == [64, 128, 256, 512, 1]


def test_there_are_no_other_discriminators() -> None:
    assert isinstance(build_discriminator(DiscriminatorConfig("patch"), BackboneConfig()), PatchDiscriminator)
    assert isinstance(build_discriminator(DiscriminatorConfig(), BackboneConfig()), ProjectedDiscriminator)
    with pytest.raises(UsageError, match="projected, patch"):
        DiscriminatorConfig("oracle")


def test_what_backbones_call_large_and_small_is_all_the_same_to_it() -> None:
    """Maps of other scales and offsets get the same scores, once the discriminator got used to them."""
    picture = torch.rand(8, 3, 64, 64) * 2 - 1
    maps = [one.float() for one in load_backbone()(picture)]
    odd = [one * factor + 3 for one, factor in zip(maps, (100.0, 0.01, 5.0, 30.0), strict=True)]
    scores = []
    for some in (maps, odd):
        torch.manual_seed(0)
        judge = ProjectedDiscriminator(DiscriminatorConfig(standardised=True))
        # Two pictures at a time, as it will not see all at once.
        judge.fit([one[index : index + 2] for one in some] for index in range(0, 8, 2))
        scores.append(judge(picture, some))
        assert all(score.shape[0] == 8 for score in scores[-1])
    for usual, other in zip(*scores, strict=True):
        torch.testing.assert_close(usual, other, atol=1e-2, rtol=1e-2)
    flat = [torch.zeros_like(one) for one in maps]
    judge.fit([flat])
    assert all(torch.isfinite(score).all() for score in judge(picture, flat))
