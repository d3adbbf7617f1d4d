"""Training failures: how they are diagnosed and what is done about them."""

from __future__ import annotations

from dataclasses import dataclass

from gan_style.metrics.distances import Replicated
from gan_style.training.loop.validator import ValidationMetrics

GRAY, GARISH = 0.25, 2.0
"""Bounds on mean chroma, as multiples of the smaller and the larger of photographs and real paintings."""

FAINT = 0.15
"""Mean chroma, 0..1, that never counts as too high: slightly less than that of ordinary photographs."""

INVERTED = 0.25
"""Share of paintings with inverted lightness above which training has failed."""

LATTICE = 4.0
"""Lattice energy visible in skies, as a multiple of the larger of photographs and real paintings."""

UNRELATED = 0.9
"""Highest acceptable content distance, as a share of that between unrelated photographs."""

MEMORIZED = 0.5
"""Share of the discriminator's score gap due to memorized paintings that counts as overfitting if certain (95 %)."""

RELAPSE_DROP = 0.25
"""Drop in the share of the style gap closed that counts as a relapse if certain (95 %)."""


GENTLER, STRONGER = 0.5, 1.5
"""Factors on both learning rates after a failure, and on the augmentation after overfitting."""


@dataclass(frozen=True)
class Failure:
    """A training failure and its remedy.

    Attributes:
        name: identifier in the history.
        sentence: the symptom, without a period.
        advice: what the user can do if the remedy does not help.
        remedy: what training does about it, in words.
        gentler: factor on both learning rates.
        stronger: factor on the augmentation.
    """

    name: str
    sentence: str
    advice: str
    remedy: str = "half the learning rate"
    gentler: float = GENTLER
    stronger: float = 1.0


NOT_A_NUMBER = Failure("nan", "The losses became NaN or infinite", "Try --precision fp32.")
GRAY_COLLAPSE = Failure("grey", "The colors are fading to gray", "Try another --seed or a higher --content-weight.")
SATURATION = Failure("saturation", "The colors are oversaturated", "Try another --seed or a higher --content-weight.")
INVERSION = Failure("inversion", "Light and dark are inverted", "Try a higher --content-weight.")
LATTICE_ARTIFACT = Failure("lattice", "A lattice pattern is visible in the paintings", "Try another --seed.")
CONTENT_LOST = Failure(
    "content", "The paintings no longer resemble their photographs", "Try a higher --content-weight."
)
OVERFIT = Failure(
    "overfit",
    "The discriminator has memorized the paintings",
    "Use more paintings, or train for less time.",
    remedy="stronger augmentation",
    gentler=1.0,
    stronger=STRONGER,
)
RELAPSE = Failure("worse", "The paintings are much worse than before", "Try another --seed, or train for less time.")


def diagnose(metrics: ValidationMetrics, best: Replicated | None) -> Failure | None:
    """Return the failure that the validation metrics show, or None.

    Args:
        metrics: metrics of the latest validation.
        best: the largest share of the style gap closed so far.
    """
    if metrics.content > UNRELATED * metrics.unrelated:
        return CONTENT_LOST  # First, because unrelated pictures also look inverted.
    if metrics.inverted > INVERTED:
        return INVERSION
    if metrics.saturation < GRAY * min(metrics.saturations):
        return GRAY_COLLAPSE
    if metrics.saturation > max(FAINT, GARISH * max(metrics.saturations)):
        return SATURATION
    if metrics.lattice > LATTICE:
        return LATTICE_ARTIFACT
    if metrics.overfit and metrics.overfit.interval[0] > MEMORIZED:
        return OVERFIT
    if metrics.closed and best and (metrics.closed - best).estimate.interval[1] < -RELAPSE_DROP:
        return RELAPSE
    return None
