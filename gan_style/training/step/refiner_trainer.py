"""Training of the refiner, which adds brush strokes at twice the resolution.

Super-resolution of paintings is fully supervised: the input is a high-resolution scan downscaled by two, and the target
is the scan. In use, however, a refiner is applied to painted photographs, not to scans. So it is trained on those as
well, where only the discriminator supervises it, and on its own output, since large pictures are refined several times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.data.augmentation import Augmentation, AugmentationConfig
from gan_style.data.scans import CropBank
from gan_style.device import Compute
from gan_style.edge_flow import CELL
from gan_style.errors import UsageError
from gan_style.imaging.tensors import enlarge, shrink
from gan_style.losses.color import color_differences
from gan_style.losses.lattice import lattice_energy
from gan_style.losses.style import relative_difference
from gan_style.models.backbone import Backbone, BackboneConfig
from gan_style.models.discriminator import DiscriminatorConfig
from gan_style.models.generator import GeneratorConfig
from gan_style.models.refiner import CONFIG, Refiner
from gan_style.models.streaks import CHANNELS
from gan_style.training.step.adversarial import AdversarialTrainer

BLUR_RADIUS = 4
"""Radius in pixels of the blur kernel."""


@dataclass(frozen=True)
class RefinerConfig:
    """Settings of refiner training.

    Attributes:
        crop: side in pixels of the training crops.
        context: pixels around a crop that the network sees but no loss covers.
        batch_size: number of scan crops per batch, and of crops of painted photographs, if any.
        depth: largest number of times that a painted photograph is refined before it is judged.
        scales: factors on the size of the scans.
        blur: smallest and largest sigma, in pixels, of the Gaussian blur that makes halved scans as soft as paintings.
        blur_share: share of crops that are blurred.
        objective: one of ``losses.adversarial.OBJECTIVES``.
        adversarial_weight: weight of the adversarial loss.
        feature_weight: weight of the difference in feature maps from the scan.
        mean_weight: weight of the difference in 4x4 pixel means from the scan, or from the input painting.
        pixel_weight: weight of the difference in pixels from the scan.
        chroma_weight: weight of the difference in chroma from the scan, or from the input painting: strokes differ more
            in lightness than in color, and a discriminator rewards red dots.
        lattice_weight: weight of the penalty on lattice artifacts.
        generator_rate: peak learning rate of the refiner.
        discriminator_rate: peak learning rate of the discriminator.
        betas: of Adam (Kingma & Ba, ICLR 2015).
        ema: decay of the exponential moving average, which is the result.
        seed: random seed.
        backbone: frozen feature extractor of the discriminator.
        discriminator: shape of the discriminator.
        generator: shape of the refiner.
    """

    crop: int = 128
    context: int = 16
    batch_size: int = 4
    depth: int = 2
    scales: tuple[float, ...] = (1.0, 0.84, 0.7, 0.59, 0.5)
    blur: tuple[float, float] = (0.3, 1.5)
    blur_share: float = 0.7
    objective: str = "hinge"
    adversarial_weight: float = 1.0
    feature_weight: float = 0.5
    mean_weight: float = 3.0
    pixel_weight: float = 0.3
    chroma_weight: float = 0.0
    lattice_weight: float = 1000.0
    generator_rate: float = 5e-4
    discriminator_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.99)
    ema: float = 0.995
    seed: int = 0
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    generator: GeneratorConfig = CONFIG

    def __post_init__(self) -> None:
        if self.crop % 16 or self.crop < 32 or self.context % 8 or self.context < 0:
            raise UsageError("a refiner's crop must be a multiple of 16 and its context of 8.")
        if self.depth < 1 or self.batch_size < 1:
            raise UsageError("a refiner's depth and batch size must be at least 1.")

    @property
    def seen(self) -> int:
        """Side in pixels of a crop, including its context."""
        return self.crop + 2 * self.context


class RefinerTrainer(AdversarialTrainer[Refiner]):
    """Trains a refiner against a discriminator of brushwork."""

    def __init__(
        self,
        scans: CropBank,
        painted: CropBank | None,
        backbone: Backbone,
        config: RefinerConfig,
        compute: Compute,
        start: Refiner | None = None,
    ) -> None:
        """Build the networks.

        Args:
            scans: high-resolution paintings, large enough for ``config.seen``.
            painted: photographs painted by the style to be refined, large enough for half of ``config.seen``; None to
                train on scans alone.
            backbone: network described by the config.
            config: settings.
            compute: device and precision.
            start: a refiner of the same shape whose weights to start from.
        """
        self.scans, self.painted, self.config = scans, painted, config
        torch.manual_seed(config.seed)
        self.random = np.random.default_rng(config.seed)
        super().__init__(
            Refiner(config.generator), backbone, config.discriminator, config.objective, config.ema, compute
        )
        self.optimize((config.discriminator_rate, config.generator_rate), config.betas)
        if start is not None:
            self.load_matching_weights(start)
        self.augmentation = AugmentationConfig.for_count(len(scans))

    def step(self, rate: float) -> dict[str, float]:
        """Run one alternating step.

        Args:
            rate: factor on both learning rates, 0..1.

        Returns:
            The unweighted losses of the discriminator, of the refiner, and of each term, by name.
        """
        self.set_rate(rate)
        config = self.config
        target = self.scans.draw(config.batch_size, config.seen)
        offered = enlarge(blurred(shrink(target), self.spreads(config.batch_size)))
        if self.painted is not None:
            offered = torch.cat([offered, self.offered()])
        inner = slice(config.context, config.context + config.crop)
        refined = self.refine(offered)[..., inner, inner]
        offered, target = offered[..., inner, inner], target[..., inner, inner]
        real = self.scans.draw(len(refined), config.crop)
        draw, draw_real = (Augmentation.draw(real.shape, real.device, self.augmentation) for _ in range(2))
        real, judged = draw_real(real), draw(refined)
        maps = self.extract_features(judged)
        with torch.no_grad():
            real_maps = self.extract_features(real)
            # The same augmentation as for their refined versions, so that they can be compared.
            target_maps = self.extract_features(draw.part(slice(len(target)))(target))
        discriminator_loss = self.discriminator_step(real, real_maps, judged, maps)
        total, parts = self.refiner_losses(offered, target, refined, judged, maps, target_maps)
        self.optimizers[1].zero_grad()
        torch.autograd.backward(total)
        self.optimizers[1].step()
        self.update_average()
        self.steps += 1
        values = torch.stack([discriminator_loss, *(part.detach() for part in parts.values())])
        return dict(zip(("discriminator", *parts), values.tolist(), strict=True))

    def discriminator_step(self, real: Tensor, real_maps: list[Tensor], judged: Tensor, maps: list[Tensor]) -> Tensor:
        """Train the discriminator on a batch, and return its loss."""
        scores = self.discriminate(real, real_maps), self.discriminate(judged.detach(), [one.detach() for one in maps])
        loss = self.objective.discriminator(*scores)
        self.optimizers[0].zero_grad()
        torch.autograd.backward(loss)
        self.optimizers[0].step()
        return loss.detach()

    def refiner_losses(
        self,
        offered: Tensor,
        target: Tensor,
        refined: Tensor,
        judged: Tensor,
        maps: list[Tensor],
        target_maps: list[Tensor],
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the refiner's total loss for a batch, and its unweighted terms by name.

        Args:
            offered: (N, 3, crop, crop), inputs; those from scans come first.
            target: (M, 3, crop, crop), the scans.
            refined: (N, 3, crop, crop), outputs.
            judged: ``refined``, augmented.
            maps: feature maps of ``judged``.
            target_maps: feature maps of ``target``, with the same augmentation.
        """
        config, count = self.config, len(target)
        self.discriminator.requires_grad_(False)
        generator = self.objective.generator(self.discriminate(judged, maps))
        self.discriminator.requires_grad_(True)
        wanted = torch.cat([target, offered[count:]])
        terms = {
            "feature": relative_difference([one[:count] for one in maps], target_maps),
            "mean": F.l1_loss(F.avg_pool2d(refined, 4), F.avg_pool2d(wanted, 4)),
            "pixel": F.l1_loss(refined[:count], target),
            "chroma": F.l1_loss(color_differences(refined, 2), color_differences(wanted, 2)),
            "lattice": (lattice_energy(refined) - lattice_energy(target)).clamp_min(0),
        }
        total = config.adversarial_weight * generator
        for name, value in terms.items():
            total = total + getattr(config, f"{name}_weight") * value
        return total, {"generator": generator, **terms}

    @torch.no_grad()
    def offered(self) -> Tensor:
        """Return painted photographs, refined up to ``depth`` - 1 times, then enlarged: (N, 3, seen, seen)."""
        config = self.config
        assert self.painted is not None
        half = config.seen // 2
        offered = enlarge(self.painted.draw(config.batch_size, half))
        for _ in range(self.random.integers(config.depth)):
            top, left = (int(self.random.integers(config.seen - half + 1)) for _ in range(2))
            offered = enlarge(self.refine(offered, self.average)[..., top : top + half, left : left + half])
        return offered

    def refine(self, offered: Tensor, network: Refiner | None = None) -> Tensor:
        """Refine (N, 3, H, W); the shape stays the same."""
        count, _, height, width = offered.shape
        grain = torch.randn(count, CHANNELS, height // CELL, width // CELL, device=offered.device)
        with self.compute.autocast():
            refined: Tensor = (network or self.generator)(offered, None, grain)
        return refined

    def spreads(self, count: int) -> Tensor:
        """Draw blur sigmas in pixels, (count,); nearly zero for crops without blur."""
        low, high = self.config.blur
        spreads = self.random.uniform(low, high, count)
        spreads[self.random.random(count) >= self.config.blur_share] = 1e-2
        return torch.from_numpy(spreads).float().to(self.compute.device)

    def numbers(self) -> dict[str, Any]:
        """Return the state besides networks and optimizers, as JSON."""
        return {**super().numbers(), "random": [one.bit_generator.state for one in self.random_generators()]}

    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Restore that state.

        Raises:
            KeyError, ValueError or TypeError: the values are invalid.
        """
        super().set_numbers(numbers)
        for one, state in zip(self.random_generators(), numbers["random"], strict=True):
            one.bit_generator.state = state

    def random_generators(self) -> list[np.random.Generator]:
        """Return all random generators except PyTorch's."""
        return [self.random, self.scans.random, *([self.painted.random] if self.painted else [])]


def blurred(picture: Tensor, spreads: Tensor) -> Tensor:
    """Blur each picture of (N, C, H, W) by a Gaussian with its own sigma, (N,), in pixels."""
    count, channels, height, width = picture.shape
    places = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, device=picture.device)
    kernels = torch.exp(-places.square() / (2 * spreads[:, None].square()))
    kernels = (kernels / kernels.sum(1, keepdim=True)).repeat_interleave(channels, 0)[:, None]
    flat = F.pad(picture, (BLUR_RADIUS,) * 4, mode="replicate").reshape(
        1, count * channels, *(side + 2 * BLUR_RADIUS for side in (height, width))
    )
    flat = F.conv2d(flat, kernels[..., None], groups=count * channels)
    flat = F.conv2d(flat, kernels[:, :, None], groups=count * channels)
    return flat.reshape(picture.shape)
