"""What needs a CUDA device: ``GAN_STYLE_TEST_CUDA=1 pytest tests/test_cuda.py``. Elsewhere these tests are skipped."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gan_style import load_style
from gan_style.checkpoints.backbone import load_backbone
from gan_style.device import Compute
from gan_style.losses.content import ContentTerm
from gan_style.losses.term import Batch, Context
from gan_style.training.api import resume, train
from gan_style.training.loop.schedule import Limit
from gan_style.training.run.state import restore, snapshot
from gan_style.training.step.adversarial import all_finite
from gan_style.training.step.graph import WARM_UP
from gan_style.training.step.trainer import Trainer
from tests.conftest import CUDA, photo
from tests.training.test_graph import EVERYTHING
from tests.training.test_resume import RECIPE, STEPS, Cutter, PowerCutError
from tests.training.test_training import SHALLOW, sets

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
    monkeypatch.setattr("gan_style.training.loop.loop.SAVE_SECONDS", 0.0)
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


class KernelByKernel(Trainer):
    """A variant, and therefore never recorded."""


def new_trainer(kind: type[Trainer], folders: tuple[Path, Path], precision: str = "fp32") -> Trainer:
    return kind(*sets(*folders), load_backbone(SHALLOW), EVERYTHING, Compute.choose("cuda", precision))


def weights(trainer: Trainer) -> list[np.ndarray]:
    return [
        one.detach().cpu().numpy().copy() for network in trainer.networks().values() for one in network.parameters()
    ]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_recorded_step_learns_what_others_do(photo_folder: Path, painting_folder: Path, precision: str) -> None:
    folders, losses = (photo_folder, painting_folder), []
    for kind in (KernelByKernel, Trainer):
        trainer = new_trainer(kind, folders, precision)
        losses.append([trainer.step(1.0) for _ in range(40)])
        assert (trainer.graph is not None) is (kind is Trainer)
    assert trainer.graph is not None
    assert trainer.graph.graph is not None, "it is recorded"
    for name in ("discriminator", "generator", "content"):
        first, second = ([one[name] for one in some] for some in losses)
        assert second[: WARM_UP + 2] == pytest.approx(first[: WARM_UP + 2], rel=0.02)
        assert np.mean(second) == pytest.approx(np.mean(first), rel=0.1)


def test_every_replay_draws_and_learns_anew(photo_folder: Path, painting_folder: Path) -> None:
    trainer = new_trainer(Trainer, (photo_folder, painting_folder))
    for _ in range(WARM_UP + 1):
        trainer.step(1.0)
    for _ in range(3):
        before = weights(trainer)
        trainer.step(1.0)
        assert sum(not np.array_equal(*pair) for pair in zip(before, weights(trainer), strict=True)) > len(before) / 2
    before = weights(trainer)
    losses = [trainer.step(0.0) for _ in range(4)]
    count = len([*trainer.generator.parameters()])
    assert all(np.array_equal(*pair) for pair in zip(before[:count], weights(trainer)[:count], strict=True))
    assert len({one["generator"] for one in losses}) == 4


def test_a_recorded_step_goes_on_from_a_state(photo_folder: Path, painting_folder: Path) -> None:
    trainer = new_trainer(Trainer, (photo_folder, painting_folder))
    for _ in range(WARM_UP + 2):
        trainer.step(1.0)
    state = snapshot(trainer)
    first = [trainer.step(1.0)["discriminator"] for _ in range(WARM_UP + 2)]
    restore(trainer, *state)
    assert [trainer.step(1.0)["discriminator"] for _ in range(WARM_UP + 2)] == pytest.approx(first, rel=0.02)
    assert trainer.graph is not None
    before = trainer.graph.graph
    trainer.augmentation_scale = 1.5
    for _ in range(WARM_UP + 1):
        trainer.step(1.0)
    assert trainer.graph.graph not in (None, before), "how strong the augmentation is belongs to the recording"


def test_what_cannot_be_recorded_is_made_all_the_same(
    photo_folder: Path, painting_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def from_the_host(_: ContentTerm, batch: Batch, context: Context) -> Tensor:
        del context
        return batch.features[0].mean() * batch.features[0].mean().item()

    monkeypatch.setattr(ContentTerm, "forward", from_the_host)
    trainer = new_trainer(Trainer, (photo_folder, painting_folder))
    assert all(all_finite(trainer.step(1.0)) for _ in range(WARM_UP + 4))
    assert caplog.text.count("cannot be recorded") == 1
    assert torch.randn(3, device="cuda").std() > 0
