"""What every training of a network against a discriminator has: its networks, its optimizers, and what it must keep."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from gan_style.device import Compute
from gan_style.losses.adversarial import Objective
from gan_style.models.backbone import Backbone
from gan_style.models.discriminator import DiscriminatorConfig, build_discriminator
from gan_style.models.generator import Generator

Network = TypeVar("Network", bound=Generator)


def all_finite(losses: Mapping[str, float]) -> bool:
    """Whether all losses of a step are finite numbers."""
    return all(map(math.isfinite, losses.values()))


class AdversarialTrainer(Generic[Network]):
    """A generator against a discriminator that looks at pictures, and at a frozen backbone's maps of them.

    Attributes:
        generator: what learns.
        average: its moving average, which is what is kept.
        discriminator: what it learns from.
        backbone: what the discriminator looks through.
        optimizers: of the discriminator, and of the generator.
        steps: steps made.
        lr_scale: a further factor on both learning rates, below 1 after a failure.
        captured: tensors to read ``schedule`` from while a step is recorded; empty at other times.
    """

    optimizers: tuple[torch.optim.Optimizer, torch.optim.Optimizer]

    def __init__(
        self,
        generator: Network,
        backbone: Backbone,
        discriminator: DiscriminatorConfig,
        objective: str,
        ema: float,
        compute: Compute,
    ) -> None:
        """Place the networks.

        Args:
            generator: what is to learn.
            backbone: what the discriminator looks through.
            discriminator: its shape.
            objective: one of ``losses.adversarial.OBJECTIVES``.
            ema: decay of the moving average.
            compute: where, and in which precision.
        """
        self.compute, self.ema = compute, ema
        self.generator: Network = compute.place(generator)
        self.average: Network = copy.deepcopy(self.generator).requires_grad_(False)
        self.backbone = compute.place(backbone)
        self.discriminator = compute.place(build_discriminator(discriminator, backbone.config))
        self.objective = Objective.named(objective)
        self.lr_scale = 1.0
        self.steps = 0
        self.captured: Mapping[str, Tensor] = {}

    def networks(self) -> dict[str, nn.Module]:
        """All that learns or keeps running statistics, by the names of saved states."""
        return {"generator": self.generator, "average": self.average, "discriminator": self.discriminator}

    def optimize(
        self, rates: tuple[float, float], betas: tuple[float, float], *others: nn.Module, capturable: bool = False
    ) -> None:
        """Make the optimizers.

        Args:
            rates: learning rates at their highest, of the discriminator and of the generator.
            betas: of Adam (Kingma & Ba, ICLR 2015).
            others: networks that learn together with the generator.
            capturable: whether a CUDA graph may hold their steps: whatever changes from one to the next is a tensor.
        """
        together = nn.ModuleList([self.generator, *others])
        self.rates = rates

        def adam(network: nn.Module, rate: float) -> torch.optim.Optimizer:
            if not capturable:
                return torch.optim.Adam(network.parameters(), rate, betas)
            adjustable = torch.tensor(rate, device=self.compute.device)
            return torch.optim.Adam(network.parameters(), adjustable, betas, capturable=True, fused=True)

        self.optimizers = adam(self.discriminator, rates[0]), adam(together, rates[1])

    def load_matching_weights(self, generator: Generator) -> None:
        """Begin with the weights of another generator of the same shape.

        Args:
            generator: where its noise has other dimensions, or none, the manners begin anew.
        """
        self.generator.load_matching_weights(generator)
        self.average.load_state_dict(self.generator.state_dict())

    def set_rate(self, factor: float) -> None:
        """Scale both learning rates."""
        for optimizer, rate in zip(self.optimizers, self.rates, strict=True):
            for group in optimizer.param_groups:
                now = rate * factor * self.lr_scale
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(now)
                else:
                    group["lr"] = now

    def extract_features(self, picture: Tensor) -> list[Tensor]:
        """Feature maps in float32: depthwise convolutions, of which the backbone is full, gain nothing from bf16."""
        maps: list[Tensor] = self.backbone(picture.float())
        return maps

    def discriminate(self, picture: Tensor, maps: list[Tensor], discriminator: nn.Module | None = None) -> list[Tensor]:
        """Scores, in the chosen precision."""
        with self.compute.autocast():
            scores: list[Tensor] = (discriminator or self.discriminator)(picture, maps)
        return scores

    @torch.no_grad()
    def update_average(self) -> None:
        """Move the average towards the generator; faster in the first steps, which it should forget."""
        share = self.scheduled("renewal")
        for mean, now in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(now, share)

    def schedule(self) -> dict[str, float]:
        """What depends on the step alone, by name; always the same names in the same order."""
        return {"renewal": 1 - min(self.ema, (1 + self.steps) / (10 + self.steps))}

    def scheduled(self, name: str) -> float | Tensor:
        """One of :meth:`schedule`, or the tensor in which a recorded step finds it."""
        return self.captured[name] if self.captured else self.schedule()[name]

    def numbers(self) -> dict[str, Any]:
        """What changes beside networks, as JSON."""
        return {"steps": self.steps, "lr_scale": self.lr_scale}

    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Restore them.

        Raises:
            KeyError, ValueError or TypeError: they are of something else.
        """
        self.steps, self.lr_scale = int(numbers["steps"]), float(numbers["lr_scale"])
