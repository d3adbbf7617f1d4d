"""What goes wrong with a training, in words."""

from __future__ import annotations

from dataclasses import dataclass

from gan_style.metrics.distances import Replicated
from gan_style.training.loop.validator import ValidationMetrics

GREY, GARISH = 0.25, 2.0
"""Multiples of the chroma of photographs and of paintings, whichever is less or more, that no painter has."""

FAINT = 0.15
"""Chroma, 0..1, that is never too much: a little less than ordinary photographs have."""

INVERTED = 0.25
"""Share of paintings whose light and dark are exchanged, beyond which it is no accident."""

LATTICE = 4.0
"""Multiple of the lattice energy of photographs and of paintings, whichever is more, that the eye sees in skies."""

STRANGE = 0.9
"""Share of the content distance of photographs that have nothing to do with each other."""

BY_HEART = 0.5
"""Share of a discriminator's opinion of paintings that rests, with certainty, on having seen them before."""

FALLEN = 0.25
"""Share of the style gap that may be lost, with certainty, before a painter counts as lost."""


GENTLER, STRONGER = 0.5, 1.5
"""Factors on both learning rates after an illness, and on the augmentation after overfitting."""


@dataclass(frozen=True)
class Failure:
    """What is wrong with a training.

    Attributes:
        name: in a word or two, for machines.
        sentence: what is seen, without a full stop.
        advice: what helps where the remedy does not.
        remedy: what is done about it, in words.
        gentler: factor on both learning rates.
        stronger: factor on the augmentation.
    """

    name: str
    sentence: str
    advice: str
    remedy: str = "half the learning rate"
    gentler: float = GENTLER
    stronger: float = 1.0


NOT_A_NUMBER = Failure("nan", "The losses stopped being numbers", "Try --precision fp32.")
GREY_COLLAPSE = Failure("grey", "The colours are draining away", "Try another --seed or a higher --content-weight.")
SATURATION = Failure("saturation", "The colours have become garish", "Try another --seed or a higher --content-weight.")
INVERSION = Failure("inversion", "Light and dark are being exchanged", "Try a higher --content-weight.")
WEAVE = Failure("lattice", "A lattice is showing in what is painted", "Try another --seed.")
ESTRANGED = Failure(
    "content", "What is painted has nothing to do with its photograph", "Try a higher --content-weight."
)
OVERFIT = Failure(
    "overfit",
    "The discriminator knows the paintings by heart",
    "Give more paintings, or less time.",
    remedy="stronger augmentation",
    gentler=1.0,
    stronger=STRONGER,
)
RELAPSE = Failure("worse", "What is painted is much worse than it was", "Try another --seed or less time.")


def diagnose(metrics: ValidationMetrics, best: Replicated | None) -> Failure | None:
    """The illness that an examination shows.

    Args:
        metrics: what was found.
        best: the largest share of the style gap that was ever found closed.
    """
    if metrics.content > STRANGE * metrics.unrelated:
        return ESTRANGED  # Light and dark have nothing to do with each other there either.
    if metrics.inverted > INVERTED:
        return INVERSION
    if metrics.saturation < GREY * min(metrics.saturations):
        return GREY_COLLAPSE
    if metrics.saturation > max(FAINT, GARISH * max(metrics.saturations)):
        return SATURATION
    if metrics.lattice > LATTICE:
        return WEAVE
    if metrics.overfit and metrics.overfit.interval[0] > BY_HEART:
        return OVERFIT
    if metrics.closed and best and (metrics.closed - best).estimate.interval[1] < -FALLEN:
        return RELAPSE
    return None
