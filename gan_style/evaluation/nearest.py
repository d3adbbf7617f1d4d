"""Nearest-neighbor distances to real paintings, and diversity within a set."""

from __future__ import annotations

import numpy as np

from gan_style.evaluation.results import NearestDistances
from gan_style.metrics.distances import Doubles, Estimate, Features, blocks, jackknife


def nearness(painted: Features, real: Features) -> NearestDistances:
    """Compute median nearest-neighbor distances, 1 - cosine.

    Args:
        painted: features of painted photographs, (M, D), at least two.
        real: features of real paintings, (N, D), at least two.
    """
    ours, theirs = unit(painted), unit(real)
    return NearestDistances(
        to_paintings=to_nearest(ours, theirs),
        among_paintings=to_nearest(theirs, theirs),
    )


def to_nearest(first: Features, second: Features) -> float:
    """Return the median distance to the nearest neighbor; if both sets are the same object, excludes self-matches."""
    nearest = np.full(len(first), np.inf)
    for here, some in blocks(first):
        for there, others in blocks(second):
            distances = 1 - some @ others.T
            if first is second and here == there:
                np.fill_diagonal(distances, np.inf)
            nearest[here] = np.minimum(nearest[here], distances.min(1))
    return float(np.median(nearest))


def diversity(features: Features) -> Estimate:
    """Estimate the mean distance, 1 - cosine, between two pictures of a set, (N, D) with at least three."""
    vectors = unit(features)
    count, total = len(vectors), vectors.sum(0)
    # Sums over all pairs, and over all pairs without one picture, from the sum of the unit vectors.
    own, pairs = np.square(vectors).sum(1), float(total @ total)
    without = pairs - 2 * vectors @ total + own
    return jackknife(
        1 - (pairs - float(own.sum())) / (count * (count - 1)),
        1 - (without - (own.sum() - own)) / ((count - 1) * (count - 2)),
    )


def unit(vectors: Features) -> Doubles:
    """Normalize rows to unit length."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    result: Doubles = vectors / np.maximum(lengths, 1e-12)
    return result
