from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.adversarial import least_squares_discriminator, least_squares_generator
from gan_style.losses.calm import calm_of, roughness, unrest
from gan_style.losses.content import self_similarity
from gan_style.losses.lattice import lattice_energy


def test_least_squares_optimum_and_sign() -> None:
    ones, zeros = [torch.ones(2, 1, 4, 4)], [torch.zeros(2, 1, 4, 4)]
    assert least_squares_discriminator(ones, zeros) == 0
    assert least_squares_generator(ones) == 0
    half = [torch.full((2, 1, 4, 4), 0.5, requires_grad=True)]
    assert least_squares_discriminator(half, half).item() == pytest.approx(0.5)
    (real,) = torch.autograd.grad(least_squares_discriminator(half, zeros), half)
    assert (real < 0).all(), "a step downhill raises the score of paintings"
    (fake,) = torch.autograd.grad(least_squares_generator(half), half)
    assert (fake < 0).all(), "the generator wants its score to rise"


def test_heads_are_summed_whatever_their_size() -> None:
    small, large = torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 8, 8)
    assert least_squares_generator([small, large]).item() == pytest.approx(2.0)


def test_self_similarity_ignores_recolouring_and_sees_rearrangement() -> None:
    torch.manual_seed(0)
    maps = torch.randn(2, 16, 8, 8)
    rotation = torch.linalg.qr(torch.randn(16, 16)).Q
    recoloured = 3 * torch.einsum("ij,njhw->nihw", rotation, maps)
    assert self_similarity([recoloured], [maps]) < 1e-5
    assert self_similarity([maps.roll(1, 2)], [maps]) > 0.1


def test_lattice_energy_sees_a_faint_lattice_and_not_strokes() -> None:
    torch.manual_seed(0)
    strokes = F.avg_pool2d(torch.randn(1, 3, 132, 132), 5, 1)
    strokes = strokes / strokes.std() * 0.2
    lattice = torch.zeros(4, 4)
    lattice[1, 2] = 0.2
    woven = strokes + lattice.repeat(32, 32)
    assert lattice_energy(woven, block=64) > 2 * lattice_energy(strokes, block=64)
    ramp = torch.linspace(-1, 1, 128)[None, None, :, None].expand(1, 3, 128, 128)
    assert lattice_energy(ramp, block=64) < 1e-5
    assert lattice_energy(torch.full((1, 3, 64, 64), 0.3)) < 1e-12


def clumps(side: int, size: int, strength: float) -> Tensor:
    """Foliage: patches of ``size`` pixels in random colours."""
    torch.manual_seed(0)
    coarse = strength * torch.randn(1, 3, side // size, side // size)
    return F.interpolate(coarse, scale_factor=size, mode="bilinear")


def test_what_fills_a_calm_photograph_is_unrest() -> None:
    flat, sky = torch.full((1, 3, 64, 64), -0.8), 0.1 * clumps(64, 16, 1.0)
    calm = roughness(sky).median()
    assert unrest(flat, flat, calm) == 0
    assert unrest(flat + sky, flat, 2 * calm) < 1e-3
    assert unrest(flat + clumps(64, 16, 0.6), flat, calm) > 0.1
    strokes = 0.3 * torch.randn(1, 3, 64, 64)
    assert unrest(flat + strokes, flat, calm) < unrest(flat + clumps(64, 16, 0.3), flat, calm) / 4
    rough = flat + clumps(64, 16, 0.6)
    assert unrest(rough, rough, 0.0) == 0


def test_what_is_calm_is_learnt_from_paintings() -> None:
    paintings = torch.cat([clumps(64, 16, strength) for strength in (0.05, 0.5, 0.5, 0.5)])
    assert roughness(paintings[:1]).max() < calm_of(roughness(paintings), 0.5) < roughness(paintings[1:]).max()


def test_unrest_can_be_unlearnt() -> None:
    flat = torch.zeros(1, 3, 64, 64)
    painted = clumps(64, 16, 0.6).requires_grad_()
    optimizer = torch.optim.Adam([painted], 0.02)
    for _ in range(60):
        optimizer.zero_grad()
        torch.autograd.backward(unrest(painted, flat, 0.1))
        optimizer.step()
    assert unrest(painted, flat, 0.1) < 0.01
