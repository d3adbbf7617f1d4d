from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from gan_style.evaluation.nearest import diversity, nearness
from gan_style.metrics.distances import (
    Features,
    Replicated,
    discrepancy,
    frechet_distance,
    gap_closed,
    kernel_distance,
    polynomial_kernel,
)


def draw(seed: int, count: int, shift: float = 0.0, dimensions: int = 8) -> Features:
    """Features of ``count`` pictures of a set that lies ``shift`` away."""
    return np.random.default_rng(seed).normal(shift, 1.0, (count, dimensions))


def by_definition(first: Features, second: Features) -> float:
    """The unbiased squared discrepancy as an average over pairs of different pictures."""
    own = [
        polynomial_kernel(x[None], y[None])[0, 0] for i, x in enumerate(first) for j, y in enumerate(first) if i != j
    ]
    others = [
        polynomial_kernel(x[None], y[None])[0, 0] for i, x in enumerate(second) for j, y in enumerate(second) if i != j
    ]
    return float(np.mean(own) + np.mean(others) - 2 * polynomial_kernel(first, second).mean())


@given(st.integers(3, 8), st.integers(3, 8), st.floats(0, 2), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_the_distance_and_every_distance_without_one_follow_the_definition(
    count: int, other: int, shift: float, seed: int
) -> None:
    first, second = draw(seed, count + 1), draw(seed + 1000, other + 1, shift)
    measured = discrepancy(first, second)
    assert measured.value == pytest.approx(by_definition(first, second), rel=1e-9, abs=1e-9)
    for index in (0, count):
        expected = by_definition(np.delete(first, index, 0), second)
        assert measured.without_first[index] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    for index in (0, other):
        expected = by_definition(first, np.delete(second, index, 0))
        assert measured.without_second[index] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = draw(0, 40).astype(np.float32), draw(1, 25, 0.5).astype(np.float32)
    whole, near = discrepancy(first, second), nearness(first, second)
    monkeypatch.setattr("gan_style.metrics.distances.BLOCK", 7)
    parts = discrepancy(first, second)
    assert parts.value == pytest.approx(whole.value, rel=1e-12)
    assert parts.without_first == pytest.approx(whole.without_first, rel=1e-9)
    assert parts.without_second == pytest.approx(whole.without_second, rel=1e-9)
    assert dataclasses.astuple(nearness(first, second)) == pytest.approx(dataclasses.astuple(near), rel=1e-12)


def test_nearness_follows_its_definition() -> None:
    painted, real = draw(0, 9), draw(1, 6, 0.5)
    rows = np.vstack([painted, real])
    cosines = np.array([[1 - x @ y / np.linalg.norm(x) / np.linalg.norm(y) for y in rows] for x in rows])
    own, theirs = cosines[:9, :9][~np.eye(9, dtype=bool)], cosines[9:, 9:][~np.eye(6, dtype=bool)]
    measured = nearness(painted, real)
    assert measured.to_paintings == pytest.approx(np.median(cosines[:9, 9:].min(1)))
    assert measured.among_paintings == pytest.approx(np.median(theirs.reshape(6, 5).min(1)))
    assert diversity(painted).value == pytest.approx(own.mean())


def test_the_interval_of_diversity_covers_as_often_as_it_says() -> None:
    truth = diversity(draw(1, 4000, 0.5)).value
    estimates = [diversity(draw(seed + 10, 40, 0.5)) for seed in range(600)]
    covered = np.mean([low <= truth <= high for low, high in (one.interval for one in estimates)])
    assert 0.90 < covered < 0.98


def test_the_distance_is_unbiased() -> None:
    values = [kernel_distance(draw(seed, 12), draw(seed + 10**6, 9)).value for seed in range(1500)]
    assert abs(np.mean(values)) < 4 * np.std(values) / len(values) ** 0.5


def test_the_interval_covers_as_often_as_it_says() -> None:
    truth = kernel_distance(draw(1, 4000), draw(2, 4000, 0.6)).value
    estimates = [kernel_distance(draw(3 * seed + 5, 60), draw(3 * seed + 10**6, 40, 0.6)) for seed in range(600)]
    covered = np.mean([low <= truth <= high for low, high in (one.interval for one in estimates)])
    assert 0.90 < covered < 0.98


def test_the_interval_of_the_gap_covers_as_often_as_it_says() -> None:
    def trial(seed: int, count: int, paintings: int) -> tuple[Features, Features, Features]:
        photos = draw(seed, count)
        painted = photos + 0.35 + 0.2 * draw(seed + 1, count)  # Of the same photographs: far from independent.
        return photos, painted, draw(seed + 2, paintings, 0.6)

    truth = gap_closed(*trial(1, 4000, 4000)).value
    assert 0.5 < truth < 0.98
    estimates = [gap_closed(*trial(3 * seed + 10, 160, 60)).estimate for seed in range(300)]
    covered = np.mean([low <= truth <= high for low, high in (one.interval for one in estimates)])
    assert 0.90 < covered < 0.98


def test_two_painters_of_the_same_photographs_are_told_apart() -> None:
    """The difference is far more certain than either gap, and its interval covers no less often than it says."""

    def trial(seed: int, count: int, paintings: int) -> tuple[Replicated, Replicated]:
        photos, real = draw(seed, count), draw(seed + 2, paintings, 0.6)
        painted = photos + 0.35 + 0.2 * draw(seed + 1, count)
        return gap_closed(photos, painted, real), gap_closed(photos, painted + 0.05, real)

    one, other = trial(1, 4000, 4000)
    truth = other.value - one.value
    assert truth > 0.03
    pairs = [trial(3 * seed + 10, 160, 60) for seed in range(300)]
    differences = [(other - one).estimate for one, other in pairs]
    covered = np.mean([low <= truth <= high for low, high in (difference.interval for difference in differences)])
    assert 0.90 < covered < 0.995
    assert differences[0].margin < pairs[0][0].estimate.margin / 2


def test_the_gap_runs_from_the_photographs_to_the_paintings() -> None:
    photos, paintings = draw(0, 50), draw(1, 60, 1.0)
    assert gap_closed(photos, photos, paintings).value == 0
    assert gap_closed(photos, photos + 1, paintings).value == pytest.approx(1, abs=0.1)
    floor = kernel_distance(draw(2, 50, 1.0) + 0.2, paintings).value
    assert gap_closed(photos, draw(2, 50, 1.0) + 0.2, paintings, floor).value == pytest.approx(1)
    with pytest.raises(ValueError, match="49 paintings of 50"):
        gap_closed(photos, photos[1:], paintings)
    with pytest.raises(ValueError, match="three pictures"):
        kernel_distance(photos[:2], paintings)


def test_the_frechet_distance_of_known_gaussians() -> None:
    first, second = draw(0, 60_000, 0.0, 3), 2 * draw(1, 60_000, 0.0, 3) + np.array([1.0, 0.0, 0.0])
    # |shift|^2 + sum (sigma1 - sigma2)^2 over three independent directions.
    assert frechet_distance(first, second) == pytest.approx(1 + 3, rel=0.03)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("count", "other"), [(2, 30), (12, 9), (50, 7), (60, 70)])
