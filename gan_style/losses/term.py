"""Interface of the terms of the generator's loss: a name, a weight, and a function of a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn


class Processes(Protocol):
    """The processes that train together."""

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean over all processes, without a gradient."""
        ...

    def gather(self, values: Tensor) -> Tensor:
        """Concatenate the values of all processes along the first dimension, without a gradient."""
        ...


@dataclass(frozen=True)
class Batch:
    """A training batch; pictures are (N, 3, crop, crop) in [-1, 1].

    Attributes:
        photos: photographs, simplified if the generator simplifies them.
        paintings: paintings.
        latent: (N, Z), the latent vectors of the painted photographs.
        painted: painted photographs; gradients flow through.
        augmented: ``painted``, augmented.
        augmented_paintings: ``paintings``, augmented.
        features: feature maps of ``augmented``; gradients flow through.
        photo_features: feature maps of ``photos``, with the same augmentation as ``augmented``.
        painting_features: feature maps of ``augmented_paintings``.
    """

    photos: Tensor
    paintings: Tensor
    latent: Tensor
    painted: Tensor
    augmented: Tensor
    augmented_paintings: Tensor
    features: list[Tensor]
    photo_features: list[Tensor]
    painting_features: list[Tensor]


@dataclass(frozen=True)
class Context:
    """Inputs of the terms besides the batch.

    Attributes:
        processes: the processes that train together.
        scheduled: returns a value that depends on the step alone, by name: see ``Trainer.schedule``.
        predict_latent: predicts the latent vectors, (N, Z), from feature maps of paintings and photographs.
    """

    processes: Processes
    scheduled: Callable[[str], float | Tensor]
    predict_latent: Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]


class LossTerm(nn.Module, ABC):
    """A term of the generator's loss.

    Running statistics must be buffers, so that they are saved and restored with the run. No other attribute may change
    after construction, since it would not be saved, and resumed runs would silently differ.

    Attributes:
        weight: factor on the value.
    """

    name: ClassVar[str]
    """Name in logs and saved states and, followed by ``_weight``, in the recipe."""

    always: ClassVar[bool] = False
    """Whether the term is computed and logged even if its weight is 0."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    @abstractmethod
    def forward(self, batch: Batch, context: Context) -> Tensor:
        """Compute the unweighted value, a scalar, and update the running statistics."""

    def weighted(self, value: Tensor, context: Context) -> Tensor:
        """Return the contribution to the loss of a value that :meth:`forward` returned."""
        del context
        return self.weight * value

    def freeze(self) -> LossTerm:
        """Forbid changes to attributes other than buffers from now on."""
        self.__dict__["frozen"] = True
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__dict__.get("frozen") and name != "training":
            raise AttributeError(f"{type(self).__name__}.{name} would not be saved; change a buffer in place")
        super().__setattr__(name, value)


def move_towards(running: Tensor, value: Tensor, share: float | Tensor) -> None:
    """Update a running mean in place.

    Args:
        running: the running mean, of any shape.
        value: value of the latest batch, of the same shape.
        share: weight of the latest value, 0..1.
    """
    with torch.no_grad():
        running.lerp_(value, share)
