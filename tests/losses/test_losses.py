from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gan_style.errors import UsageError
from gan_style.losses.adversarial import OBJECTIVES, Objective, gradient_penalty, least_squares_generator
from gan_style.losses.calm import calm_excess, calm_threshold, roughness
from gan_style.losses.color import chroma, color_differences, color_excess, lightness, lightness_excess
from gan_style.losses.content import self_similarity
from gan_style.losses.familiarity import AT_ONCE, REMEMBERED, PatchFamiliarity, weighted_scores
from gan_style.losses.flow import flow_deviation, flow_excess
from gan_style.losses.lattice import lattice_energy
from gan_style.losses.order import order_excess, sharpness
from gan_style.losses.quantiles import LEVELS, interpolated, quantile_levels
from gan_style.losses.style import (
    cosine_costs,
    distance_costs,
    feature_difference,
    gram,
    gram_difference,
    hypercolumns,
    moment_difference,
    relaxed_transport,
)
from tests.conftest import waves


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_discriminator_wants_paintings_to_score_higher_and_the_generator_wants_its_own_to(name: str) -> None:
    objective = Objective.named(name)
    real, fake = (torch.full((2, 1, 4, 4), 0.2, requires_grad=True) for _ in range(2))
    up, down = torch.autograd.grad(objective.discriminator([real], [fake]), (real, fake))
    assert (up < 0).all(), "a step downhill raises the score of paintings"
    assert (down > 0).all(), "and lowers that of painted photographs"
    (own,) = torch.autograd.grad(objective.generator([fake]), fake)
    assert (own < 0).all()


@pytest.mark.parametrize(
    ("name", "real", "fake", "least"),
    [
        ("least-squares", 1.0, 0.0, 0.0),
        ("bce", 40.0, -40.0, 0.0),
        ("bce-saturating", 40.0, -40.0, 0.0),
        ("hinge", 1.0, -1.0, 0.0),
    ],
)
def test_a_discriminator_that_is_right_has_nothing_to_learn(name: str, real: float, fake: float, least: float) -> None:
    scores = [torch.full((2, 1, 4, 4), value, requires_grad=True) for value in (real, fake)]
    loss = Objective.named(name).discriminator(scores[:1], scores[1:])
    assert loss.item() == pytest.approx(least, abs=1e-6)
    assert all(slope.abs().max() < 1e-6 for slope in torch.autograd.grad(loss, scores))


@pytest.mark.parametrize(
    ("name", "score", "loss"),
    [
        ("least-squares", 0.5, 0.5),
        ("bce", 0.0, 2 * math.log(2)),
        ("bce-saturating", 0.0, 2 * math.log(2)),
        ("hinge", 0.0, 2.0),
        ("wasserstein", 3.0, 0.0),
    ],
)
def test_a_discriminator_that_sees_the_same_on_both_sides_does_best_to_stay_undecided(
    name: str, score: float, loss: float
) -> None:
    """The game's equilibrium: the best answer to generated pictures that cannot be told from real ones."""
    same = torch.full((2, 1), score, requires_grad=True)
    value = Objective.named(name).discriminator([same], [same])
    assert value.item() == pytest.approx(loss)
    (slope,) = torch.autograd.grad(value, same)
    assert slope.abs().max() < 1e-6
    for other in (score - 0.5, score + 0.5):
        moved = [torch.full((2, 1), other)]
        assert Objective.named(name).discriminator(moved, moved) >= value - 1e-6


def test_only_the_original_game_gives_up_where_the_generator_is_worst() -> None:
    hopeless = torch.full((1, 1), -12.0, requires_grad=True)
    structure_tensor = {}
    for name, objective in OBJECTIVES.items():
        (structure_tensor[name],) = torch.autograd.grad(objective.generator([hopeless]), hopeless)
    assert abs(structure_tensor.pop("bce-saturating")) < 1e-4
    assert all(abs(slope) > 0.9 for slope in structure_tensor.values())


