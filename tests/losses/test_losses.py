from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gan_style.losses.adversarial import least_squares_discriminator, least_squares_generator
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