def test_the_frechet_distance_of_few_pictures_follows_its_definition(count: int, other: int) -> None:
    first, second = draw(0, count, 0.0, 40), draw(1, other, 0.3, 40) * np.linspace(0.5, 2, 40)
    one, two = (np.cov(features, rowvar=False) for features in (first, second))
    roots = np.sqrt(np.linalg.eigvals(one @ two).real.clip(0)).sum()
    shift = np.square(first.mean(0) - second.mean(0)).sum()
    assert frechet_distance(first, second) == pytest.approx(shift + np.trace(one + two) - 2 * roots, rel=1e-5)


class Given(torch.nn.Module):
    """Features for the reference: pictures that are features already."""

    num_features = 8

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)


@pytest.mark.filterwarnings("ignore:Metric .* will save all extracted features")
def test_kernel_and_frechet_distance_are_those_of_a_reference() -> None:
    first, second = draw(0, 90), draw(1, 90, 0.4) @ np.diag(np.linspace(0.5, 2, 8))
    pictures = [torch.from_numpy(one)[:, :, None, None] for one in (first, second)]
    kernel = KernelInceptionDistance(feature=Given(), subsets=1, subset_size=90)
    frechet = FrechetInceptionDistance(feature=Given(), input_img_size=(8, 1, 1)).set_dtype(torch.float64)
    for metric in (kernel, frechet):
        metric.update(pictures[0], real=True)
        metric.update(pictures[1], real=False)
    assert kernel_distance(first, second).value == pytest.approx(float(kernel.compute()[0]), rel=1e-4)
    assert frechet_distance(first, second) == pytest.approx(float(frechet.compute()), rel=1e-4)
