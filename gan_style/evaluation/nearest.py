"""How near pictures come to real paintings, one by one, and how much they differ among themselves."""

from __future__ import annotations

import numpy as np

from gan_style.evaluation.results import NearestDistances
from gan_style.metrics.distances import Doubles, Estimate, Features, blocks, jackknife


def nearness(painted: Features, real: Features) -> NearestDistances:
    """Distances between feature vectors, 1 - cosine.

    Args:
        painted: (M, D) of painted photographs, at least two.
        real: (N, D) of real paintings, likewise.
    """
    ours, theirs = unit(painted), unit(real)
    return NearestDistances(
        to_paintings=to_nearest(ours, theirs),
        among_paintings=to_nearest(theirs, theirs),
    )


def to_nearest(first: Features, second: Features) -> float:
    """Median distance of a picture to the nearest of others; where both sets are one, a picture is no other."""
    nearest = np.full(len(first), np.inf)
    for here, some in blocks(first):
        for there, others in blocks(second):
            distances = 1 - some @ others.T
            if first is second and here == there:
                np.fill_diagonal(distances, np.inf)
            nearest[here] = np.minimum(nearest[here], distances.min(1))
    return float(np.median(nearest))


def diversity(features: Features) -> Estimate:
    """Mean distance, 1 - cosine, between two pictures of a set, (N, D) of at least three, with its interval."""
    vectors = unit(features)
    count, total = len(vectors), vectors.sum(0)
    # Cosines of unit vectors add up: all pairs at once, and all without one picture.
    own, pairs = np.square(vectors).sum(1), float(total @ total)
    without = pairs - 2 * vectors @ total + own
    return jackknife(
        1 - (pairs - float(own.sum())) / (count * (count - 1)),
        1 - (without - (own.sum() - own)) / ((count - 1) * (count - 2)),
    )


def unit(vectors: Features) -> Doubles:
    """Rows of length one."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    result: Doubles = vectors / np.maximum(lengths, 1e-12)
    return result
