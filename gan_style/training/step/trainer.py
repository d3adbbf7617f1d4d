"""One training step, and the networks and optimisers that it moves."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_style.data.augmentation import Augmentation, AugmentationConfig
from gan_style.data.picture_set import Crop, PictureSet
from gan_style.data.sampler import Sampler
from gan_style.device import Compute
from gan_style.edge_flow import CELL
from gan_style.imaging.tensors import to_unit
from gan_style.losses.adversarial import gradient_penalty
from gan_style.losses.calm import calm_loss_of, calm_threshold, roughness
from gan_style.losses.color import chroma, color_excess, lightness, lightness_excess, tints
from gan_style.losses.content import self_similarity
from gan_style.losses.familiarity import PatchFamiliarity, weighted_scores
from gan_style.losses.flow import flow_excess, straying
from gan_style.losses.lattice import lattice_energy
from gan_style.losses.order import order_excess, sharpness
from gan_style.losses.quantiles import LEVELS, quantile_levels
from gan_style.losses.style import feature_difference, gram, gram_difference
from gan_style.models.backbone import Backbone
from gan_style.models.discriminator import ProjectedDiscriminator
from gan_style.models.generator import Generator
from gan_style.models.kuwahara import kuwahara_filter
from gan_style.models.latent_regressor import LatentRegressor
from gan_style.models.streaks import CHANNELS
from gan_style.training.distributed import Group
from gan_style.training.recipe import Recipe
from gan_style.training.step.adaptive_weight import AdaptiveWeight
from gan_style.training.step.adversarial import AdversarialTrainer
from gan_style.training.step.graph import GraphedStep

SHOWN = 32
"""Crops of each kind by which the discriminator gets used to the backbone's maps."""


@dataclass(frozen=True)
class Losses:
    """Losses of one step, before any weight."""

    discriminator: float
    generator: float
    content: float
    lattice: float
    calm: float
    order: float
    colour: float
    flow: float
    noise: float
    gram: float
    feature: float

    @classmethod
    def nothing(cls) -> Losses:
        """Before there are any."""
        return cls(*(0.0 for _ in dataclasses.fields(cls)))

    def healthy(self) -> bool:
        """Whether all of them are finite numbers."""
        return all(math.isfinite(value) for value in self.values())

    def values(self) -> tuple[float, ...]:
        """All of them; ``dataclasses.astuple`` takes a millisecond for those of the last steps, at every step."""
        return tuple(vars(self).values())


@dataclass(frozen=True)
class Seen:
    """One batch as both networks see it; pictures are (N, 3, crop, crop) in [-1, 1].

    Attributes:
        photos: photographs, simplified where the generator sees them so.
        paintings: paintings.
        real: the latter, augmented.
        noise: (N, Z), what the photographs were painted with.
        whole: painted photographs.
        painted: the same, augmented.
        maps: feature maps of ``painted``; gradients flow through.
        real_maps: feature maps of ``real``.
        photo_maps: feature maps of the photographs, augmented as ``painted`` is.
    """

    photos: Tensor
    paintings: Tensor
    real: Tensor
    noise: Tensor
    whole: Tensor
    painted: Tensor
    maps: list[Tensor]
    real_maps: list[Tensor]
    photo_maps: list[Tensor]