@pytest.mark.parametrize(("slope", "shape"), [(1.0, (3, 4, 4)), (3.0, (3, 4, 4)), (3.0, (5,)), (0.0, (2, 8, 8))])
def test_the_gradient_penalty_of_a_linear_critic_is_its_slope_less_one_squared(
    slope: float, shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    direction = torch.randn(shape)
    direction *= slope / direction.square().mean().sqrt()
    real, fake = torch.randn(4, *shape), torch.randn(4, *shape)

    def score(inputs: list[Tensor]) -> list[Tensor]:
        return [(inputs[0] * direction).flatten(1).mean(1, keepdim=True)]

    # Over a step of root mean square one along its direction such a critic rises by its slope.
    unit = direction / max(slope, 1e-9)
    if slope:
        assert (score([unit[None]])[0] - score([0 * unit[None]])[0]).item() == pytest.approx(slope, rel=1e-4)
    penalty = gradient_penalty(score, [real], [fake], torch.rand(4))
    assert penalty.item() == pytest.approx((slope - 1) ** 2, abs=1e-4)


def test_the_gradient_penalty_holds_every_head_to_the_input_that_it_looks_at() -> None:
    torch.manual_seed(0)
    small, large = nn.Conv2d(3, 1, 1), nn.Conv2d(2, 1, 3)
    critics = [small, large]
    inputs = [torch.randn(4, 3, 4, 4), torch.randn(4, 2, 16, 16)]
    optimizer = torch.optim.Adam([*small.parameters(), *large.parameters()], 0.05)

    def score(given: list[Tensor]) -> list[Tensor]:
        return [critic(one) for critic, one in zip(critics, given, strict=True)]

    def penalty() -> Tensor:
        return gradient_penalty(score, inputs, [-one for one in inputs], torch.rand(4))

    assert penalty() > 0.1
    for _ in range(100):
        optimizer.zero_grad()
        torch.autograd.backward(penalty())
        optimizer.step()
    assert penalty() < 0.01


def test_there_are_no_other_objectives() -> None:
    with pytest.raises(UsageError, match="least-squares"):
        Objective.named("magic")


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
    assert calm_excess(flat, flat, calm) == 0
    assert calm_excess(flat + sky, flat, 2 * calm) < 1e-3
    assert calm_excess(flat + clumps(64, 16, 0.6), flat, calm) > 0.1
    strokes = 0.3 * torch.randn(1, 3, 64, 64)
    assert calm_excess(flat + strokes, flat, calm) < calm_excess(flat + clumps(64, 16, 0.3), flat, calm) / 4
    rough = flat + clumps(64, 16, 0.6)
    assert calm_excess(rough, rough, 0.0) == 0


def test_what_is_calm_is_learnt_from_paintings() -> None:
    paintings = torch.cat([clumps(64, 16, strength) for strength in (0.05, 0.5, 0.5, 0.5)])
    assert roughness(paintings[:1]).max() < calm_threshold(roughness(paintings), 0.5) < roughness(paintings[1:]).max()


def test_unrest_can_be_unlearnt() -> None:
    flat = torch.zeros(1, 3, 64, 64)
    painted = clumps(64, 16, 0.6).requires_grad_()
    optimizer = torch.optim.Adam([painted], 0.02)
    for _ in range(60):
        optimizer.zero_grad()
        torch.autograd.backward(calm_excess(painted, flat, 0.1))
        optimizer.step()
    assert calm_excess(painted, flat, 0.1) < 0.01


def grain(strength: float, side: int = 64) -> Tensor:
    """Details of a pixel."""
    torch.manual_seed(1)
    return strength * torch.randn(1, 3, side, side)


def half(picture: Tensor) -> Tensor:
    """The left half of it; nothing on the right."""
    return torch.where(torch.arange(picture.shape[-1]) < picture.shape[-1] // 2, picture, 0.0)


def test_sharpness_is_that_of_details_at_their_place() -> None:
    ramp = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    assert sharpness(ramp)[..., 1:-1].max() < 2e-3
    parts = sharpness(ramp + half(grain(0.3)))
    assert parts.shape == (1, 7, 7)
    assert parts[..., :2].min() > 0.1
    assert parts[..., -2:-1].max() < 2e-3


def test_marks_in_soft_clouds_are_invented_and_those_on_sharp_rocks_are_not() -> None:
    clouds = clumps(64, 16, 0.3)
    photo = clouds + half(grain(0.1))  # Rocks on the left, clouds on the right.
    photos, paintings = quantile_levels(sharpness(photo)), quantile_levels(sharpness(clouds + half(grain(0.4))))
    marks = grain(0.3)
    assert order_excess(photo, photo, photos, paintings, 0.05) == 0
    assert order_excess(photo + half(marks), photo, photos, paintings, 0.05) < 5e-3
    elsewhere = marks - half(marks)
    assert order_excess(photo + elsewhere, photo, photos, paintings, 0.05) > 0.05
    everywhere = quantile_levels(sharpness(clouds + grain(0.4)))  # A painter who has them all over may make them.
    assert order_excess(photo + elsewhere, photo, photos, everywhere, 0.05) < 5e-3


def test_a_photograph_as_it_is_invents_nothing_whatever_the_levels() -> None:
    photo = clumps(64, 16, 0.3) + half(grain(0.2))
    for strength in (0.0, 0.1, 1.0):
        levels = quantile_levels(sharpness(grain(strength)))
        assert order_excess(photo, photo, levels, torch.zeros(LEVELS), 0.0) == 0


def test_inventions_can_be_unlearnt() -> None:
    photo = clumps(64, 16, 0.3)
    photos = quantile_levels(sharpness(photo))
    painted = (photo + grain(0.3)).requires_grad_()
    optimizer = torch.optim.Adam([painted], 0.02)
    for _ in range(60):
        optimizer.zero_grad()
        torch.autograd.backward(order_excess(painted, photo, photos, photos, 0.0))
        optimizer.step()
    assert order_excess(painted, photo, photos, photos, 0.0) < 0.01


def plain(*colour: float) -> Tensor:
    """A picture of one colour, red, green and blue."""
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 64, 64)


def test_chroma_is_how_far_from_grey_whatever_the_lightness() -> None:
    for grey in (-0.9, 0.0, 0.9):
        assert chroma(color_differences(plain(grey, grey, grey))).max() < 2e-3
    weak, strong = (chroma(color_differences(plain(value, 0.0, 0.0))) for value in (0.2, 0.4))
    assert strong.shape == (1, 7, 7)
    assert torch.allclose(strong, 2 * weak, rtol=1e-3)
    blue, red = color_differences(plain(-0.5, 0.0, 0.9)), color_differences(plain(0.9, 0.0, -0.5))
    assert (blue * red).sum(1).max() < 0


def test_grey_skies_do_not_turn_green_nor_red_ones() -> None:
    few, some, all_of_it = (torch.linspace(0, most, LEVELS) for most in (0.1, 0.6, 2.0))
    grey, pale, green = plain(0.3, 0.3, 0.3), plain(0.35, 0.3, 0.25), plain(0.0, 0.8, -0.4)
    assert color_excess(pale, grey, few, some, 0.1, 60.0) < 1e-3
    assert color_excess(green, grey, few, some, 0.1, 60.0) > 0.1
    assert color_excess(green, grey, few, all_of_it, 0.5, 60.0) < 0.02, (
        "where all is gaudy, grey may become it with slack"
    )
    red, orange = plain(0.8, -0.4, -0.4), plain(0.8, 0.2, -0.5)
    assert color_excess(orange, red, few, all_of_it, 0.1, 60.0) < 1e-3
    assert color_excess(green, red, few, all_of_it, 0.1, 60.0) > 0.1


def test_skin_may_become_ochre_but_not_green() -> None:
    any_chroma = torch.linspace(0, 2, LEVELS)
    skin, ochre, green = plain(0.6, 0.1, -0.2), plain(0.6, 0.3, -0.4), plain(-0.2, 0.5, -0.4)
    assert color_excess(ochre, skin, any_chroma, any_chroma, 0.5, 60.0) < 1e-3
    assert color_excess(green, skin, any_chroma, any_chroma, 0.5, 60.0) > 0.05


def test_a_night_does_not_become_a_day() -> None:
    photos, paintings = torch.linspace(-1, 1, LEVELS), torch.linspace(-0.6, 0.8, LEVELS)
    night, dusk, day = plain(-0.9, -0.9, -0.8), plain(-0.5, -0.4, -0.2), plain(0.5, 0.6, 0.7)
    assert lightness_excess(dusk, night, photos, paintings) < 1e-3, "as dark as his paintings are"
    assert lightness_excess(day, night, photos, paintings) > 0.5
    assert lightness_excess(night, day, photos, paintings) == 0, "nothing is asked of the other direction"


@given(st.integers(0, 1000), st.floats(0, 0.5))
def test_a_photograph_as_it_is_has_its_own_colours(seed: int, slack: float) -> None:
    photo = 2 * torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) - 1
    levels = quantile_levels(chroma(color_differences(photo)))
    assert color_excess(photo, photo, levels, torch.zeros(LEVELS), slack, 60.0) == 0
    assert lightness_excess(photo, photo, quantile_levels(lightness(photo)), -torch.ones(LEVELS)) == 0


