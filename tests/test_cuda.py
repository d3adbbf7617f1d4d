"""What needs a CUDA device: ``GAN_STYLE_TEST_CUDA=1 pytest tests/test_cuda.py``. Elsewhere these tests are skipped."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_style import load_style
from gan_style.training.api import resume, train
from gan_style.training.schedule import Limit
from tests.conftest import CUDA, photo
from tests.training.test_resume import RECIPE, STEPS, Cutter, PowerCutError

pytestmark = pytest.mark.skipif(
    not (CUDA and torch.cuda.is_available()), reason="needs a CUDA device, and GAN_STYLE_TEST_CUDA=1"
)


@pytest.mark.parametrize("style", ["monet", "vangogh", "ukiyoe"])
def test_it_paints_as_the_cpu_does(style: str) -> None:
    picture = photo("chelsea.png")
    there, here = (
        np.asarray(load_style(style, device=device, precision="fp32").paint(picture), np.int16)
        for device in ("cuda", "cpu")
    )
    apart = np.abs(there - here)
    assert apart.max() <= 16
    assert apart.mean() < 0.2


def test_large_pictures_are_painted_in_parts() -> None:
    style = load_style("monet", device="cuda")
    torch.cuda.reset_peak_memory_stats()
    painted = style.paint(photo("coffee.png").resize((3000, 2000), Image.Resampling.LANCZOS))
    assert painted.size == (3000, 2000)
    assert torch.cuda.max_memory_allocated() < 2**30


def test_it_learns_and_goes_on(
    photo_folder: Path, painting_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan_style.training.session.SAVE_SECONDS", 0.0)
    folders, limit, first = (photo_folder, painting_folder), Limit(steps=STEPS), tmp_path / "first.safetensors"
    plain = dataclasses.replace(RECIPE, generator=dataclasses.replace(RECIPE.generator, streaks=0))
    train(*folders, first, recipe=plain, limit=limit, device="cuda")
    with pytest.raises(PowerCutError):
        train(*folders, tmp_path / "x.ckpt", start=str(first), recipe=RECIPE, limit=limit, listener=Cutter(5))
    outcome = resume(tmp_path / "x-run")
    assert outcome.steps == STEPS
    style = load_style(outcome.style, device="cuda")
    assert "cuda" in str(style.painter.compute.device)
    assert style.painter.generator.config.streaks == RECIPE.generator.streaks
    assert np.asarray(style.paint(photo("chelsea.png"))).std() > 10
