"""Distances between two sets of feature vectors, with confidence intervals.

They use NumPy and float64 only, so that results do not depend on a device or a precision. Matrices of quadratic size
are computed in blocks, so memory use is linear in the size of the sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Doubles: TypeAlias = npt.NDArray[np.float64]

Features: TypeAlias = npt.NDArray[np.float32] | Doubles
"""(N, D), one row per picture."""

NORMAL_95 = 1.959963984540054

GAP = 0.05
"""Smallest meaningful gap: kernel distance between photographs and paintings, in units of the latter."""

BLOCK = 1024
"""Number of pictures of either set compared at a time."""


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % confidence interval.

    Attributes:
        value: the value.
        margin: 1.96 standard errors.
    """

    value: float
    margin: float

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound."""
        return self.value - self.margin, self.value + self.margin


@dataclass(frozen=True)
class Range:
    """A value and its 95 % confidence interval, which may be asymmetric.

    Attributes:
        value: the value.
        interval: lower and upper bound.
    """

    value: float
    interval: tuple[float, float]


def polynomial_kernel(first: Features, second: Features) -> Doubles:
    """Compute (x.y / D + 1)^3, the kernel of the kernel inception distance (Binkowski et al., ICLR 2018).

    Args:
        first: (M, D).
        second: (N, D).

    Returns:
        (M, N).
    """
    kernel: Doubles = (np.asarray(first, np.float64) @ second.T / first.shape[1] + 1.0) ** 3
    return kernel


def blocks(features: Features) -> Iterator[tuple[slice, Doubles]]:
    """Yield blocks of rows and their slices."""
    for start in range(0, len(features), BLOCK):
        rows = slice(start, start + BLOCK)
        yield rows, features[rows].astype(np.float64)


def kernel_sums(first: Features, second: Features) -> tuple[Doubles, Doubles]:
    """Return the row and column sums of the kernel between two sets, (M,) and (N,)."""
    rows, columns = np.zeros(len(first)), np.zeros(len(second))
    for here, some in blocks(first):
        for there, others in blocks(second):
            kernel = polynomial_kernel(some, others)
            rows[here] += kernel.sum(1)
            columns[there] += kernel.sum(0)
    return rows, columns


def sums_within(features: Features) -> Doubles:
    """Return the row sums of the kernel within a set, without the diagonal, (N,)."""
    own = [(np.square(some).sum(1) / some.shape[1] + 1.0) ** 3 for _, some in blocks(features)]
    result: Doubles = kernel_sums(features, features)[0] - np.concatenate(own)
    return result


@dataclass(frozen=True)
class Replicated:
    """A statistic of two sets of pictures, with its leave-one-out values.

    Statistics of the same pictures can be subtracted; the interval of the difference accounts for their correlation.

    Attributes:
        value: the statistic.
        without_first: (M,) values without each picture of the first set.
        without_second: (N,) values without each picture of the second set.
    """

    value: float
    without_first: Doubles
    without_second: Doubles

    def __sub__(self, other: Replicated) -> Replicated:
        return Replicated(
            self.value - other.value,
            self.without_first - other.without_first,
            self.without_second - other.without_second,
        )

    def comparable(self, other: Replicated) -> bool:
        """Return whether another statistic is of sets of the same sizes."""
        mine, theirs = ((len(one.without_first), len(one.without_second)) for one in (self, other))
        return mine == theirs

    @property
    def estimate(self) -> Estimate:
        """The statistic with its confidence interval."""
        return jackknife(self.value, self.without_first, self.without_second)


def discrepancy(first: Features, second: Features) -> Replicated:
    """Compute the unbiased squared maximum mean discrepancy of two sets, which can be negative by chance.

    It is a U-statistic (Gretton et al., JMLR 2012), so the jackknife needs only the row sums of the kernel. A bootstrap
    would draw pictures twice and compare them with themselves.

    Args:
        first: (M, D), at least three rows.
        second: (N, D), likewise.

    Raises:
        ValueError: a set has fewer than three pictures.
    """
    count, other = len(first), len(second)
    if min(count, other) < 3:
        raise ValueError(f"a distance needs at least three pictures in each set, not {count} and {other}")
    rows, rows_other = sums_within(first), sums_within(second)
    across, across_other = kernel_sums(first, second)
    total, total_other, total_across = rows.sum(), rows_other.sum(), across.sum()

    def combine(own: Doubles, others: Doubles, between: Doubles, count: int, other: int) -> Doubles:
        result: Doubles = own / (count * (count - 1)) + others / (other * (other - 1)) - 2 * between / (count * other)
        return result

    return Replicated(
        float(combine(total, total_other, total_across, count, other)),
        combine(total - 2 * rows, total_other, total_across - across, count - 1, other),
        combine(total, total_other - 2 * rows_other, total_across - across_other, count, other - 1),
    )


def jackknife(value: float, *replicates: Doubles) -> Estimate:
    """Compute a confidence interval from leave-one-out values of several independent samples.

    Efron & Stein, "The Jackknife Estimate of Variance" (Annals of Statistics, 1981).

    Args:
        value: the statistic of all members.
        replicates: for each sample, the (N,) values without each member.
    """
    variance = sum((len(one) - 1) / len(one) * float(((one - one.mean()) ** 2).sum()) for one in replicates)
    return Estimate(value, NORMAL_95 * variance**0.5)


def mean_estimate(values: Sequence[float]) -> Estimate:
    """Return the mean over pictures, at least two, with its confidence interval."""
    array = np.asarray(values, np.float64)
    return Estimate(float(array.mean()), NORMAL_95 * float(array.std(ddof=1)) / len(array) ** 0.5)


def kernel_distance(first: Features, second: Features) -> Estimate:
    """Compute the unbiased kernel inception distance of two sets of features, with its confidence interval."""
    return discrepancy(first, second).estimate


def far_apart(photos: Features, paintings: Features) -> bool:
    """Return whether there is a measurable gap between photographs and paintings.

    Args:
        photos: (M, D), in units of the paintings' root mean square.
        paintings: (N, D), likewise.

    Returns:
        Whether their distance exceeds sampling noise, with 95 % confidence, and ``GAP``: sets of near-duplicates have
        so little variance that rounding errors would be significant.
    """
    distance = kernel_distance(photos, paintings)
    return distance.interval[0] > 0 and distance.value > GAP


def gap_closed(photos: Features, painted: Features, paintings: Features, floor: float = 0.0) -> Replicated:
    """Compute the share of the gap between photographs and paintings that painted photographs close.

    Args:
        photos: (N, D) features of the photographs.
        painted: (N, D) features of the painted photographs, in the same order, so that pairs are left out together.
        paintings: (M, D) features of real paintings.
        floor: distance between paintings and other paintings, the lowest to be expected of any style.

    Returns:
        1 if painted photographs are as close as other paintings, 0 if they are as far as the photographs. Meaningless
        if the distance of the photographs hardly exceeds sampling noise.

    Raises:
        ValueError: the sets are too small, or the numbers of photographs and painted photographs differ.
    """
    if len(photos) != len(painted):
        raise ValueError(f"{len(painted)} paintings of {len(photos)} photographs")
    start, end = discrepancy(photos, paintings), discrepancy(painted, paintings)
    return Replicated(
        1 - (end.value - floor) / (start.value - floor),
        1 - (end.without_first - floor) / (start.without_first - floor),
        1 - (end.without_second - floor) / (start.without_second - floor),
    )


def frechet_distance(first: Features, second: Features) -> float:
    """Compute the Frechet distance of two Gaussians fitted to the features (FID; Heusel et al., NeurIPS 2017).

    It is biased upward, strongly so unless there are several times more pictures than dimensions.

    Args:
        first: (M, D), at least two rows.
        second: (N, D), likewise.
    """
    shift = first.mean(0, np.float64) - second.mean(0, np.float64)
    # With covariances A'A and B'B, the roots of the eigenvalues of their product are the singular values of AB', which
    # is small for small sets.
    one, two = (root_of_covariance(features) for features in (first, second))
    roots = np.linalg.svd(one @ two.T, compute_uv=False).sum()
    return float(shift @ shift + np.square(one).sum() + np.square(two).sum() - 2 * roots)


def root_of_covariance(features: Features) -> Doubles:
    """Return R with min(N, D) rows such that R'R is the covariance of (N, D)."""
    centered = features - features.mean(0, np.float64)
    root: Doubles = np.asarray(np.linalg.qr(centered / np.sqrt(len(features) - 1), "r"))
    return root
