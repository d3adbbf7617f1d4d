"""Validation on held-out pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_style.data.duplicates import find_distinct, fingerprint
from gan_style.data.picture_set import PictureSet
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.tensors import to_tensor
from gan_style.imaging.types import Pixels
from gan_style.metrics.distances import Doubles, Estimate, Features, Replicated, far_apart, gap_closed, jackknife
from gan_style.metrics.features import FeatureSpace
from gan_style.metrics.health import PictureHealth, lattice, saturation
from gan_style.training.run.preview import central, paint
from gan_style.training.step.trainer import Trainer

SHARE, MOST = 8, 32
"""One in ``SHARE`` pictures of a set is held out, and at most ``MOST``."""

FEWEST = 10
"""Fewest held-out pictures; a smaller set has none to spare."""

APART = 0.05
"""Smallest score difference at which the discriminator tells paintings from painted photographs."""

UNRELATED = 0.22
"""Content distance of unrelated photographs, if those of the set are nearly identical."""

WOVEN = 2.5e-5
"""Lattice energy of ordinary photographs at 2 pixels; a lattice weaker than this is invisible."""


def split_held_out(pictures: PictureSet) -> tuple[PictureSet, PictureSet]:
    """Split a set deterministically into training and held-out pictures.

    Returns:
        The training set and the held-out set, which is empty if the set is too small.
    """
    count = min(MOST, len(pictures) // SHARE)
    if count < FEWEST:
        return pictures, pictures.part([])
    kept = {int(place) for place in np.linspace(0, len(pictures) - 1, count).round()}
    remaining = [place for place in range(len(pictures)) if place not in kept]
    return pictures.part(remaining), pictures.part(sorted(kept))


@dataclass(frozen=True)
class ValidationMetrics:
    """Metrics of a validation.

    Attributes:
        closed: share of the style gap closed; None if the photographs are no farther from the paintings than sampling
            noise explains.
        content: self-similarity distance between paintings and their photographs, 0..2.
        unrelated: the same between paintings and unrelated photographs.
        lattice: energy of patterns of 2 or 4 pixels, whichever is worse, as a multiple of the larger energy of
            photographs and real paintings.
        saturation: mean chroma of the painted photographs, 0..1.
        saturations: the same of photographs and of real paintings.
        inverted: share of painted photographs with inverted lightness.
        overfit: 0 if the discriminator scores held-out paintings like training paintings, 1 if it scores them like
            painted photographs; None if no paintings are held out, or all are alike.
    """

    closed: Replicated | None
    content: float
    unrelated: float
    lattice: float
    saturation: float
    saturations: tuple[float, float]
    inverted: float
    overfit: Estimate | None

    def line(self) -> dict[str, float | None]:
        """The metrics as JSON values for the history."""
        estimate = self.closed.estimate if self.closed else None
        figures = {
            "closed": estimate.value if estimate else None,
            "closed_margin": estimate.margin if estimate else None,
            **{name: getattr(self, name) for name in ("content", "lattice", "saturation", "inverted")},
            "overfit": self.overfit.value if self.overfit else None,
        }
        return {name: None if value is None else round(float(value), 5) for name, value in figures.items()}


class Validator:
    """Validates a style on held-out pictures."""

    def __init__(
        self,
        photos: PictureSet,
        paintings: PictureSet,
        trainer: Trainer,
        space: FeatureSpace,
        progress: Callable[[int, int], object] = lambda _done, _total: None,
    ) -> None:
        """Compute the features of the real pictures.

        Args:
            photos: held-out photographs; if empty, some training photographs are used.
            paintings: held-out paintings, likewise.
            trainer: its generator is validated.
            space: the feature space, preferably of a network that training does not use.
            progress: called with the number of pictures processed and the total.
        """
        begun = time.monotonic()
        size, crop = trainer.recipe.size, trainer.recipe.crop
        self.space, self.crop = space, crop
        self.aside = bool(len(photos)), bool(len(paintings))
        self.photos = distinct(squares(photos if len(photos) else some(trainer.photos), size))
        self.paintings = distinct(squares(paintings if len(paintings) else some(trainer.paintings), size))
        self.familiar = squares(some(trainer.paintings), size) if len(paintings) else []
        total, done = len(self.photos) + len(self.paintings), 0

        def look(pictures: Sequence[Pixels]) -> Features:
            nonlocal done
            rows = []
            for rgb in pictures:
                progress(done, total)
                rows.append(space(rgb).vector)
                done += 1
            return np.stack(rows)

        self.real = look(self.paintings)
        self.before = look(self.photos)
        self.unit = float(np.sqrt(np.square(self.real, dtype=np.float64).mean())) or 1.0
        self.unmeasured = self.without_gap(single=trainer.paintings.single)
        self.apart = not self.unmeasured
        woven = (np.mean([lattice(rgb) for rgb in one], 0) for one in (self.photos, self.paintings))
        self.woven = np.maximum(WOVEN, np.maximum(*woven))
        self.unrelated = max(UNRELATED, self.content(trainer, [self.photos[-1], *self.photos[:-1]]))
        if not fingerprint(self.photos[0]).any():
            self.unrelated = 2.0  # Blank photographs resemble nothing.
        self.saturations = (mean(saturation, self.photos), mean(saturation, self.paintings))
        self.seconds = time.monotonic() - begun

    def without_gap(self, *, single: bool) -> str:
        """Explain why the style gap cannot be measured; empty if it can."""
        if single:
            return "The style gap cannot be measured with a single painting."
        for what, count in (("photographs", len(self.photos)), ("paintings", len(self.paintings))):
            if count < 3:
                return f"The style gap cannot be measured: this requires at least three different {what}."
        if not far_apart(self.before / self.unit, self.real / self.unit):
            return (
                "The style gap cannot be measured: the photographs are no farther from the paintings than sampling "
                "noise explains."
            )
        return ""

    def examine(self, trainer: Trainer) -> ValidationMetrics:
        """Paint all photographs and compute the metrics, without any effect on training."""
        painted = [paint(trainer.average, photo, trainer.compute) for photo in self.photos]
        vectors = np.stack([self.space(rgb).vector for rgb in painted])
        health = [PictureHealth.of(*pair) for pair in zip(self.photos, painted, strict=True)]
        woven = np.mean([lattice(rgb) for rgb in painted], 0) / self.woven
        return ValidationMetrics(
            closed=gap_closed(self.before / self.unit, vectors / self.unit, self.real / self.unit)
            if self.apart
            else None,
            content=self.content(trainer, painted),
            unrelated=self.unrelated,
            lattice=float(woven.max()),
            saturation=float(np.mean([one.saturation for one in health])),
            saturations=self.saturations,
            inverted=float(np.mean([one.inverted for one in health])),
            overfit=self.overfit(trainer, painted),
        )

    @torch.no_grad()
    def content(self, trainer: Trainer, painted: Sequence[Pixels]) -> float:
        """Compute the self-similarity distance, always at the same positions."""
        distances = []
        device = trainer.compute.device
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(0)
            for pair in zip(painted, self.photos, strict=True):
                features, photo_features = (trainer.extract_features(to_tensor(rgb).to(device)) for rgb in pair)
                distances.append(float(trainer.content_distance(features, photo_features)))
        return float(np.mean(distances))

    def overfit(self, trainer: Trainer, painted: Sequence[Pixels]) -> Estimate | None:
        """Measure the overfitting of the discriminator as Karras et al. (NeurIPS 2020) do."""
        if min(map(len, (self.familiar, self.paintings, painted))) < 2:
            return None
        scores = [self.scores(trainer, one) for one in (self.familiar, self.paintings, painted)]

        def share(known: Doubles, new: Doubles, fake: Doubles) -> Doubles:
            result: Doubles = (known - new) / np.maximum(known - fake, APART)
            return result

        known, new, fake = (one.mean() for one in scores)
        others = [(one.sum() - one) / (len(one) - 1) for one in scores]
        return jackknife(
            float(share(known, new, fake)),
            share(others[0], new, fake),
            share(known, others[1], fake),
            share(known, new, others[2]),
        )

    @torch.no_grad()
    def scores(self, trainer: Trainer, pictures: Sequence[Pixels]) -> Doubles:
        """Return the discriminator's score of the center of each picture, averaged over all heads."""
        crops = [to_tensor(central(rgb, self.crop)) for rgb in pictures]
        scores: list[float] = []
        for crop in crops:
            picture = crop.to(trainer.compute.device)
            heads: list[Tensor] = trainer.discriminate(picture, trainer.extract_features(picture))
            scores.append(float(torch.stack([head.float().mean() for head in heads]).mean()))
        return np.array(scores)

    def settings(self) -> dict[str, Any]:
        """Settings of the validation, as JSON values."""
        return {
            "photos": len(self.photos),
            "paintings": len(self.paintings),
            "kept_aside": {"photos": self.aside[0], "paintings": self.aside[1]},
            "features": self.space.settings(),
            **({"unmeasured": self.unmeasured} if self.unmeasured else {}),
        }


def some(pictures: PictureSet) -> PictureSet:
    """Select a few pictures, spread evenly over a set."""
    count = min(MOST, len(pictures))
    return pictures.part([int(place) for place in np.linspace(0, len(pictures) - 1, count).round()])


def squares(pictures: PictureSet, size: int) -> list[Pixels]:
    """Return the central square of each picture as training sees it; of multi-scale sets, at the default scale."""
    shown = (read_picture(picture, size).rgb if pictures.short_sides else picture for picture in pictures.pictures)
    return [central(picture, size) for picture in shown]


def distinct(pictures: list[Pixels]) -> list[Pixels]:
    """Remove blank pictures and duplicates, which would bias the metrics."""
    return [pictures[place] for place in find_distinct([fingerprint(rgb) for rgb in pictures])]


def mean(measure: Callable[[Pixels], float], pictures: Sequence[Pixels]) -> float:
    """Return the mean of a measure over pictures."""
    return float(np.mean([measure(rgb) for rgb in pictures]))
