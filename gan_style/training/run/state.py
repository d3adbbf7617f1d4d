"""The whole state of a training in one file, so that it can go on as if nothing had happened.

Both networks, the average, both optimisers and every source of chance, as safetensors with a JSON object in the header.
Two files are kept: where the newest is damaged, the one before it serves.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from gan_style.checkpoints.files import text_name, write_tensors
from gan_style.errors import TrainingError
from gan_style.training.step.adversarial import AdversarialTrainer

AnyTrainer = AdversarialTrainer[Any]

KEY, SCHEMA = "gan_style_state", 4
OLD_SCHEMA = 3
"""Read, too: see :func:`upgraded`."""

KEPT = 2
PATTERN = "state-*.safetensors"
HEALTHY = "healthy.safetensors"
"""The state at the last examination that found nothing wrong, to which an ill training goes back."""

REFINING = "refining.safetensors"
"""The state of the training of a refiner, which follows that of the generator."""

OLD_STATISTICS = {
    "terms.calm.threshold": "calm",
    "terms.order.levels": "levels",
    "terms.color.chroma": "tints",
    "terms.color.lightness": "lights",
    "terms.flow.deviation": "straying",
}
"""Names of running statistics in states of schema 3."""

EXTRA = "extra"
OPTIMIZERS = ("critic", "painter")


def state_path(folder: Path, steps: int) -> Path:
    """The file of the state after so many steps; names sort by steps."""
    return folder / f"state-{steps:012}.safetensors"


def save_state(folder: Path, trainer: AnyTrainer, about: Mapping[str, Any], extra: Mapping[str, Tensor]) -> Path:
    """Write the state beside the ones before it and remove all others but the one just before it.

    Args:
        folder: of the run.
        trainer: what to keep.
        about: what else to remember, as JSON.
        extra: what else to remember, as tensors.

    Returns:
        The file.

    Raises:
        OSError: it cannot be written; those before it are left.
    """
    path = state_path(folder, trainer.steps)
    write_state(path, trainer, about, extra)
    states = sorted(folder.glob(PATTERN))
    now = states.index(path)
    for old in states[: max(0, now + 1 - KEPT)] + states[now + 1 :]:  # Later ones are of a course that was given up.
        old.unlink(missing_ok=True)
    return path


def write_state(path: Path, trainer: AnyTrainer, about: Mapping[str, Any], extra: Mapping[str, Tensor]) -> None:
    """Write the state into a file; as for :func:`save_state`.

    Raises:
        OSError: it cannot be written.
    """
    values, tensors = snapshot(trainer)
    tensors.update((f"{EXTRA}.{name}", value.cpu().contiguous()) for name, value in extra.items())
    write_tensors(path, tensors, {KEY: json.dumps({**values, **about})})


def snapshot(trainer: AnyTrainer) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Everything that training changes: numbers, as JSON, and tensors on the CPU."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors_of(trainer)}
    tensors["chance.cpu"] = torch.get_rng_state()
    if trainer.compute.device.type == "cuda":
        tensors["chance.cuda"] = torch.cuda.get_rng_state(trainer.compute.device)
    return {"schema": SCHEMA, **trainer.numbers()}, tensors


def has_state(folder: Path) -> bool:
    """Whether there is something to go on from."""
    return any(folder.glob(PATTERN)) or (folder / REFINING).exists()


def remove_states(folder: Path, *, healthy: bool = True, refining: bool = True) -> None:
    """Remove all states of a run that is over, or that begins anew.

    Args:
        folder: of the run.
        healthy: whether that to go back to is among them.
        refining: whether that of the training of a refiner is.
    """
    others = [HEALTHY] * healthy + [REFINING] * refining
    for path in (*folder.glob(PATTERN), *(folder / name for name in others)):
        path.unlink(missing_ok=True)


def tensors_of(trainer: AnyTrainer) -> Iterator[tuple[str, Tensor]]:
    """Names and values of everything that training changes, apart from numbers and chance."""
    for network, module in trainer.networks().items():
        for name, value in module.state_dict().items():
            yield f"{network}.{name}", value
    for which, optimizer in zip(OPTIMIZERS, trainer.optimizers, strict=True):
        for index, moments in optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                yield f"{which}.{index}.{name}", value


def load_state(folder: Path, trainer: AnyTrainer) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Bring a new trainer into the newest state that can be read.

    Args:
        folder: of the run.
        trainer: made with the recipe and the pictures of the run.

    Returns:
        What :func:`save_state` was given as ``about``, among the rest of the description, and as ``extra``.

    Raises:
        TrainingError: there is none.
    """
    paths = sorted(folder.glob(PATTERN), reverse=True)
    for path in paths:
        with contextlib.suppress(OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError):
            return restore_from(path, trainer)  # Else cut off or damaged: the one before it may do.
    raise TrainingError(f"No state in {folder} can be read; train anew.")


