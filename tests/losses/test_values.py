"""Values of losses that can be worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from gan_style.edge_flow import CELL
from gan_style.losses.adversarial import Objective
from gan_style.losses.color import GRAY, ColorTerm, color_differences, color_excess, lightness_excess
from gan_style.losses.familiarity import AT_ONCE, PatchFamiliarity
from gan_style.losses.flow import FAINT, flow_deviation
from gan_style.losses.quantiles import LEVELS
from gan_style.losses.style import relative_difference, total_variation
from tests.losses.test_term import batch, context


def ramp() -> torch.Tensor:
    """(1, 1, 4, 5): rises by 1 from column to column and by 10 from row to row."""
    rows, columns = torch.meshgrid(torch.arange(4.0), torch.arange(5.0), indexing="ij")
    return (10 * rows + columns)[None, None]


def test_total_variation_counts_both_directions() -> None:
    assert float(total_variation(ramp())) == pytest.approx(11.0)


def test_a_relative_difference_is_a_share_of_the_reference() -> None:
    reference = torch.full((1, 2, 3, 3), 4.0)
    assert float(relative_difference([reference + 1], [reference])) == pytest.approx(0.25)
    assert float(relative_difference([reference + 1, reference], [reference, reference])) == pytest.approx(0.125)


def test_the_penalty_of_the_wasserstein_objective_is_that_of_its_paper() -> None:
    """Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017: 10."""
    assert Objective.named("wasserstein").penalty == 10.0
    assert Objective.named("least-squares").penalty == 0.0


def test_the_color_term_adds_what_is_too_light_to_what_is_too_colorful() -> None:
    seen, term = batch(5), ColorTerm(1.0, slack=0.1, turn=30.0)
    value = float(term(seen, context()).detach())
    arguments = (seen.painted.detach(), seen.photos)
    color = color_excess(*arguments, term.chroma[0], term.chroma[1], 0.1, 30.0)
    light = lightness_excess(*arguments, term.lightness[0], term.lightness[1])
    assert light > 0
    assert value == pytest.approx(float(color + light))


def test_a_hue_that_turns_too_far_counts_as_a_share_of_its_chroma() -> None:
    """Blue and red differences of 0.2 either way, turned by a right angle, where 60 degrees are free."""
    levels = torch.linspace(0, 2, LEVELS)
    photo, painted = (from_differences(*pair) for pair in ((0.2, 0.0), (0.0, 0.2)))
    assert torch.allclose(color_differences(photo)[0, :, 0, 0], torch.tensor([0.2, 0.0]), atol=1e-6)
    chroma = math.sqrt(0.04 + 1e-6)
    expected = math.cos(math.radians(60)) * 0.04 / (chroma + GRAY)
    assert GRAY == 0.05
    assert float(color_excess(painted, photo, levels, levels, 0.5, 60.0)) == pytest.approx(expected, rel=1e-3)
    assert float(color_excess(photo, photo, levels, levels, 0.5, 60.0)) == pytest.approx(0.0, abs=1e-6)


def from_differences(blue: float, red: float) -> torch.Tensor:
    """(1, 3, 16, 16) of luminance 0 with the color differences given (ITU-R BT.601)."""
    colors = torch.tensor([1.402 * red, 0.0, 1.772 * blue])
    colors[1] = -(0.299 * colors[0] + 0.114 * colors[2]) / 0.587
    return colors[None, :, None, None].expand(1, 3, 16, 16)


def test_faint_changes_have_a_direction_in_proportion_to_their_strength() -> None:
    """Where squared slopes are as strong as the floor, half of what would be there is."""
    side = 32
    slope = math.sqrt(FAINT / (3 * 4 * CELL**2))  # Central differences over two cells, in three channels.
    columns = torch.arange(float(side * 2)).expand(side * 2, -1)
    change = (slope * columns).expand(1, 3, -1, -1)
    photo = columns.T.expand(1, 3, -1, -1) / side - 1
    across = float(flow_deviation(change, photo)[0, 1, 1])
    along = float(flow_deviation(change.transpose(2, 3), photo)[0, 1, 1])
    assert max(across, along) == pytest.approx(0.5, abs=0.02)
    assert min(across, along) == pytest.approx(0.0, abs=0.02)


def test_new_patches_take_the_place_of_the_oldest() -> None:
    familiarity = PatchFamiliarity(4, 0.5)
    for value in (1.0, 2.0):
        direction = torch.tensor([value, 1.0, 0.0, 0.0]).view(1, 4, 1, 1)
        familiarity(torch.ones(1, 4, 2, 2), direction.expand(1, 4, 16, 16), 0.5)
    assert int(familiarity.place) == 2 * AT_ONCE
    first, second = familiarity.remembered[:AT_ONCE], familiarity.remembered[AT_ONCE : 2 * AT_ONCE]
    assert torch.allclose(first, torch.tensor([0.5, 0.5, 0.0, 0.0]).sqrt().expand_as(first))
    assert torch.allclose(second, torch.tensor([0.8, 0.2, 0.0, 0.0]).sqrt().expand_as(second))
    assert not familiarity.remembered[2 * AT_ONCE :].any()
