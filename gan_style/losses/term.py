"""What a term of the generator's loss is: a name, a weight, and a function of a batch."""

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
        """The mean over all processes, without a gradient."""
        ...

    def gather(self, values: Tensor) -> Tensor:
        """All processes' values, concatenated along the first dimension, without a gradient."""
        ...


@dataclass(frozen=True)
class Batch:
    """One batch as both networks see it; pictures are (N, 3, crop, crop) in [-1, 1].

    Attributes:
        photos: photographs, simplified where the generator sees them so.
        paintings: paintings.
        latent: (N, Z), the latent vectors with which the photographs were painted.
        painted: painted photographs; gradients flow through.
        augmented: ``painted``, augmented.
        augmented_paintings: ``paintings``, augmented.
        features: feature maps of ``augmented``; gradients flow through.
        photo_features: feature maps of ``photos``, augmented as ``augmented`` is.
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
    """What terms need beside a batch.

    Attributes:
        processes: those that train together.
        scheduled: a number that depends on the step alone, by name: see ``Trainer.schedule``.
        predict_latent: the latent vectors, (N, Z), as they are read from feature maps of paintings and photographs.
    """

    processes: Processes
    scheduled: Callable[[str], float | Tensor]
    predict_latent: Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]


class LossTerm(nn.Module, ABC):
    """A term of the generator's loss.

    Running statistics are buffers, so that they are saved and restored with everything else, and nothing else may
    change once a term is made: what is forgotten there would break exact resume without a word.

    Attributes:
        weight: what the value is multiplied by.
    """

    name: ClassVar[str]
    """In logs, in saved states, and, with ``_weight``, in the recipe."""

    always: ClassVar[bool] = False
    """Whether it is computed and logged even where its weight is 0."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    @abstractmethod
    def forward(self, batch: Batch, context: Context) -> Tensor:
        """The value before the weight, a scalar; updates the running statistics, too."""

    def weighted(self, value: Tensor, context: Context) -> Tensor:
        """What is added to the loss for a value that :meth:`forward` returned."""
        del context
        return self.weight * value

    def freeze(self) -> LossTerm:
        """Let nothing but buffers change from here on."""
        self.__dict__["frozen"] = True
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__dict__.get("frozen") and name != "training":
            raise AttributeError(f"{type(self).__name__}.{name} would not be saved; change a buffer in place")
        super().__setattr__(name, value)


def move_towards(running: Tensor, value: Tensor, share: float | Tensor) -> None:
    """Update a running mean in place.

    Args:
        running: the mean, of any shape.
        value: likewise, of the newest batch.
        share: how much of the new mean that is, 0..1.
    """
    with torch.no_grad():
        running.lerp_(value, share)
