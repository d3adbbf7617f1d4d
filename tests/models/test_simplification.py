from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gan_style.models.kuwahara import kuwahara_filter, reach_of


def two_fields(texture: float) -> Tensor:
    """A dark and a light half, both with a texture."""
    torch.manual_seed(0)
    halves = torch.where(torch.arange(64) < 32, -0.6, 0.6).expand(1, 3, 64, 64)
    return halves + texture * torch.randn(1, 3, 64, 64)


def test_textures_go_and_edges_stay() -> None:
    photo = two_fields(0.1)
    plain = kuwahara_filter(photo, 3)
    assert plain.shape == photo.shape
    for side in (slice(8, 24), slice(40, 56)):
        assert plain[..., side].std((2, 3)).max() < 0.6 * photo[..., side].std((2, 3)).min()
    blurred = F.avg_pool2d(F.pad(photo, (3, 3, 3, 3), mode="replicate"), 7, 1)
    step, soft = (float((one[..., 32] - one[..., 31]).mean()) for one in (plain, blurred))
    assert step > 1.0 > 4 * soft


def test_what_is_small_and_alone_stays_and_what_is_small_among_its_like_goes() -> None:
    """Eyes in a face, walkers on a slope, wires before a sky; not blades of grass."""
    alone, among = torch.full((1, 3, 64, 64), 0.5), torch.full((1, 3, 64, 64), 0.5)
    alone[..., 30:32, 30:33] = -0.5
    alone[..., 50, :] = -0.5
    among[..., ::4, ::2] = -0.5
    kept = kuwahara_filter(alone, 3)
    assert kept[..., 30:32, 30:33].max() < -0.3
    assert kept[..., 50, 8:56].max() < -0.3
    assert kuwahara_filter(among, 3)[..., 16:48, 16:48].std() < 0.4 * among[..., 16:48, 16:48].std()


def test_nothing_beyond_its_reach_matters() -> None:
    photo = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    for radius in (1, 3):
        other = photo.clone()
        other[..., 32 + reach_of(radius) + 1 :] *= -1
        plain, changed = kuwahara_filter(photo, radius), kuwahara_filter(other, radius)
        assert torch.equal(plain[..., :33], changed[..., :33])
        assert not torch.equal(plain[..., 33:], changed[..., 33:])


def test_a_larger_reach_flattens_more() -> None:
    photo = 0.2 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    spreads = [float(kuwahara_filter(photo, radius).std()) for radius in (0, 1, 3, 6)]
    assert spreads == sorted(spreads, reverse=True)
    assert torch.equal(kuwahara_filter(photo, 0), photo)


@given(st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_no_colour_comes_out_that_did_not_go_in(radius: int, seed: int) -> None:
    photo = torch.rand(1, 3, 17, 12, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    plain = kuwahara_filter(photo, radius)
    assert (plain >= photo.amin((2, 3), keepdim=True) - 1e-5).all()
    assert (plain <= photo.amax((2, 3), keepdim=True) + 1e-5).all()
    flat = torch.full((1, 3, 17, 12), 0.3)
    assert kuwahara_filter(flat, radius) == pytest.approx(flat, abs=1e-6)


def test_a_grey_level_of_noise_changes_little() -> None:
    photo = two_fields(0.05)
    noisy = photo + torch.randn_like(photo) / 255
    assert (kuwahara_filter(noisy, 3) - kuwahara_filter(photo, 3)).abs().mean() < 2 / 255
