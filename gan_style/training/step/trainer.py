"""The training step of the generator, and its networks and optimizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from gan_style.data.augmentation import Augmentation, AugmentationConfig
from gan_style.data.picture_set import Crop, PictureSet
from gan_style.data.sampler import Sampler
from gan_style.device import Compute
from gan_style.edge_flow import CELL
from gan_style.imaging.tensors import to_unit
from gan_style.losses.adversarial import gradient_penalty
from gan_style.losses.content import ContentTerm
from gan_style.losses.familiarity import PatchFamiliarity, weighted_scores
from gan_style.losses.term import Batch, Context, LossTerm
from gan_style.models.backbone import Backbone
from gan_style.models.discriminator import ProjectedDiscriminator
from gan_style.models.generator import Generator
from gan_style.models.kuwahara import kuwahara_filter
from gan_style.models.latent_regressor import LatentRegressor
from gan_style.models.streaks import CHANNELS
from gan_style.training.distributed import ProcessGroup
from gan_style.training.recipe import Recipe
from gan_style.training.step.adaptive_weight import AdaptiveWeight
from gan_style.training.step.adversarial import AdversarialTrainer
from gan_style.training.step.graph import GraphedStep

STANDARDIZATION_CROPS = 32
"""Crops of each kind from which the discriminator computes the mean and spread of feature maps."""


class Trainer(AdversarialTrainer[Generator]):
    """Trains the generator against the discriminator.

    Attributes:
        group: the processes that train together.
        augmentation: augmentation of the discriminator's inputs.
        terms: terms of the generator's loss other than the adversarial one, by name; see :meth:`Recipe.terms`.
        content_weight: adaptive weight of the content term.
        augmentation_scale: factor on the strength of the augmentation, above 1 after overfitting.
        graph: captures and replays the step if possible, otherwise None.
    """

    def __init__(
        self,
        photos: PictureSet,
        paintings: PictureSet,
        backbone: Backbone,
        recipe: Recipe,
        compute: Compute,
        group: ProcessGroup | None = None,
    ) -> None:
        self.group = group or ProcessGroup()
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
        latent = recipe.generator.noise
        self.regressor = compute.place(LatentRegressor(latent, backbone.config) if latent else nn.Identity())
        # With gradients averaged over all processes.
        self.shared_generator = self.group.wrap(self.generator, compute)
        self.shared_discriminator = self.group.wrap(self.discriminator, compute)
        self.shared_regressor = self.group.wrap(self.regressor, compute) if latent else self.regressor
        self.graph = GraphedStep(compute.device) if self.capturable() else None
        rates = recipe.discriminator_rate, recipe.generator_rate
        self.optimize(rates, recipe.betas, self.regressor, capturable=self.graph is not None)
        self.prefetched: tuple[list[list[Crop]], list[Tensor]] | None = None
        self.content_weight = AdaptiveWeight(recipe.content_weight, recipe.content_limit)
        self.terms = compute.place(nn.ModuleDict({term.name: term.freeze() for term in recipe.terms()}))
        self.context = Context(self.group, self.scheduled, lambda *maps: cast("Tensor", self.shared_regressor(*maps)))
        self.augmentation_scale = 1.0
        self.coarsest = backbone.config.strides.index(max(recipe.content_strides))
        uneven = recipe.unfamiliar_share < 1 and isinstance(self.discriminator, ProjectedDiscriminator)
        channels = backbone.config.channels[self.coarsest]
        familiarity = PatchFamiliarity(channels, recipe.unfamiliar_share) if uneven else nn.Identity()
        self.familiarity = compute.place(familiarity)

    def networks(self) -> dict[str, nn.Module]:
        """Return all modules with weights or running statistics, by their names in saved states."""
        others = {"reader": self.regressor, "familiarity": self.familiarity, "terms": self.terms}
        return {**super().networks(), **others}

    @torch.no_grad()
    def fit_standardization(self) -> None:
        """Let the discriminator compute the mean and spread of feature maps, from the same crops in all processes."""
        if not (isinstance(self.discriminator, ProjectedDiscriminator) and self.recipe.discriminator.standardised):
            return
        chance = np.random.default_rng(self.recipe.seed)
        drawn = [
            (one, crop) for one in (self.photos, self.paintings) for crop in one.draw(STANDARDIZATION_CROPS, chance)
        ]
        # One at a time, so that memory use stays that of a step.
        maps = (self.extract_features(self.to_device(one.cut([crop], self.recipe.crop))) for one, crop in drawn)
        self.discriminator.fit(maps)

    def step(self, rate: float) -> dict[str, float]:
        """Run one alternating step: the discriminator learns, once or several times, then the generator.

        Args:
            rate: factor on both learning rates, 0..1.

        Returns:
            The unweighted losses of the discriminator, of the generator, and of each term, by name.
        """
        self.set_rate(rate)
        for _ in range(self.recipe.critic_steps - 1):
            with torch.no_grad():
                batch = self.paint_batch(*self.next_crops())
            self.discriminator_step(batch)
        if self.graph is None:
            values = self.train_on(*self.next_crops())
        else:
            schedule = torch.tensor([*self.schedule().values()])
            values = self.graph(self.captured_step, self.augmentation_scale, *self.next_crops(), schedule)
            self.prefetch()  # While the device is busy.
        self.steps += 1
        losses = dict(zip(self.loss_names(), values.tolist(), strict=True))
        self.content_weight.update(losses["content"])
        return losses

    def loss_names(self) -> list[str]:
        """Return the names of the losses of :meth:`step`, in order of computation."""
        return ["discriminator", "generator", *self.terms]

    def train_on(self, photos: Tensor, paintings: Tensor) -> Tensor:
        """Update both networks once on a batch. Control flow never depends on values computed on the device.

        Args:
            photos: crops of photographs, see :meth:`next_crops`.
            paintings: crops of paintings, likewise.

        Returns:
            The losses of :meth:`loss_names`, the same in all processes.
        """
        batch = self.paint_batch(photos, paintings)
        discriminator_loss = self.discriminator_step(batch)
        total, parts = self.generator_loss(batch)
        optimizer = self.optimizers[1]
        optimizer.zero_grad()
        torch.autograd.backward(total)
        optimizer.step()
        self.update_average()
        return self.group.mean(torch.stack([discriminator_loss, *parts]))

    def captured_step(self, photos: Tensor, paintings: Tensor, schedule: Tensor) -> Tensor:
        """Run :meth:`train_on` on tensors alone, for capture; ``schedule`` has the values of :meth:`schedule`."""
        self.captured = dict(zip(self.schedule(), schedule.unbind(), strict=True))
        try:
            return self.train_on(photos, paintings)
        finally:
            self.captured = {}
            self.discriminator.requires_grad_(True)  # False after an error midway.

    def capturable(self) -> bool:
        """Whether the step can be captured as a CUDA graph; subclasses may override this."""
        alone = self.group.size == 1 and type(self) is Trainer
        return (
            alone
            and self.compute.device.type == "cuda"
            and self.recipe.critic_steps == 1
            and not self.objective.penalty
        )

    def generator_loss(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """Compute the generator's total loss, and the unweighted adversarial loss and terms."""
        self.discriminator.requires_grad_(False)
        scores = self.weight_scores(self.discriminate(batch.augmented, batch.features), batch)
        total = self.objective.generator(scores)
        self.discriminator.requires_grad_(True)
        parts = [total]
        for term in cast("Sequence[LossTerm]", self.terms.values()):
            value = term(batch, self.context)
            total = total + term.weighted(value, self.context)
            parts.append(value)
        return total, parts

    def weight_scores(self, scores: list[Tensor], batch: Batch) -> list[Tensor]:
        """Weight the scores of painted photographs by how familiar their content is from the paintings."""
        if not isinstance(self.familiarity, PatchFamiliarity):
            return scores
        maps = batch.photo_features[self.coarsest], batch.painting_features[self.coarsest]
        weights = self.familiarity(*maps, self.scheduled("pace"))
        fine = 2 * sum(stride <= self.recipe.discriminator.fine_stride for stride in self.recipe.backbone.strides)
        # Two scores for each map, of patches and of the whole; those of the pixel head come last.
        heads = 2 * len(self.recipe.backbone.strides)
        return [*scores[:fine], *weighted_scores(scores[fine:heads], weights), *scores[heads:]]

    def content_distance(self, features: Sequence[Tensor], photo_features: Sequence[Tensor]) -> Tensor:
        """Return the content distance between feature maps of photographs and of their paintings, in [0, 2]."""
        return cast("ContentTerm", self.terms["content"]).distance(features, photo_features)

    def schedule(self) -> dict[str, float]:
        """Return the values that depend on the step alone, by name.

        In addition to the base class: the weight of the content term, and the update rates of running means, which
        average over all steps at first and later over about a hundred.
        """
        calm, pace = 0.01 if self.steps else 1.0, max(0.01, 1 / (1 + self.steps))
        return {**super().schedule(), "content": self.content_weight.weight, "calm": calm, "pace": pace}

    def next_crops(self) -> list[Tensor]:
        """Return the next crops of photographs, with their context, and of paintings, as bytes on the CPU."""
        crops = self.sampler.next()
        if self.prefetched is not None and self.prefetched[0] is crops:
            return self.prefetched[1]
        return self.cut(crops)

    def prefetch(self) -> None:
        """Cut the crops of the next step in advance."""
        crops = self.sampler.coming()
        self.prefetched = crops, self.cut(crops)

    def cut(self, crops: list[list[Crop]]) -> list[Tensor]:
        """Cut the given crops, as :meth:`next_crops` returns them."""
        photos, paintings = crops
        return [self.photos.cut(photos, self.recipe.photo_crop), self.paintings.cut(paintings, self.recipe.crop)]

    def paint_batch(self, *crops: Tensor) -> Batch:
        """Paint a batch, and extract all its feature maps.

        Args:
            *crops: crops of photographs and of paintings, see :meth:`next_crops`; by default the next ones.
        """
        recipe = self.recipe
        surrounded, paintings = (self.to_device(one) for one in crops or self.next_crops())
        inner = slice(recipe.context, recipe.context + recipe.crop)
        photos = kuwahara_filter(surrounded, recipe.generator.simplify)[..., inner, inner]
        augmentation = self.augmentation.times(self.augmentation_scale)
        shape = (recipe.batch_size, *photos.shape[1:])
        draw, draw_real = (Augmentation.draw(shape, photos.device, augmentation).part(self.part) for _ in range(2))
        augmented_paintings = draw_real(paintings)
        latent = torch.randn(recipe.batch_size, recipe.generator.noise, device=photos.device)[self.part]
        cells = recipe.photo_crop // CELL if recipe.generator.streaks else 0
        grain = torch.randn(recipe.batch_size, CHANNELS, cells, cells, device=photos.device)[self.part]
        with self.compute.autocast():
            painted = self.shared_generator(surrounded, latent, grain)[..., inner, inner]
        augmented = draw(painted)
        # The same augmentation for photograph and painting: discriminator and content term share one backbone pass.
        features = self.extract_features(augmented)
        with torch.no_grad():
            painting_features = self.extract_features(augmented_paintings)
            # Not needed if only the discriminator is trained.
            photo_features = self.extract_features(draw(photos)) if augmented.requires_grad else []
        return Batch(
            photos=photos,
            paintings=paintings,
            latent=latent,
            painted=painted,
            augmented=augmented,
            augmented_paintings=augmented_paintings,
            features=features,
            photo_features=photo_features,
            painting_features=painting_features,
        )

    def discriminator_step(self, batch: Batch) -> Tensor:
        """Train the discriminator on a batch, and return its loss."""
        optimizer = self.optimizers[0]
        real = batch.augmented_paintings, batch.painting_features
        fake = batch.augmented.detach(), [maps.detach() for maps in batch.features]
        loss = self.objective.discriminator(
            *(self.discriminate(*one, self.shared_discriminator) for one in (real, fake))
        )
        total = loss
        if self.objective.penalty:
            share = torch.rand(self.recipe.batch_size, device=fake[0].device)[self.part]
            total = loss + self.objective.penalty * gradient_penalty(
                # In float32, since second derivatives need the precision.
                lambda inputs: self.discriminator(inputs[0], inputs[1:]),
                [real[0], *real[1]],
                [fake[0], *fake[1]],
                share,
            )
        optimizer.zero_grad()
        torch.autograd.backward(total)
        optimizer.step()
        return loss.detach()

    def to_device(self, crops: Tensor) -> Tensor:
        """Move crops to the device, as floats in [-1, 1]."""
        return to_unit(crops.to(self.compute.device, non_blocking=True))

    def numbers(self) -> dict[str, Any]:
        """Return the state besides networks and optimizers, as JSON."""
        return {
            **super().numbers(),
            "content": [self.content_weight.weight, self.content_weight.distance],
            "augmentation_scale": self.augmentation_scale,
            "random": self.sampler.state,
        }

    def set_numbers(self, numbers: Mapping[str, Any]) -> None:
        """Restore that state.

        Raises:
            KeyError, ValueError or TypeError: the values are invalid.
        """
        super().set_numbers(numbers)
        if self.graph is not None:
            self.graph.forget()  # It refers to the old optimizer state.
        self.content_weight.weight, self.content_weight.distance = map(float, numbers["content"])
        self.augmentation_scale = float(numbers["augmentation_scale"])
        self.sampler.state = numbers["random"]
