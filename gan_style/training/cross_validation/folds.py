"""Splitting pictures into folds, and scoring a style on the held-out fold."""

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
"""Fewest photographs, and fewest paintings, per fold for which a distance can be measured."""

MOST = 200
"""Most photographs, and most paintings, of a fold that are used for scoring."""


def enough(sets: Sequence[PictureSet], folds: int) -> None:
    """Reject sets that are too small for the number of folds.

    Raises:
        DataError: there are too few photographs or paintings.
        UsageError: there is a single painting.
    """
    if sets[1].single:
        raise UsageError("A single painting cannot be split; give a folder of paintings to --cross-validate.")
    for what, one in zip(("photographs", "paintings"), sets, strict=True):
        if len(one) < FEWEST * folds:
            raise DataError(
                f"{folds} folds require at least {FEWEST * folds} {what}, but there are only {len(one)}; add more, or "
                "use fewer folds."
            )


def members(count: int, fold: int, folds: int) -> tuple[list[int], list[int]]:
    """Return the training and held-out indices of a fold, which depend on the arguments alone."""
    order = np.random.default_rng(0).permutation(count)
    out = {int(place) for place in order[fold::folds]}
    return [place for place in range(count) if place not in out], sorted(out)


def split(
    sets: tuple[PictureSet, PictureSet], fold: int, folds: int
) -> tuple[tuple[PictureSet, PictureSet], tuple[PictureSet, PictureSet]]:
    """Split both sets into training pictures and the held-out fold."""
    places = [members(len(one), fold, folds) for one in sets]
    photos, paintings = sets
    return (
        (photos.part(places[0][0]), paintings.part(places[1][0])),
        (photos.part(places[0][1]), paintings.part(places[1][1])),
    )


def score(generator: Generator, left_out: tuple[PictureSet, PictureSet], size: int, compute: Compute) -> float:
    """Return the unbiased kernel inception distance between painted held-out photographs and held-out paintings.

    Args:
        generator: the trained generator.
        left_out: held-out photographs and paintings.
        size: side in pixels of the central squares.
        compute: device and precision.

    Returns:
        The distance as in ``gan-style eval``, with features scaled by their root mean square over the paintings.
    """
    space, placed = choose_features(), compute.place(generator)
    photos, paintings = (squares(one.part(range(min(len(one), MOST))), size) for one in left_out)
    real: Features = np.stack([space(rgb).vector for rgb in paintings])
    painted: Features = np.stack([space(paint(placed, rgb, compute)).vector for rgb in photos])
    unit = float(np.sqrt(np.square(real, dtype=np.float64).mean())) or 1.0
    return kernel_distance(painted / unit, real / unit).value