@given(
    st.lists(st.floats(0, 1, width=32), min_size=2, max_size=9),
    st.lists(st.floats(-1, 2, width=32), min_size=1, max_size=9),
)
def test_what_is_interpolated_is_what_numpy_says(steps: list[float], where: list[float]) -> None:
    knots = np.cumsum([step + 0.01 for step in steps], dtype=np.float32)
    values = np.sin(7 * knots)
    found = interpolated(torch.tensor(where), torch.from_numpy(knots), torch.from_numpy(values))
    np.testing.assert_allclose(found.numpy(), np.interp(where, knots, values), atol=1e-4)


def test_knots_that_coincide_divide_by_nothing() -> None:
    found = interpolated(torch.tensor([-1.0, 0.0, 1.0]), torch.zeros(LEVELS), torch.linspace(0, 1, LEVELS))
    assert ((found >= 0) & (found <= 1)).all()


def test_gram_matrices_forget_where_things_are_and_know_how_strong_they_are() -> None:
    torch.manual_seed(0)
    maps = torch.randn(2, 6, 8, 8)
    shuffled = maps.flatten(2)[:, :, torch.randperm(64)].view_as(maps)
    assert gram(maps).shape == (2, 6, 6)
    assert gram_difference([gram(shuffled)], [gram(maps)]) < 1e-10
    assert gram_difference([gram(0 * maps)], [gram(maps)]).item() == pytest.approx(1.0)
    assert gram_difference([gram(2 * maps)], [gram(maps)]).item() == pytest.approx(9.0)


