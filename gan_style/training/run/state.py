"""The complete state of a run in one file, for exact resume.

It contains all networks, both optimizers and all random states, as safetensors with a JSON object in the header. Two
files are kept: if the newer one is corrupt, the older one is used.
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
"""Also supported: see :func:`upgraded`."""

KEPT = 2
PATTERN = "state-*.safetensors"
HEALTHY = "healthy.safetensors"
"""The state at the last validation without a failure, to which training rolls back."""

REFINING = "refining.safetensors"
"""The state of the refiner's training, which follows that of the generator."""

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
    """Return the path of a state; names sort by steps."""
    return folder / f"state-{steps:012}.safetensors"


def save_state(folder: Path, trainer: AnyTrainer, about: Mapping[str, Any], extra: Mapping[str, Tensor]) -> Path:
    """Write the state, and remove all other states but the previous one.

    Args:
        folder: the run folder.
        trainer: the trainer to save.
        about: further values, as JSON.
        extra: further tensors.

    Returns:
        Path of the file.

    Raises:
        OSError: the file cannot be written; the earlier ones remain.
    """
    path = state_path(folder, trainer.steps)
    write_state(path, trainer, about, extra)
    states = sorted(folder.glob(PATTERN))
    now = states.index(path)
    for old in states[: max(0, now + 1 - KEPT)] + states[now + 1 :]:  # Later ones precede a rollback.
        old.unlink(missing_ok=True)
    return path


def write_state(path: Path, trainer: AnyTrainer, about: Mapping[str, Any], extra: Mapping[str, Tensor]) -> None:
    """Write the state to a file; see :func:`save_state`.

    Raises:
        OSError: the file cannot be written.
    """
    values, tensors = snapshot(trainer)
    tensors.update((f"{EXTRA}.{name}", value.cpu().contiguous()) for name, value in extra.items())
    write_tensors(path, tensors, {KEY: json.dumps({**values, **about})})


def snapshot(trainer: AnyTrainer) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return everything that training changes: numbers, as JSON, and tensors on the CPU."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors_of(trainer)}
    tensors["chance.cpu"] = torch.get_rng_state()
    if trainer.compute.device.type == "cuda":
        tensors["chance.cuda"] = torch.cuda.get_rng_state(trainer.compute.device)
    return {"schema": SCHEMA, **trainer.numbers()}, tensors


def has_state(folder: Path) -> bool:
    """Return whether there is a state to resume from."""
    return any(folder.glob(PATTERN)) or (folder / REFINING).exists()


def remove_states(folder: Path, *, healthy: bool = True, refining: bool = True) -> None:
    """Remove the states of a run that has finished, or that starts over.

    Args:
        folder: the run folder.
        healthy: whether to remove the last healthy state, too.
        refining: whether to remove the refiner's state, too.
    """
    others = [HEALTHY] * healthy + [REFINING] * refining
    for path in (*folder.glob(PATTERN), *(folder / name for name in others)):
        path.unlink(missing_ok=True)


def tensors_of(trainer: AnyTrainer) -> Iterator[tuple[str, Tensor]]:
    """Yield the name and value of all tensors that training changes, apart from random states."""
    for network, module in trainer.networks().items():
        for name, value in module.state_dict().items():
            yield f"{network}.{name}", value
    for which, optimizer in zip(OPTIMIZERS, trainer.optimizers, strict=True):
        for index, moments in optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                yield f"{which}.{index}.{name}", value


def load_state(folder: Path, trainer: AnyTrainer) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Restore a new trainer from the newest readable state.

    Args:
        folder: the run folder.
        trainer: built with the recipe and the pictures of the run.

    Returns:
        The values of ``about``, with all others in the header, and the tensors of ``extra``, see :func:`save_state`.

    Raises:
        TrainingError: there is no readable state.
    """
    paths = sorted(folder.glob(PATTERN), reverse=True)
    for path in paths:
        with contextlib.suppress(OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError):
            return restore_from(path, trainer)  # Truncated or corrupt: try the previous one.
    raise TrainingError(f"{folder} has no readable state; start a new run.")


def restore_from(path: Path, trainer: AnyTrainer) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Restore a trainer from a file; returns the same as :func:`load_state`.

    Raises:
        OSError, SafetensorError, ValueError, KeyError, TypeError or RuntimeError: it is corrupt, or of another recipe.
    """
    about, tensors = read_state(path)
    if about["schema"] == OLD_SCHEMA:
        about, tensors = upgraded(about, tensors, trainer)
    restore(trainer, about, tensors)
    return about, strip_prefix(tensors, EXTRA)


def upgraded(
    about: Mapping[str, Any], tensors: Mapping[str, Tensor], trainer: AnyTrainer
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Convert a state from schema 3 to schema 4, in which running statistics belong to the loss terms.

    Args:
        about: the header values.
        tensors: tensors by their old names.
        trainer: the trainer to restore; it keeps statistics that the old state lacks.
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
    """Read the header values and tensors of a state.

    Raises:
        SafetensorError: the file is corrupt.
        ValueError: the file is not a training state.
    """
    with text_name(path) as file, safe_open(file, "pt") as stream:
        about = json.loads((stream.metadata() or {}).get(KEY, "null"))
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - not a dictionary
    if not isinstance(about, dict) or about.get("schema") not in (OLD_SCHEMA, SCHEMA):
        raise ValueError(f"{path} is not a training state")
    return about, tensors


def restore(trainer: AnyTrainer, about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Restore all networks, optimizers, numbers and random states.

    Raises:
        KeyError, ValueError, TypeError or RuntimeError: the state is of another recipe.
    """
    for network, module in trainer.networks().items():
        module.load_state_dict(strip_prefix(tensors, network))
    for which, optimizer in zip(OPTIMIZERS, trainer.optimizers, strict=True):
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        moments: dict[int, dict[str, Tensor]] = {index: {} for index in range(len(parameters))}
        for name, value in strip_prefix(tensors, which).items():
            index, what = name.split(".")
            like = parameters[int(index)]
            # In the memory layout of the parameter, as the optimizer creates it.
            moments[int(index)][what] = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
        known = {index: one for index, one in moments.items() if one}
        optimizer.load_state_dict({**optimizer.state_dict(), "state": known})
    trainer.set_numbers(about)
    torch.set_rng_state(tensors["chance.cpu"])
    if "chance.cuda" in tensors and trainer.compute.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["chance.cuda"], trainer.compute.device)


def strip_prefix(tensors: Mapping[str, Tensor], room: str) -> dict[str, Tensor]:
    """Return the tensors under a prefix, without the prefix."""
    return {name.removeprefix(f"{room}."): value for name, value in tensors.items() if name.startswith(f"{room}.")}