class Trainer(AdversarialTrainer[Generator]):
    """Generator against discriminator.

    Attributes:
        group: the processes that train together.
        augmentation: what is done to both sides before the discriminator looks.
        calm: roughness of calm parts of real paintings, a running mean.
        levels: (2, ``LEVELS``), how sharp parts of photographs and of paintings are, running means.
        tints: likewise how far from grey.
        lights: likewise how light.
        straying: how much of real paintings does not follow their own forms, a running mean.
        augmentation_scale: a factor on the strength of the augmentation, above 1 after overfitting.
        graph: makes the steps where they may be recorded, else None.
    """

    NETWORKS: ClassVar = (*AdversarialTrainer.NETWORKS, "reader", "familiarity")
    RUNNING: ClassVar = ("levels", "tints", "lights", "straying")

    def __init__(
        self,
        photos: PictureSet,
        paintings: PictureSet,
        backbone: Backbone,
        recipe: Recipe,
        compute: Compute,
        group: Group | None = None,
    ) -> None:
        self.group = group or Group()
        self.part = self.group.part(recipe.batch_size)
        recipe = recipe.settled(single=paintings.single)
        self.photos, self.paintings, self.recipe = photos, paintings, recipe
        self.augmentation = recipe.augmentation or AugmentationConfig.for_count(len(paintings))
        torch.manual_seed(recipe.seed)
        self.sampler = Sampler(photos, paintings, recipe.batch_size, self.part, recipe.seed)
        super().__init__(
            Generator(recipe.generator), backbone, recipe.discriminator, recipe.objective, recipe.ema, compute
        )
        self.fit_standardization()
        noise = recipe.generator.noise
        self.reader = compute.place(LatentRegressor(noise, backbone.config) if noise else nn.Identity())
        self.painter = self.group.wrap(self.generator, compute)
        self.critic = self.group.wrap(self.discriminator, compute)
        self.guess = self.group.wrap(self.reader, compute) if noise else self.reader
        self.content_maps = [backbone.config.strides.index(stride) for stride in recipe.content_strides]
        self.graph = GraphedStep(compute.device) if self.capturable() else None
        rates = recipe.discriminator_rate, recipe.generator_rate
        self.optimize(rates, recipe.betas, self.reader, capturable=self.graph is not None)
        self.ahead: tuple[list[list[Crop]], list[Tensor]] | None = None
        self.content = AdaptiveWeight(recipe.content_weight, recipe.content_limit)
        self.calm = torch.zeros((), device=compute.device)
        self.levels, self.tints, self.lights = (torch.zeros(2, LEVELS, device=compute.device) for _ in range(3))
        self.straying = torch.zeros((), device=compute.device)
        self.augmentation_scale = 1.0
        self.motifs = backbone.config.strides.index(max(recipe.content_strides))
        strange = recipe.unfamiliar_share < 1 and isinstance(self.discriminator, ProjectedDiscriminator)
        channels = backbone.config.channels[self.motifs]
        known = PatchFamiliarity(channels, recipe.unfamiliar_share) if strange else nn.Identity()
        self.familiarity = compute.place(known)

    @torch.no_grad()
    def fit_standardization(self) -> None:
        """Show the discriminator some of both kinds of pictures, the same ones in all processes."""
        if not (isinstance(self.discriminator, ProjectedDiscriminator) and self.recipe.discriminator.standardised):
            return
        chance = np.random.default_rng(self.recipe.seed)
        drawn = [(one, crop) for one in (self.photos, self.paintings) for crop in one.draw(SHOWN, chance)]
        # One by one: as large as crops may be, memory stays that of a step.
        looks = (self.look(self.batch(one.cut([crop], self.recipe.crop))) for one, crop in drawn)
        self.discriminator.fit(looks)

    def step(self, rate: float) -> Losses:
        """One alternating step: the discriminator learns, once or several times, then the generator.

        Args:
            rate: factor on both learning rates, 0..1.
        """
        self.set_rate(rate)
        for _ in range(self.recipe.critic_steps - 1):
            with torch.no_grad():
                seen = self.see(*self.cut())
            self.discriminator_step(seen)
        if self.graph is None:
            values = self.learn(*self.cut())
        else:
            values = self.graph(
                self.learn_held, self.augmentation_scale, *self.cut(), torch.tensor([*self.dials().values()])
            )
            self.cut_ahead()  # While the device is at work.
        self.steps += 1
        losses = Losses(*values.tolist())
        self.content.update(losses.content)
        return losses

    def learn(self, photos: Tensor, paintings: Tensor) -> Tensor:
        """Let both networks learn from a batch, each once. Nothing in it depends on what the device computes.

        Args:
            photos: crops of photographs as :meth:`cut` gives them.
            paintings: likewise of paintings.

        Returns:
            The numbers of ``Losses``, the same in all processes.
        """
        seen = self.see(photos, paintings)
        discriminator_loss = self.discriminator_step(seen)
        total, parts = self.generator_losses(seen)
        painter = self.optimizers[1]
        painter.zero_grad()
        torch.autograd.backward(total)
        painter.step()
        self.update_average()
        return self.group.mean(torch.stack([discriminator_loss, *parts]))

    def learn_held(self, photos: Tensor, paintings: Tensor, dials: Tensor) -> Tensor:
        """:meth:`learn` from tensors alone, as it is recorded; ``dials`` holds the values of :meth:`dials`."""
        self.held = dict(zip(self.dials(), dials.unbind(), strict=True))
        try:
            return self.learn(photos, paintings)
        finally:
            self.held = {}
            self.discriminator.requires_grad_(True)  # It is not where something went wrong half-way.

    def capturable(self) -> bool:
        """Whether all steps are alike, so that a CUDA device may repeat one by itself; variants may decide anew."""
        alone = self.group.size == 1 and type(self) is Trainer
        return (
            alone
            and self.compute.device.type == "cuda"
            and self.recipe.critic_steps == 1
            and not self.objective.penalty
        )

    def generator_losses(self, seen: Seen) -> tuple[Tensor, list[Tensor]]:
        """What the generator is to minimise for a batch, and the terms of it before any weight, as in ``Losses``."""
        recipe, maps, photo_maps = self.recipe, seen.maps, seen.photo_maps
        self.discriminator.requires_grad_(False)
        generator_loss = self.objective.generator(self.weight_scores(self.judge(seen.painted, maps), seen))
        self.discriminator.requires_grad_(True)
        content_loss = self.content_loss(seen)
        # Paintings repeat themselves a little by chance; only what goes beyond that is the generator's grid.
        block = recipe.crop // 2
        excess = lattice_energy(seen.whole, block=block) - lattice_energy(seen.paintings, block=block)
        lattice_loss = excess * (self.group.mean(excess) > 0)
        calm = calm_threshold(self.group.gather(roughness(seen.paintings)), recipe.calm_share)
        self.calm.lerp_(calm, self.dial("calm"))
        calm_loss = calm_loss_of(seen.whole, seen.photos, self.calm)
        order_loss = self.order_loss(seen) if recipe.order_weight else torch.zeros_like(calm_loss)
        colour_loss = self.colour_loss(seen) if recipe.colour_weight else torch.zeros_like(calm_loss)
        flow_loss = self.flow_loss(seen) if recipe.flow_weight else torch.zeros_like(calm_loss)
        noise = seen.noise
        noise_loss = F.mse_loss(self.guess(maps, photo_maps), noise) if noise.numel() else torch.zeros_like(calm_loss)
        gram_loss = feature_loss = torch.zeros_like(calm_loss)
        if recipe.gram_weight:
            gram_loss = gram_difference([gram(one) for one in maps], [self.mean_gram(one) for one in seen.real_maps])
        if recipe.feature_weight:
            feature_loss = feature_difference(self.telling(maps), self.telling(photo_maps))
        total = (
            generator_loss
            + self.dial("content") * content_loss
            + recipe.lattice_weight * lattice_loss
            + recipe.calm_weight * calm_loss
            + (recipe.order_weight or 0.0) * order_loss
            + recipe.colour_weight * colour_loss
            + (recipe.flow_weight or 0.0) * flow_loss
            + (recipe.gram_weight or 0.0) * gram_loss
            + (recipe.feature_weight or 0.0) * feature_loss
            + recipe.noise_weight * noise_loss * (self.group.mean(noise_loss) > recipe.noise_limit)
        )
        parts = [generator_loss, content_loss, lattice_loss, calm_loss, order_loss, colour_loss, flow_loss]
        return total, [*parts, noise_loss, gram_loss, feature_loss]

    def weight_scores(self, scores: list[Tensor], seen: Seen) -> list[Tensor]:
        """Scores of painted photographs, weighed by how familiar what they show is to paintings."""
        if not isinstance(self.familiarity, PatchFamiliarity):
            return scores
        weights = self.familiarity(seen.photo_maps[self.motifs], seen.real_maps[self.motifs], self.dial("pace"))
        fine = 2 * sum(stride <= self.recipe.discriminator.fine_stride for stride in self.recipe.backbone.strides)
        # Two for each map, of neighbourhoods and of the whole; what looks at pixels comes last.
        motifs = 2 * len(self.recipe.backbone.strides)
        return [*scores[:fine], *weighted_scores(scores[fine:motifs], weights), *scores[motifs:]]

    def content_loss(self, seen: Seen) -> Tensor:
        """How differently paintings and photographs resemble themselves; a scalar."""
        return self_similarity(self.telling(seen.maps), self.telling(seen.photo_maps))

    def order_loss(self, seen: Seen) -> Tensor:
        """How much sharper paintings are than they should be where photographs are soft; a scalar."""
        self.follow(self.levels, *(sharpness(one) for one in (seen.photos, seen.paintings)))
        photos, paintings = self.levels
        return order_excess(seen.whole, seen.photos, photos, paintings, self.recipe.order_slack)

    def colour_loss(self, seen: Seen) -> Tensor:
        """How far paintings have colours that they should not have where the photographs have theirs; a scalar."""
        self.follow(self.tints, *(chroma(tints(one)) for one in (seen.photos, seen.paintings)))
        self.follow(self.lights, *(lightness(one) for one in (seen.photos, seen.paintings)))
        (photos, paintings), (photo_lights, lights) = self.tints, self.lights
        slack, turn = self.recipe.colour_slack, self.recipe.colour_turn
        strange = color_excess(seen.whole, seen.photos, photos, paintings, slack, turn)
        return strange + lightness_excess(seen.whole, seen.photos, photo_lights, lights)

    def flow_loss(self, seen: Seen) -> Tensor:
        """How much less than paintings what was painted follows forms; a scalar."""
        theirs = self.group.mean(straying(seen.paintings, seen.paintings).mean())
        self.straying.lerp_(theirs, self.dial("pace"))
        return flow_excess(seen.whole, seen.photos, self.straying)

    def follow(self, levels: Tensor, photos: Tensor, paintings: Tensor) -> None:
        """Move the running levels of photographs and of paintings towards those of the parts of a batch."""
        both = [quantile_levels(self.group.gather(parts)) for parts in (photos, paintings)]
        levels.lerp_(torch.stack(both), self.dial("pace"))

    def dials(self) -> dict[str, float]:
        """What differs from step to step without being drawn or learnt.

        Beside the share of the generator in its average: the weight of the content term, and how far running means go
        towards a batch, the mean of all at first and later of some hundred.
        """
        calm, pace = 0.01 if self.steps else 1.0, max(0.01, 1 / (1 + self.steps))
        return {**super().dials(), "content": self.content.weight, "calm": calm, "pace": pace}

    def telling(self, maps: list[Tensor]) -> list[Tensor]:
        """Those of the backbone's maps in which content is judged."""
        return [maps[index] for index in self.content_maps]

    def cut(self) -> list[Tensor]:
        """The next crops of photographs, with their context, and of paintings, as bytes in the host's memory."""
        crops = self.sampler.next()
        if self.ahead is not None and self.ahead[0] is crops:
            return self.ahead[1]
        return self.cut_out(crops)

    def cut_ahead(self) -> None:
        """Cut the crops of the next step."""
        crops = self.sampler.coming()
        self.ahead = crops, self.cut_out(crops)

    def cut_out(self, crops: list[list[Crop]]) -> list[Tensor]:
        """What :meth:`cut` gives for those that were drawn."""
        photos, paintings = crops
        return [self.photos.cut(photos, self.recipe.photo_crop), self.paintings.cut(paintings, self.recipe.crop)]

    def see(self, *crops: Tensor) -> Seen:
        """Paint a batch, and look at all of it.

        Args:
            *crops: of photographs and of paintings as :meth:`cut` gives them; the next ones where there are none.
        """
        recipe = self.recipe
        surrounded, paintings = (self.batch(one) for one in crops or self.cut())
        inner = slice(recipe.context, recipe.context + recipe.crop)
        photos = kuwahara_filter(surrounded, recipe.generator.simplify)[..., inner, inner]
        augmentation = self.augmentation.times(self.augmentation_scale)
        shape = (recipe.batch_size, *photos.shape[1:])
        draw, draw_real = (Augmentation.draw(shape, photos.device, augmentation).part(self.part) for _ in range(2))
        real = draw_real(paintings)
        noise = torch.randn(recipe.batch_size, recipe.generator.noise, device=photos.device)[self.part]
        cells = recipe.photo_crop // CELL if recipe.generator.streaks else 0
        grain = torch.randn(recipe.batch_size, CHANNELS, cells, cells, device=photos.device)[self.part]
        with self.compute.autocast():
            whole = self.painter(surrounded, noise, grain)[..., inner, inner]
        painted = draw(whole)
        # The same draw for photograph and painting: one look through the backbone serves the critic and the content.
        maps = self.look(painted)
        with torch.no_grad():
            real_maps = self.look(real)
            # The discriminator alone learns nothing about content.
            photo_maps = self.look(draw(photos)) if painted.requires_grad else []
        return Seen(photos, paintings, real, noise, whole, painted, maps, real_maps, photo_maps)

    def discriminator_step(self, seen: Seen) -> Tensor:
        """Let the discriminator learn from a batch; its loss."""
        critic = self.optimizers[0]
        painted, maps = seen.painted.detach(), [features.detach() for features in seen.maps]
        scores = self.judge(seen.real, seen.real_maps, self.critic), self.judge(painted, maps, self.critic)
        loss = self.objective.discriminator(*scores)
        total = loss
        if self.objective.penalty:
            share = torch.rand(self.recipe.batch_size, device=painted.device)[self.part]
            total = loss + self.objective.penalty * gradient_penalty(
                # In float32: what is differentiated twice has no digits to spare.
                lambda inputs: self.discriminator(inputs[0], inputs[1:]),
                [seen.real, *seen.real_maps],
                [painted, *maps],
                share,
            )
        critic.zero_grad()
        torch.autograd.backward(total)
        critic.step()
        return loss.detach()

    def mean_gram(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to (1, C, C): the mean Gram matrix of all processes' pictures."""
        return self.group.mean(gram(maps).mean(0, keepdim=True))

    def batch(self, crops: Tensor) -> Tensor:
        """Bytes as numbers in [-1, 1], on the device."""
        return to_unit(crops.to(self.compute.device, non_blocking=True))

    def numbers(self) -> dict[str, Any]:
        """What else changes, as JSON."""
        return {
            **super().numbers(),
            "content": [self.content.weight, self.content.distance],
            "calm": self.calm.item(),
            "disturbance": self.augmentation_scale,
            "random": self.sampler.state,
        }

    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Bring all that back.

        Raises:
            KeyError, ValueError or TypeError: they are of something else.
        """
        super().set_numbers(numbers)
        if self.graph is not None:
            self.graph.forget()  # It knows the moments of the optimizers that were.
        self.content.weight, self.content.distance = map(float, numbers["content"])
        self.calm.fill_(float(numbers["calm"]))
        self.augmentation_scale = float(numbers["disturbance"])
        self.sampler.state = numbers["random"]
