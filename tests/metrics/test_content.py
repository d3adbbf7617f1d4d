from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity as reference

from gan_style.imaging.types import Pixels
from gan_style.metrics.content import feature_distance, luminance, structural_similarity
from gan_style.metrics.features import choose_features
from gan_style.metrics.health import PictureHealth, lattice, saturation


def noisy(picture: Pixels, amount: float) -> Pixels:
    noise = np.random.default_rng(0).normal(0, amount, picture.shape)
    return np.asarray((picture + noise).clip(0, 255), np.uint8)


@pytest.mark.parametrize("amount", [0, 5, 40])
def test_structural_similarity_is_that_of_a_reference(cat: Pixels, amount: float) -> None:
    first, second = luminance(cat), luminance(noisy(cat, amount))
    expected = reference(  # type: ignore[no-untyped-call]
        first, second, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, win_size=11
    )
    assert structural_similarity(first, second) == pytest.approx(expected, abs=2e-3)


def test_feature_distance_grows_with_the_change(cat: Pixels) -> None:
    look = choose_features("lite0")
    own, little, much = (look(noisy(cat, amount)).maps for amount in (0, 5, 40))
    assert feature_distance(own, own) == 0
    assert 0 < feature_distance(own, little) < feature_distance(own, much) < 4


def test_faults_are_seen_and_a_photograph_has_none(cat: Pixels) -> None:
    fine = PictureHealth.of(cat, noisy(cat, 3))
    assert not fine.drained
    assert not fine.inverted
    grey = np.repeat(cat.mean(2, keepdims=True).astype(np.uint8), 3, 2)
    assert PictureHealth.of(cat, grey).drained
    assert PictureHealth.of(cat, 255 - cat).inverted
    assert saturation(grey) == 0


def test_a_weave_raises_the_lattice_of_its_own_period(cat: Pixels) -> None:
    rows, columns = np.arange(cat.shape[0])[:, None], np.arange(cat.shape[1])
    for index, period in enumerate((2, 4)):
        weave = 12 * ((rows // (period // 2) + columns // (period // 2)) % 2)[..., None]
        woven = np.asarray((cat * 0.9 + weave).clip(0, 255), np.uint8)
        assert lattice(woven)[index] > 5 * lattice(cat)[index]
