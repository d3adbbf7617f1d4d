"""Adversarial objectives: pure functions of the discriminator's scores.

Scores are unbounded; where an objective speaks of probabilities, these are ``sigmoid(score)``. A discriminator with
several heads gives a tensor of scores for each, of any shape; losses are means over a head and sums over heads. Both
losses of an objective are to be minimised, each by its own network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.errors import UsageError

Scores = Sequence[Tensor]


def least_squares_discriminator(real: Scores, fake: Scores) -> Tensor:
    """Paintings should score one and painted photographs zero (LSGAN; Mao et al., ICCV 2017).

    Args:
        real: scores of paintings, for each head.
        fake: scores of painted photographs, likewise.

    Returns:
        A scalar >= 0. A head that cannot tell them apart and answers one half adds 0.5.
    """
    return over_heads(lambda r, f: (r - 1).square().mean() + f.square().mean(), real, fake)


def least_squares_generator(fake: Scores) -> Tensor:
    """Painted photographs should score one; a scalar >= 0."""
    return over_heads(lambda f: (f - 1).square().mean(), fake)


def bce_discriminator(real: Scores, fake: Scores) -> Tensor:
    """Binary cross-entropy of "this is a painting" (Goodfellow et al., NeurIPS 2014).

    Args:
        real: logits of paintings, for each head.
        fake: logits of painted photographs, likewise.

    Returns:
        A scalar >= 0. A head that cannot tell them apart and answers zero adds 2 ln 2.
    """
    return over_heads(lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean(), real, fake)


def bce_generator(fake: Scores) -> Tensor:
    """Goodfellow's non-saturating form, -ln D(G(x)), whose gradient is largest where the generator is worst; >= 0."""
    return over_heads(lambda f: F.softplus(-f).mean(), fake)


def bce_saturating_generator(fake: Scores) -> Tensor:
    """The generator's half of the original minimax game, ln(1 - D(G(x))); <= 0.

    Its gradient vanishes where the discriminator is sure, so a generator that has fallen behind stays there.
    """
    return over_heads(lambda f: -F.softplus(f).mean(), fake)


def hinge_discriminator(real: Scores, fake: Scores) -> Tensor:
    """Paintings should score at least 1 and painted photographs at most -1 (Lim & Ye, "Geometric GAN", 2017).

    Returns:
        A scalar >= 0. A head that answers zero adds 2; scores beyond the margins cost nothing and teach nothing.
    """
    return over_heads(lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), real, fake)


def wasserstein_discriminator(real: Scores, fake: Scores) -> Tensor:
    """Minus the difference of mean scores, an estimate of the Wasserstein distance (Arjovsky et al., ICML 2017).

    Only a Lipschitz critic estimates anything: add :func:`gradient_penalty`.
    """
    return over_heads(lambda r, f: f.mean() - r.mean(), real, fake)


def wasserstein_generator(fake: Scores) -> Tensor:
    """The score of painted photographs should rise; also the generator's half of the hinge objective."""
    return over_heads(lambda f: -f.mean(), fake)


def gradient_penalty(
    score: Callable[[list[Tensor]], Scores], real: Sequence[Tensor], fake: Sequence[Tensor], share: Tensor
) -> Tensor:
    """How far a critic is from slope one between paintings and painted photographs (Gulrajani et al., NeurIPS 2017).

    Distances between inputs are root mean squares, not sums, so that every head is held to the same slope however
    large the map is that it looks at.

    Args:
        score: the critic: scores of inputs, in one head or more of which each looks at one input at least.
        real: the critic's inputs for paintings, each (N, ...); a picture, or feature maps of it.
        fake: the same for painted photographs.
        share: (N,) in 0..1, random: how far from each painting towards its counterpart the slope is taken.

    Returns:
        A scalar >= 0, summed over heads: the mean over the batch of (slope - 1) squared.
    """
    mixed = []
    for painting, painted in zip(real, fake, strict=True):
        place = share.view(-1, *[1] * (painting.dim() - 1))
        mixed.append(torch.lerp(painting.detach().float(), painted.detach().float(), place).requires_grad_())
    penalties = []
    for head in score(mixed):
        # One value for each picture, as the loss has it: the mean over the head's places.
        means = head.float().flatten(1).mean(1)
        gradients = torch.autograd.grad(means.sum(), mixed, create_graph=True, allow_unused=True)
        squares = [
            slope.float().flatten(1).square().sum(1) * slope[0].numel() for slope in gradients if slope is not None
        ]
        penalties.append(((torch.stack(squares).sum(0) + 1e-12).sqrt() - 1).square().mean())
    return torch.stack(penalties).sum()


def over_heads(loss: Callable[..., Tensor], *scores: Scores) -> Tensor:
    """The sum over heads of a loss, in float32."""
    return torch.stack([loss(*(one.float() for one in heads)) for heads in zip(*scores, strict=True)]).sum()


@dataclass(frozen=True)
class Objective:
    """What the two networks try to reach.

    Attributes:
        discriminator: loss of the discriminator, of scores of paintings and of painted photographs.
        generator: loss of the generator, of the latter.
        penalty: weight of :func:`gradient_penalty` in the discriminator's loss.
    """

    discriminator: Callable[[Scores, Scores], Tensor]
    generator: Callable[[Scores], Tensor]
    penalty: float = 0.0

    @classmethod
    def named(cls, name: str) -> Objective:
        """An objective by name.

        Raises:
            UsageError: there is none of that name.
        """
        if name not in OBJECTIVES:
            raise UsageError(f"objective must be one of {', '.join(OBJECTIVES)}, not {name}.")
        return OBJECTIVES[name]


OBJECTIVES = {
    "least-squares": Objective(least_squares_discriminator, least_squares_generator),
    "bce": Objective(bce_discriminator, bce_generator),
    "bce-saturating": Objective(bce_discriminator, bce_saturating_generator),
    "hinge": Objective(hinge_discriminator, wasserstein_generator),
    "wasserstein": Objective(wasserstein_discriminator, wasserstein_generator, penalty=10.0),
}
