from __future__ import annotations

import dataclasses

import pytest

from gan_style.metrics.features import FeatureSpace, choose_features


def small_features() -> FeatureSpace:
    """A network that looks at pictures as small as those learnt from."""
    return dataclasses.replace(choose_features("lite0"), side=64)


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Examinations in a tenth of the time, and few pictures wherever some are looked at."""
    patch.setattr("gan_style.training.loop.setup.choose_features", small_features)
    patch.setattr("gan_style.training.loop.setup.BRIEF", 4)
    patch.setattr("gan_style.training.run.preview.COLUMNS", 2)
    patch.setattr("gan_style.training.step.trainer.STANDARDIZATION_CROPS", 8)
    patch.setattr("gan_style.training.loop.refiner_choice.RESTORED", 1)


@pytest.fixture(autouse=True)
def quick_examinations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings that are not about what people see of them."""
    quicken(monkeypatch)
