"""Adversarial objectives: pure functions of the discriminator's scores.

Scores are unbounded; where an objective uses probabilities, these are ``sigmoid(score)``. A discriminator with several
heads returns a tensor of scores for each, of any shape; losses are averaged over each head and summed over heads. Each
network minimizes its own loss of an objective.
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
    """Least squares loss: paintings should score one and painted photographs zero (LSGAN; Mao et al., ICCV 2017).

    Args:
        real: scores of paintings, for each head.
        fake: scores of painted photographs, likewise.

    Returns:
        A scalar >= 0. An undecided head, which answers one half, contributes 0.5.
    """
    return over_heads(lambda r, f: (r - 1).square().mean() + f.square().mean(), real, fake)


def least_squares_generator(fake: Scores) -> Tensor:
    """Least squares loss: painted photographs should score one; a scalar >= 0."""
    return over_heads(lambda f: (f - 1).square().mean(), fake)


def bce_discriminator(real: Scores, fake: Scores) -> Tensor:
    """Binary cross-entropy of "this is a painting" (Goodfellow et al., NeurIPS 2014).

    Args:
        real: logits of paintings, for each head.
        fake: logits of painted photographs, likewise.

    Returns:
        A scalar >= 0. An undecided head, which answers zero, contributes 2 ln 2.
    """
    return over_heads(lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean(), real, fake)


def bce_generator(fake: Scores) -> Tensor:
    """Non-saturating loss -ln D(G(x)) of Goodfellow et al., whose gradient is largest for the worst generator; >= 0."""
    return over_heads(lambda f: F.softplus(-f).mean(), fake)


def bce_saturating_generator(fake: Scores) -> Tensor:
    """Saturating loss ln(1 - D(G(x))) of the original minimax game; <= 0.

    Its gradient vanishes where the discriminator is confident, so a generator that falls behind cannot catch up.
    """
    return over_heads(lambda f: -F.softplus(f).mean(), fake)


def hinge_discriminator(real: Scores, fake: Scores) -> Tensor:
    """Hinge loss: paintings should score at least 1, painted photographs at most -1 (Lim & Ye, "Geometric GAN", 2017).

    Returns:
        A scalar >= 0. A head that answers zero contributes 2; scores beyond the margins have no loss and no gradient.
    """
    return over_heads(lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), real, fake)


def wasserstein_discriminator(real: Scores, fake: Scores) -> Tensor:
    """Negative difference of mean scores, an estimate of the Wasserstein distance (Arjovsky et al., ICML 2017).

    The estimate requires a Lipschitz critic: add :func:`gradient_penalty`.
    """
    return over_heads(lambda r, f: f.mean() - r.mean(), real, fake)


def wasserstein_generator(fake: Scores) -> Tensor:
    """Negative score of painted photographs; also the generator's loss of the hinge objective."""
    return over_heads(lambda f: -f.mean(), fake)


def gradient_penalty(
    score: Callable[[list[Tensor]], Scores], real: Sequence[Tensor], fake: Sequence[Tensor], share: Tensor
) -> Tensor:
    """Gradient penalty between paintings and painted photographs (WGAN-GP; Gulrajani et al., NeurIPS 2017).

    Distances between inputs are root mean squares, not sums, so that all heads are held to the same gradient norm,
    whatever the size of their feature map.

    Args:
        score: the critic, which maps inputs to scores, in one or more heads that each use at least one input.
        real: the critic's inputs for paintings, each (N, ...): a picture, or its feature maps.
        fake: the same for painted photographs.
        share: (N,) in 0..1, random: position of the interpolated sample from each painting to its counterpart.

    Returns:
        A scalar >= 0, summed over heads: the mean over the batch of (gradient norm - 1) squared.
    """
    mixed = []
    for painting, painted in zip(real, fake, strict=True):
        place = share.view(-1, *[1] * (painting.dim() - 1))
        mixed.append(torch.lerp(painting.detach().float(), painted.detach().float(), place).requires_grad_())
    penalties = []
    for head in score(mixed):
        # One value per picture, as in the loss: the mean over the head's positions.
        means = head.float().flatten(1).mean(1)
        gradients = torch.autograd.grad(means.sum(), mixed, create_graph=True, allow_unused=True)
        squares = [
            slope.float().flatten(1).square().sum(1) * slope[0].numel() for slope in gradients if slope is not None
        ]
        penalties.append(((torch.stack(squares).sum(0) + 1e-12).sqrt() - 1).square().mean())
    return torch.stack(penalties).sum()


def over_heads(loss: Callable[..., Tensor], *scores: Scores) -> Tensor:
    """Sum a loss over heads, in float32."""
    return torch.stack([loss(*(one.float() for one in heads)) for heads in zip(*scores, strict=True)]).sum()


@dataclass(frozen=True)
class Objective:
    """Losses of both networks.

    Attributes:
        discriminator: loss of the discriminator, given scores of paintings and of painted photographs.
        generator: loss of the generator, given scores of painted photographs.
        penalty: weight of :func:`gradient_penalty` in the discriminator's loss.
    """

    discriminator: Callable[[Scores, Scores], Tensor]
    generator: Callable[[Scores], Tensor]
    penalty: float = 0.0

    @classmethod
    def named(cls, name: str) -> Objective:
        """Return an objective by name.

        Raises:
            UsageError: the name is unknown.
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
