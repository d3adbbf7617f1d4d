"""Base class of adversarial trainers: networks, optimizers, and the state to save."""

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
    """Return whether all losses of a step are finite."""
    return all(map(math.isfinite, losses.values()))


class AdversarialTrainer(Generic[Network]):
    """Trains a generator against a discriminator on pictures and on a frozen backbone's feature maps.

    Attributes:
        generator: the network to train.
        average: its exponential moving average, which is the result.
        discriminator: its adversary.
        backbone: frozen feature extractor of the discriminator.
        optimizers: optimizers of the discriminator and of the generator.
        steps: number of steps.
        lr_scale: additional factor on both learning rates, below 1 after a failure.
        captured: tensors that replace ``schedule`` while a step is captured; otherwise empty.
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
        """Move the networks to the device.

        Args:
            generator: the network to train.
            backbone: frozen feature extractor of the discriminator.
            discriminator: shape of the discriminator.
            objective: one of ``losses.adversarial.OBJECTIVES``.
            ema: decay of the exponential moving average.
            compute: device and precision.
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
        """Return all modules with weights or running statistics, by their names in saved states."""
        return {"generator": self.generator, "average": self.average, "discriminator": self.discriminator}

    def optimize(
        self, rates: tuple[float, float], betas: tuple[float, float], *others: nn.Module, capturable: bool = False
    ) -> None:
        """Create the optimizers.

        Args:
            rates: peak learning rates of the discriminator and of the generator.
            betas: of Adam (Kingma & Ba, ICLR 2015).
            others: networks trained together with the generator.
            capturable: whether a CUDA graph may capture their steps; all values that change between steps are then
                tensors.
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
        """Initialize with the weights of another generator of the same shape.

        Args:
            generator: if its latent size differs, the latent projection is initialized anew.
        """
        self.generator.load_matching_weights(generator)
        self.average.load_state_dict(self.generator.state_dict())

    def set_rate(self, factor: float) -> None:
        """Set both learning rates to a factor of their peaks."""
        for optimizer, rate in zip(self.optimizers, self.rates, strict=True):
            for group in optimizer.param_groups:
                now = rate * factor * self.lr_scale
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(now)
                else:
                    group["lr"] = now

    def extract_features(self, picture: Tensor) -> list[Tensor]:
        """Extract feature maps, in float32: the backbone's depthwise convolutions gain nothing from bf16."""
        maps: list[Tensor] = self.backbone(picture.float())
        return maps

    def discriminate(self, picture: Tensor, maps: list[Tensor], discriminator: nn.Module | None = None) -> list[Tensor]:
        """Compute discriminator scores in the chosen precision."""
        with self.compute.autocast():
            scores: list[Tensor] = (discriminator or self.discriminator)(picture, maps)
        return scores

    @torch.no_grad()
    def update_average(self) -> None:
        """Update the moving average, with a smaller decay in the first steps."""
        share = self.scheduled("renewal")
        for mean, now in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(now, share)

    def schedule(self) -> dict[str, float]:
        """Return the values that depend on the step alone, by name; always in the same order."""
        return {"renewal": 1 - min(self.ema, (1 + self.steps) / (10 + self.steps))}

    def scheduled(self, name: str) -> float | Tensor:
        """Return a value of :meth:`schedule`, or the tensor that replaces it in a captured step."""
        return self.captured[name] if self.captured else self.schedule()[name]

    def numbers(self) -> dict[str, Any]:
        """Return the state besides networks and optimizers, as JSON."""
        return {"steps": self.steps, "lr_scale": self.lr_scale}

    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Restore that state.

        Raises:
            KeyError, ValueError or TypeError: the values are invalid.
        """
        self.steps, self.lr_scale = int(numbers["steps"]), float(numbers["lr_scale"])
