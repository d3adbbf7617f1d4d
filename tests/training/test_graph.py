"""Steps that are made to be recorded; recording itself needs a device, see ``tests/test_cuda.py``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from gan_style.checkpoints.backbone import load_backbone
from gan_style.device import Compute
from gan_style.training.distributed import ProcessGroup
from gan_style.training.recipe import Recipe
from gan_style.training.run.state import restore, snapshot
from gan_style.training.step.trainer import Trainer
from tests.training.test_training import SHALLOW, TINY_RECIPE, sets

Folders = tuple[Path, Path]

EVERYTHING = dataclasses.replace(
    TINY_RECIPE,
    generator=dataclasses.replace(TINY_RECIPE.generator, noise=2, streaks=2, simplify=1),
    color_weight=10.0,
    flow_weight=None,
    gram_weight=1.0,
    feature_weight=1.0,
)


class Unrecorded:
    """In a graph's place: the same function of tensors that stay where they are, called each time."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.inputs, self.forgotten = device, list[Tensor](), 0

    def forget(self) -> None:
        self.forgotten += 1

    def __call__(self, step: Callable[..., Tensor], settings: object, *inputs: Tensor) -> Tensor:
        assert isinstance(hash(settings), int)
        self.inputs = self.inputs or [torch.empty_like(one) for one in inputs]
        for one, there in zip(inputs, self.inputs, strict=True):
            there.copy_(one)
        return step(*self.inputs)


class HostReads(TorchFunctionMode):
    """Notes everything for which the host would wait for a device, or a device for the host."""

    WORDS = ("tensor", "as_tensor", "new_tensor", "from_numpy", "item", "tolist", "numpy", "cpu", "nonzero", "randperm")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", str(func))
        if name == "__getitem__":
            places = args[1] if isinstance(args[1], tuple) else (args[1],)
            bad = any(isinstance(one, list | tuple) for one in places)
        else:
            bad = name in (*self.WORDS, "__bool__", "__float__", "__int__", "__index__")
        result = func(*args, **(kwargs or {}))
        tensors = [one for one in tree_leaves((args, kwargs, result)) if isinstance(one, Tensor)]
        if bad or any(one.device.type == "cpu" for one in tensors):
            self.found.append(name)
        return result


@pytest.fixture
def folders(photo_folder: Path, painting_folder: Path) -> Folders:
    return photo_folder, painting_folder


def new_trainer(folders: Folders, recipe: Recipe, device: str = "cpu") -> Trainer:
    return Trainer(*sets(*folders), load_backbone(SHALLOW), recipe, Compute(torch.device(device), "fp32"))


@pytest.fixture
def as_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trainer, "capturable", lambda _: True)
    monkeypatch.setattr("gan_style.training.step.trainer.GraphedStep", Unrecorded)


def test_a_step_of_fixed_tensors_learns_what_any_other_does(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = (1.0, 0.7, 0.2, 0.0)
    plain = new_trainer(folders, EVERYTHING)
    assert plain.graph is None
    expected = [plain.step(rate) for rate in rates]
    monkeypatch.setattr(Trainer, "capturable", lambda _: True)
    monkeypatch.setattr("gan_style.training.step.trainer.GraphedStep", Unrecorded)
    fixed = new_trainer(folders, EVERYTHING)
    for rate, losses in zip(rates, expected, strict=True):
        assert fixed.step(rate) == pytest.approx(losses, rel=1e-3, abs=1e-5)
    assert fixed.sampler.state == plain.sampler.state
    for network in plain.networks():
        states = [trainer.networks()[network].state_dict().values() for trainer in (plain, fixed)]
        for one, other in zip(*states, strict=True):
            assert torch.allclose(one, other, atol=1e-4)
    assert fixed.content_weight.weight == pytest.approx(plain.content_weight.weight)


@pytest.mark.usefixtures("as_on_a_device")
def test_a_step_of_fixed_tensors_goes_on_from_a_state(folders: Folders) -> None:
    trainer = new_trainer(folders, EVERYTHING)
    for _ in range(3):
        trainer.step(1.0)
    numbers, tensors = snapshot(trainer)
    state = dict(numbers), {name: value.clone() for name, value in tensors.items()}
    first = [trainer.step(1.0) for _ in range(3)]
    restore(trainer, *state)
    assert isinstance(trainer.graph, Unrecorded)
    assert trainer.graph.forgotten == 1, "the moments are others now"
    assert [trainer.step(1.0) for _ in range(3)] == first


def test_cutting_ahead_changes_nothing(folders: Folders) -> None:
    first, second = (new_trainer(folders, TINY_RECIPE) for _ in range(2))
    for _ in range(3):
        second.prefetch()
        assert second.sampler.state == first.sampler.state or not first.sampler.drawn
        for one, other in zip(first.next_crops(), second.next_crops(), strict=True):
            assert torch.equal(one, other)
    second.prefetch()
    first.sampler.state = second.sampler.state = new_trainer(folders, TINY_RECIPE).sampler.state
    for one, other in zip(first.next_crops(), second.next_crops(), strict=True):
        assert torch.equal(one, other), "what was cut ahead is of another time"


@pytest.mark.parametrize("recipe", [TINY_RECIPE, EVERYTHING, dataclasses.replace(EVERYTHING, objective="bce")])
def test_a_device_makes_a_step_without_a_word_from_the_host(
    folders: Folders, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Compute, "autocast", lambda _: nullcontext())
    trainer = new_trainer(folders, recipe, "meta")
    for optimizer in trainer.optimizers:
        monkeypatch.setattr(optimizer, "step", lambda: None)  # Those that can be recorded need a real device.
    photos, paintings = (one.to("meta") for one in trainer.next_crops())
    schedule = torch.empty(len(trainer.schedule()), device="meta")
    with HostReads() as reads:
        losses = trainer.captured_step(photos, paintings, schedule)
    assert losses.shape == (len(trainer.loss_names()),)
    assert not reads.found


def test_only_steps_that_are_all_alike_are_recorded(folders: Folders) -> None:
    class Variant(Trainer):
        """May decide anything on the host."""

    def capturable(kind: type[Trainer] = Trainer, group: ProcessGroup | None = None, **changes: Any) -> bool:
        trainer = new_trainer(folders, dataclasses.replace(TINY_RECIPE, **changes))
        trainer.__class__ = kind
        trainer.group, trainer.compute = group or ProcessGroup(), Compute(torch.device("cuda"), "fp32")
        return trainer.capturable()

    assert capturable()
    assert not capturable(Variant)
    assert not capturable(group=ProcessGroup(0, 2))
    assert not capturable(critic_steps=2)
    assert not capturable(objective="wasserstein")
    assert not new_trainer(folders, TINY_RECIPE).capturable()


@pytest.mark.parametrize(
    "talk",
    [
        lambda one: one * torch.tensor([1.0, 2.0], device=one.device),
        lambda one: one * one.new_tensor([1.0, 2.0]),
        lambda one: one[:, (1, 0)],
        lambda one: one[:, torch.randperm(2, device=one.device)],
        lambda one: one * torch.zeros(2).to(one.device),
    ],
)
def test_a_word_from_the_host_is_noticed(talk: Callable[[Tensor], Tensor]) -> None:
    with HostReads() as reads:
        talk(torch.zeros(2, 2, device="meta"))
    assert reads.found
