"""Terms of the generator's loss: what they keep is saved with them, and nothing is kept in secret."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm
from gan_style.models.generator import GeneratorConfig
from gan_style.training.distributed import ProcessGroup
from gan_style.training.recipe import Recipe

EVERYTHING = Recipe(
    size=64,
    order_weight=1.0,
    color_weight=1.0,
    flow_weight=1.0,
    gram_weight=1.0,
    feature_weight=1.0,
    generator=GeneratorConfig(noise=2),
)


def batch(seed: int) -> Batch:
    """Random pictures and feature maps, photographs and paintings unlike each other."""
    chance = torch.Generator().manual_seed(seed)

    def pictures(scale: float) -> Tensor:
        return scale * torch.rand(2, 3, 64, 64, generator=chance)

    def maps() -> list[Tensor]:
        return [torch.randn(2, 4, 8, 8, generator=chance) for _ in EVERYTHING.backbone.strides]

    return Batch(
        photos=pictures(0.5),
        paintings=pictures(0.8),
        latent=torch.randn(2, 2, generator=chance),
        painted=pictures(1.5).requires_grad_(),
        augmented=pictures(1.5),
        augmented_paintings=pictures(0.8),
        features=[one.requires_grad_() for one in maps()],
        photo_features=maps(),
        painting_features=maps(),
    )


def context() -> Context:
    return Context(ProcessGroup(), lambda _: 0.5, lambda ours, _: ours[0].mean((2, 3))[:, :2])


def value(term: LossTerm, seed: int) -> float:
    torch.manual_seed(0)
    return float(term(batch(seed), context()).detach())


def test_a_recipe_builds_the_terms_that_have_a_weight() -> None:
    assert [term.name for term in EVERYTHING.terms()] == [
        *("content", "lattice", "calm", "order", "color", "flow", "noise", "gram", "feature")
    ]
    bare = Recipe(content_weight=0.0, lattice_weight=0.0, calm_weight=0.0, noise_weight=0.0)
    assert [term.name for term in bare.terms()] == ["content"], "its distance is measured all the same"


@pytest.mark.parametrize("term", EVERYTHING.terms(), ids=lambda term: term.name)
def test_a_term_restored_from_its_buffers_goes_on_as_before(term: LossTerm) -> None:
    fresh, term = copy.deepcopy(term), term.freeze()
    for seed in range(3):
        value(term, seed)
    fresh.load_state_dict(term.state_dict())
    assert value(fresh, 3) == value(term, 3)
    assert all(torch.equal(*pair) for pair in zip(fresh.buffers(), term.buffers(), strict=True))


@pytest.mark.parametrize("term", EVERYTHING.terms(), ids=lambda term: term.name)
def test_a_term_has_a_gradient_and_grows_with_its_weight(term: LossTerm) -> None:
    seen = batch(1)
    weighted = term.weighted(term(seen, context()), context())
    assert weighted.shape == ()
    inputs = [seen.painted, *seen.features]
    gradients = torch.autograd.grad(weighted, inputs, allow_unused=True)
    assert sum(float(one.abs().sum()) for one in gradients if one is not None) > 0


class Forgetful(LossTerm):
    """Keeps a statistic where nothing saves it."""

    name = "forgetful"

    def __init__(self) -> None:
        super().__init__(1.0)
        self.mean = torch.zeros(())

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """Forget."""
        del context
        self.mean = 0.9 * self.mean + batch.painted.mean().detach()
        return batch.painted.mean() - self.mean


def test_a_statistic_that_no_state_would_hold_is_an_error_at_the_first_step() -> None:
    with pytest.raises(AttributeError, match=r"Forgetful\.mean would not be saved"):
        value(Forgetful().freeze(), 0)
