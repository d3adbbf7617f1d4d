"""Pictures split into folds, and a painter judged on the one that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gan_style.data.picture_set import PictureSet
from gan_style.device import Compute
from gan_style.errors import DataError, UsageError
from gan_style.metrics.distances import Features, kernel_distance
from gan_style.metrics.features import choose_features
from gan_style.models.generator import Generator
from gan_style.training.loop.validator import squares
from gan_style.training.run.preview import paint

FEWEST = 3
"""Photographs, and paintings, that a fold must hold for a distance between them."""

MOST = 200
"""Of either kind in a fold that are looked at."""


def enough(sets: Sequence[PictureSet], folds: int) -> None:
    """Refuse what gives folds on which nothing can be measured.

    Raises:
        DataError: there are too few pictures of a kind.
        UsageError: there is a single painting.
    """
    if sets[1].single:
        raise UsageError("A single painting cannot be split; give a folder of paintings to --cross-validate.")
    for what, one in zip(("photographs", "paintings"), sets, strict=True):
        if len(one) < FEWEST * folds:
            raise DataError(
                f"For {folds} folds {FEWEST * folds} {what} or more are needed, and there are {len(one)}; give more, "
                "or fewer folds."
            )


def members(count: int, fold: int, folds: int) -> tuple[list[int], list[int]]:
    """Places of what is learnt from and of what is left out; which is which never changes for a count."""
    order = np.random.default_rng(0).permutation(count)
    out = {int(place) for place in order[fold::folds]}
    return [place for place in range(count) if place not in out], sorted(out)


def split(
    sets: tuple[PictureSet, PictureSet], fold: int, folds: int
) -> tuple[tuple[PictureSet, PictureSet], tuple[PictureSet, PictureSet]]:
    """Both sets without a fold, and the fold."""
    places = [members(len(one), fold, folds) for one in sets]
    photos, paintings = sets
    return (
        (photos.part(places[0][0]), paintings.part(places[1][0])),
        (photos.part(places[0][1]), paintings.part(places[1][1])),
    )


def score(generator: Generator, left_out: tuple[PictureSet, PictureSet], size: int, compute: Compute) -> float:
    """The unbiased kernel inception distance of painted photographs from paintings, neither of which were learnt from.

    Args:
        generator: who paints.
        left_out: photographs and paintings.
        size: side in pixels of the squares that are looked at.
        compute: where it runs.

    Returns:
        As ``gan-style eval`` has it: features in units of their root mean square over the paintings.
    """
    space, placed = choose_features(), compute.place(generator)
    photos, paintings = (squares(one.part(range(min(len(one), MOST))), size) for one in left_out)
    real: Features = np.stack([space(rgb).vector for rgb in paintings])
    painted: Features = np.stack([space(paint(placed, rgb, compute)).vector for rgb in photos])
    unit = float(np.sqrt(np.square(real, dtype=np.float64).mean())) or 1.0
    return kernel_distance(painted / unit, real / unit).value