def test_features_differ_by_their_share() -> None:
    maps = torch.randn(2, 6, 8, 8)
    assert feature_difference([maps], [maps]) == 0
    assert feature_difference([0 * maps], [maps]).item() == pytest.approx(1.0)
    assert feature_difference([maps.roll(1, 2)], [maps]) > 0.5


def test_transport_is_nothing_between_the_same_samples_and_asks_for_all_of_them() -> None:
    torch.manual_seed(0)
    ours, others = torch.randn(50, 8), torch.randn(50, 8) + 3
    assert relaxed_transport(distance_costs(ours, ours[torch.randperm(50)])) < 1e-3
    assert relaxed_transport(cosine_costs(ours, 5 * ours)) < 1e-5
    assert relaxed_transport(distance_costs(ours, others)) > 1
    both = torch.cat([ours, others])
    assert relaxed_transport(distance_costs(ours, both)) > 0.5, "what only the other has counts, too"
    assert relaxed_transport(distance_costs(both, ours)) > 0.5
    assert moment_difference(ours, ours.flip(0)) < 1e-5
    assert moment_difference(ours, 5 * ours) > 1, "directions do not see it"


def test_hypercolumns_hold_what_lies_at_a_place() -> None:
    fine = torch.arange(16.0).view(1, 1, 4, 4)
    coarse = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    places = torch.tensor([[0.125, 0.125], [0.875, 0.125], [0.125, 0.875]])
    assert torch.allclose(hypercolumns([fine, coarse], places), torch.tensor([[0.0, 1.0], [12.0, 3.0], [3.0, 2.0]]))


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 135.0])
def test_strokes_may_run_along_forms_and_not_across_them_nor_in_rings(angle: float) -> None:
    photo = waves(angle, 32)
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    rings = (torch.hypot(rows % 16 - 7.5, columns % 16 - 7.5) * 2 * math.pi / 8).sin().expand(1, 3, 64, 64)
    along, across, anyway = (0.1 * one for one in (waves(angle, 8), waves(angle + 90, 8), rings))
    shares = [float(flow_deviation(change, photo)[:, 1:-1, 1:-1].mean()) for change in (along, anyway, across)]
    assert shares == pytest.approx([0.0, 0.5, 1.0], abs=0.1)
    losses = [float(flow_excess(photo + change, photo, 0.3)) for change in (along, anyway, across)]
    assert losses == sorted(losses)
    assert losses[0] < 0.02 < 0.1 < losses[1]


def test_what_is_hardly_there_does_not_stray() -> None:
    assert flow_deviation(1e-3 * waves(90, 8), waves(0, 32)).max() < 0.2
    assert not flow_excess(waves(0, 32), waves(0, 32), 0.0).any()


def test_what_paintings_show_is_believed_and_what_they_never_show_is_not() -> None:
    torch.manual_seed(0)
    known, strange = F.normalize(torch.randn(2, 16), dim=1)
    paintings = (known[None, :, None, None] + 0.1 * torch.randn(4, 16, 8, 8)).contiguous()
    photos = torch.stack([known, strange])[:, :, None, None] + 0.1 * torch.randn(2, 16, 8, 8)
    familiarity = PatchFamiliarity(16, 0.2)
    for step in range(REMEMBERED // AT_ONCE + 1):
        weights = familiarity(photos, paintings, max(0.01, 1 / (1 + step)))
    assert weights.shape == (2, 1, 8, 8)
    assert weights[0].mean() > 0.95
    assert 0.2 <= weights[1].min() <= weights[1].mean() < 0.7


def test_weights_change_gradients_and_no_scores() -> None:
    torch.manual_seed(0)
    patches, whole = torch.randn(2, 1, 4, 4, requires_grad=True), torch.randn(2, 1, requires_grad=True)
    weights = torch.tensor([1.0, 0.25]).view(2, 1, 1, 1).expand(2, 1, 8, 8)
    scores = weighted_scores([patches, whole], weights)
    assert torch.equal(scores[0], patches)
    assert torch.equal(scores[1], whole)
    for inputs, outputs in zip((patches, whole), scores, strict=True):
        (gradient,) = torch.autograd.grad(outputs.sum(), inputs)
        assert (gradient[0] == 1).all()
        assert (gradient[1] == 0.25).all()
