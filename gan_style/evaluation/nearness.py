"""How near pictures come to real paintings, one by one, and how much they differ among themselves."""

from __future__ import annotations

import numpy as np

from gan_style.evaluation.distances import Features
from gan_style.evaluation.results import Nearness


def nearness(painted: Features, real: Features) -> Nearness:
    """Distances between feature vectors, 1 - cosine.

    Args:
        painted: (M, D) of painted photographs, at least two.
        real: (N, D) of real paintings, likewise.
    """
    ours, theirs = unit(painted), unit(real)
    own, other = 1 - ours @ ours.T, 1 - theirs @ theirs.T
    np.fill_diagonal(own, np.nan)
    np.fill_diagonal(other, np.nan)
    return Nearness(
        to_paintings=float(np.median((1 - ours @ theirs.T).min(1))),
        among_paintings=float(np.median(np.nanmin(other, 1))),
        spread=float(np.nanmean(own)),
        spread_paintings=float(np.nanmean(other)),
    )


def unit(vectors: Features) -> Features:
    """Rows of length one."""
    result: Features = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return result