def restore_from(path: Path, trainer: AnyTrainer) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Bring a trainer into the state in a file; what :func:`load_state` returns.

    Raises:
        OSError, SafetensorError, ValueError, KeyError, TypeError or RuntimeError: it is damaged, or of another recipe.
    """
    about, tensors = read_state(path)
    if about["schema"] == OLD_SCHEMA:
        about, tensors = upgraded(about, tensors, trainer)
    restore(trainer, about, tensors)
    return about, below(tensors, EXTRA)


def upgraded(
    about: Mapping[str, Any], tensors: Mapping[str, Tensor], trainer: AnyTrainer
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A state of schema 3 as one of schema 4, where running statistics belong to the terms of the loss.

    Args:
        about: the description.
        tensors: by their old names.
        trainer: whose state it is to become; it keeps the statistics that the old state lacks.
    """
    about, tensors = dict(about), dict(tensors)
    for old, new in (("gentleness", "lr_scale"), ("disturbance", "augmentation_scale")):
        if old in about:
            about[new] = about.pop(old)
    if "calm" in about:
        tensors["calm"] = torch.tensor(float(about.pop("calm")))
    for name, value in tensors_of(trainer):
        if name.startswith("terms."):
            tensors[name] = tensors.get(OLD_STATISTICS.get(name, ""), value)
    return about, tensors


def read_state(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Description and tensors of a file.

    Raises:
        SafetensorError: it is damaged.
        ValueError: it is something else.
    """
    with text_name(path) as file, safe_open(file, "pt") as stream:
        about = json.loads((stream.metadata() or {}).get(KEY, "null"))
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - not a dictionary
    if not isinstance(about, dict) or about.get("schema") not in (OLD_SCHEMA, SCHEMA):
        raise ValueError(f"{path} is no state of a training")
    return about, tensors


def restore(trainer: AnyTrainer, about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Set everything.

    Raises:
        KeyError, ValueError, TypeError or RuntimeError: the state belongs to another recipe.
    """
    for network, module in trainer.networks().items():
        module.load_state_dict(below(tensors, network))
    for which, optimizer in zip(OPTIMIZERS, trainer.optimizers, strict=True):
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        moments: dict[int, dict[str, Tensor]] = {index: {} for index in range(len(parameters))}
        for name, value in below(tensors, which).items():
            index, what = name.split(".")
            like = parameters[int(index)]
            # In the memory layout of the parameter, as the optimiser made it.
            moments[int(index)][what] = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
        known = {index: one for index, one in moments.items() if one}
        optimizer.load_state_dict({**optimizer.state_dict(), "state": known})
    trainer.set_numbers(about)
    torch.set_rng_state(tensors["chance.cpu"])
    if "chance.cuda" in tensors and trainer.compute.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["chance.cuda"], trainer.compute.device)


def below(tensors: Mapping[str, Tensor], room: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a room's, without it."""
    return {name.removeprefix(f"{room}."): value for name, value in tensors.items() if name.startswith(f"{room}.")}
