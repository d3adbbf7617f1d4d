"""Distances between two sets of feature vectors, and how far they can be trusted.

Only NumPy, and float64 whatever comes in: what is measured here must not depend on a device or a precision. What is of
the size of a set squared is never held whole, so that memory grows with the sets and no faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Doubles: TypeAlias = npt.NDArray[np.float64]

Features: TypeAlias = npt.NDArray[np.float32] | Doubles
"""(N, D), one row for each picture."""

NORMAL_95 = 1.959963984540054

GAP = 0.05
"""Kernel distance of photographs from paintings, in units of the latter, below which a share of it says nothing."""

BLOCK = 1024
"""Pictures of either set that are compared at a time."""


@dataclass(frozen=True)
class Estimate:
    """A figure and half the width of its 95 % interval.

    Attributes:
        value: the figure itself.
        margin: 1.96 standard errors.
    """

    value: float
    margin: float

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends."""
        return self.value - self.margin, self.value + self.margin


@dataclass(frozen=True)
class Range:
    """A figure and both ends of its 95 % interval, where it is not symmetric.

    Attributes:
        value: the figure itself.
        interval: both ends.
    """

    value: float
    interval: tuple[float, float]


def polynomial_kernel(first: Features, second: Features) -> Doubles:
    """(x.y / D + 1)^3, the kernel of the kernel inception distance (Binkowski et al., ICLR 2018).

    Args:
        first: (M, D).
        second: (N, D).

    Returns:
        (M, N).
    """
    kernel: Doubles = (np.asarray(first, np.float64) @ second.T / first.shape[1] + 1.0) ** 3
    return kernel


def blocks(features: Features) -> Iterator[tuple[slice, Doubles]]:
    """Some rows at a time, and which they are."""
    for start in range(0, len(features), BLOCK):
        rows = slice(start, start + BLOCK)
        yield rows, features[rows].astype(np.float64)


def kernel_sums(first: Features, second: Features) -> tuple[Doubles, Doubles]:
    """Sums of the rows and of the columns of the kernel between two sets, (M,) and (N,)."""
    rows, columns = np.zeros(len(first)), np.zeros(len(second))
    for here, some in blocks(first):
        for there, others in blocks(second):
            kernel = polynomial_kernel(some, others)
            rows[here] += kernel.sum(1)
            columns[there] += kernel.sum(0)
    return rows, columns


def sums_within(features: Features) -> Doubles:
    """Sums of the rows of the kernel of a set with itself, no picture with itself, (N,)."""
    own = [(np.square(some).sum(1) / some.shape[1] + 1.0) ** 3 for _, some in blocks(features)]
    result: Doubles = kernel_sums(features, features)[0] - np.concatenate(own)
    return result


@dataclass(frozen=True)
class Replicated:
    """A figure of two sets of pictures, and what it would be without any one of them.

    Two figures of the same pictures can be subtracted; the interval of the difference knows that they are the same.

    Attributes:
        value: the figure itself.
        without_first: (M,) the figure without each picture of the first set.
        without_second: (N,) likewise of the second.
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
        """Whether another figure is of as many pictures of each set."""
        mine, theirs = ((len(one.without_first), len(one.without_second)) for one in (self, other))
        return mine == theirs

    @property
    def estimate(self) -> Estimate:
        """The figure with its interval over both sets."""
        return jackknife(self.value, self.without_first, self.without_second)


def discrepancy(first: Features, second: Features) -> Replicated:
    """The squared maximum mean discrepancy of two sets, unbiased, so that chance may take it below zero.

    An average over pairs (a U-statistic; Gretton et al., JMLR 2012): the jackknife needs no more than the sums of the
    kernel's rows, where a bootstrap would draw pictures twice and count each as its own neighbour.

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
    """The interval of a figure from its values without each member of each of several independent samples.

    Efron & Stein, "The Jackknife Estimate of Variance" (Annals of Statistics, 1981).

    Args:
        value: the figure from all members.
        replicates: for each sample, the (N,) values without each of its members.
    """
    variance = sum((len(one) - 1) / len(one) * float(((one - one.mean()) ** 2).sum()) for one in replicates)
    return Estimate(value, NORMAL_95 * variance**0.5)


def mean_estimate(values: Sequence[float]) -> Estimate:
    """The mean of a figure over pictures, at least two."""
    array = np.asarray(values, np.float64)
    return Estimate(float(array.mean()), NORMAL_95 * float(array.std(ddof=1)) / len(array) ** 0.5)


def kernel_distance(first: Features, second: Features) -> Estimate:
    """The kernel inception distance of two sets of features, unbiased, with its interval."""
    return discrepancy(first, second).estimate


def far_apart(photos: Features, paintings: Features) -> bool:
    """Whether there is a gap between photographs and paintings that could be closed.

    Args:
        photos: (M, D), in units of the paintings' root mean square.
        paintings: (N, D), likewise.

    Returns:
        Whether they are farther apart than chance makes them, with 95 % certainty, and by more than next to nothing:
        sets of copies vary so little that rounding would be certain.
    """
    distance = kernel_distance(photos, paintings)
    return distance.interval[0] > 0 and distance.value > GAP


def gap_closed(photos: Features, painted: Features, paintings: Features, floor: float = 0.0) -> Replicated:
    """The share of the way from photographs to paintings that painted photographs have gone.

    Args:
        photos: (N, D) of the photographs.
        painted: (N, D) of the same photographs painted, in the same order, so that both are left out together.
        paintings: (M, D) of real paintings.
        floor: distance between paintings and other paintings: what no painter can be expected to go below.

    Returns:
        1 where the painted photographs are as near as other paintings, 0 where they are as far as the photographs.
        Where the photographs themselves are hardly farther than chance makes them, it says nothing.

    Raises:
        ValueError: the sets are too small, or there are not as many painted photographs as photographs.
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
    """The Frechet distance of two Gaussians fitted to the features (FID; Heusel et al., NeurIPS 2017).

    Biased upwards, and by much where there are fewer pictures than a few times the dimensions.

    Args:
        first: (M, D), at least two rows.
        second: (N, D), likewise.
    """
    shift = first.mean(0, np.float64) - second.mean(0, np.float64)
    # With covariances A'A and B'B the roots of the eigenvalues of their product are the singular values of AB', which
    # is small where there are few pictures.
    one, two = (root_of_covariance(features) for features in (first, second))
    roots = np.linalg.svd(one @ two.T, compute_uv=False).sum()
    return float(shift @ shift + np.square(one).sum() + np.square(two).sum() - 2 * roots)


def root_of_covariance(features: Features) -> Doubles:
    """A matrix of min(N, D) rows which, multiplied by its transpose from the left, is the covariance of (N, D)."""
    centered = features - features.mean(0, np.float64)
    root: Doubles = np.asarray(np.linalg.qr(centered / np.sqrt(len(features) - 1), "r"))
    return root
