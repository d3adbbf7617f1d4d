from __future__ import annotations

import dataclasses
from functools import partial

import pytest
from torch import Tensor

from gan_style.metrics import features
from gan_style.metrics.features import FeatureSpace
from gan_style.metrics.patches import PatchConfig


def narrow_features(word: str = "auto") -> FeatureSpace:
    """The network that is asked for, which looks at small pictures and keeps the first of its features."""
    space = features.choose_features(word)

    def look(picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        vector, maps = space.look(picture)
        return vector[:, :64], maps

    return dataclasses.replace(space, side=96, look=look)


def quick_evaluation(patch: pytest.MonkeyPatch) -> None:
    """Evaluations in a tenth of the time; the whole network is looked through where the command is tested."""
    for module in ("evaluate", "evaluator"):
        patch.setattr(f"gan_style.evaluation.{module}.choose_features", narrow_features)
    patch.setattr("gan_style.evaluation.evaluator.PatchConfig", partial(PatchConfig, projections=8))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluations in a tenth of the time."""
    quick_evaluation(monkeypatch)
