"""The training recipe: all settings but the pictures and the length."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_style.data.augmentation import AugmentationConfig
from gan_style.defaults import (
    BATCH_SIZE,
    CONTENT_LIMIT,
    CONTENT_WEIGHT,
    FINE_TUNING_BATCH,
    NOISE,
    OBJECTIVE,
    SEED,
    SIZE,
    STREAKS,
)
from gan_style.errors import UsageError
from gan_style.losses.adversarial import Objective
from gan_style.losses.calm import CalmTerm
from gan_style.losses.color import ColorTerm
from gan_style.losses.content import ContentTerm
from gan_style.losses.flow import FlowTerm
from gan_style.losses.latent import LatentTerm
from gan_style.losses.lattice import LatticeTerm
from gan_style.losses.order import OrderTerm
from gan_style.losses.style import FeatureTerm, GramTerm
from gan_style.losses.term import LossTerm
from gan_style.models.backbone import BackboneConfig
from gan_style.models.discriminator import DiscriminatorConfig
from gan_style.models.generator import GeneratorConfig

GRAM_WEIGHT, FEATURE_WEIGHT = 4.0, 0.5
"""Defaults for a single painting."""

ORDER_WEIGHT = 1000.0
"""Default if photographs are simplified to flat areas."""

FLOW_WEIGHT = 30.0
"""Default if strokes are made of streaks."""


BOUNDS: tuple[tuple[str, float, float], ...] = (
    ("size", 64, 1024),
    ("batch_size", 1, 1024),
    ("seed", 0, 2**63 - 1),
    ("critic_steps", 1, 100),
    ("content_weight", 0, 1000),
    ("content_limit", 0, 2),
    (
        "lattice_weight gram_weight feature_weight calm_weight order_weight color_weight flow_weight noise_weight",
        0,
        10**6,
    ),
    ("order_slack color_slack unfamiliar_share", 0, 1),
    ("color_turn", 0, 90),
)
"""Fields, and the smallest and the largest value that they may have."""

FORMER_NAMES = {f"colour_{part}": f"color_{part}" for part in ("weight", "slack", "turn")}
"""Names of fields in style files and runs of earlier versions."""


def current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Rename the fields of a recipe that an earlier version saved."""
    return {FORMER_NAMES.get(name, name): value for name, value in values.items()}


@dataclass(frozen=True)
class Recipe:
    """All settings that determine the trained style, apart from the pictures and the length of training.

    Attributes:
        size: short side in pixels to which pictures are resized; strokes are learned at this scale.
        crop_size: side in pixels of the training crops; half of ``size`` by default. Larger crops show more of the
            composition; the cost is proportional to their area.
        batch_size: batch size; each batch has as many photographs and as many paintings.
        seed: seed of the initialization, the crops and the augmentation.
        objective: adversarial objective, one of ``losses.adversarial.OBJECTIVES``.
        critic_steps: discriminator updates, each on a new batch, per generator update.
        context: pixels around a crop of a photograph that the generator sees but no loss covers, since results differ
            near picture edges, which are rare in whole pictures.
        content_weight: minimum weight of the content term, which preserves the self-similarity of the photograph.
        content_limit: self-similarity distance above which that weight is increased.
        content_strides: strides of the backbone's feature maps on which content is compared.
        lattice_weight: weight of the penalty on lattice artifacts.
        gram_weight: weight of the Gram matrix term. By default 4 for a single painting, of which a discriminator alone
            learns little but its subject, and otherwise 0.
        feature_weight: weight of the feature term; by default 0.5 for a single painting, and otherwise 0.
        calm_weight: weight of the penalty on texture in calm areas of a photograph.
        calm_share: share of all areas of real paintings that count as calm.
        order_weight: weight of the penalty on soft areas of a photograph that become sharp in the painting. By default
            1000 if photographs are simplified, and otherwise 0, since some painters do put strokes in skies.
        order_slack: increase in rank, 0..1, that is not penalized.
        color_weight: weight of the penalty on gray areas of a photograph that become saturated, colored areas that
            change their hue, and dark areas that become light.
        color_slack: increase in the rank of chroma, 0..1, that is not penalized.
        color_turn: change of hue in degrees, 0..90, that is not penalized, on the plane of the two color differences.
        flow_weight: weight of the penalty on strokes that do not follow the shapes of the photograph; 0 by default,
            since it slows down the learning of strokes from scratch. None means 30 if the generator uses streaks, and
            otherwise 0.
        unfamiliar_share: weight, 0..1, of the coarse discriminator heads on the patches of photographs that are least
            similar to any patch of the paintings; 1 weights all patches equally. Fine heads, which judge brushwork,
            always do.
        scales: factors on ``size``. Each crop is taken at one of these scales, drawn at random; no picture is enlarged.
        noise_weight: weight of the latent regression term.
        noise_limit: mean squared error of latent regression below which there is no loss; 1 is guessing.
        generator_rate: peak learning rate of the generator.
        discriminator_rate: peak learning rate of the discriminator.
        betas: of Adam (Kingma & Ba, ICLR 2015).
        ema: decay of the exponential moving average of the generator, which is the trained style.
        backbone: frozen network used by the discriminator and the feature-based terms.
        generator: shape of the generator.
        discriminator: shape of the discriminator.
        augmentation: augmentation of the discriminator's inputs; depends on the number of paintings if None.
    """

    size: int = SIZE
    crop_size: int | None = None
    batch_size: int = BATCH_SIZE
    seed: int = SEED
    objective: str = OBJECTIVE
    critic_steps: int = 1
    context: int = 16
    content_weight: float = CONTENT_WEIGHT
    content_limit: float = CONTENT_LIMIT
    content_strides: tuple[int, ...] = (8, 16)
    lattice_weight: float = 1000.0
    gram_weight: float | None = None
    feature_weight: float | None = None
    calm_weight: float = 30.0
    calm_share: float = 0.1
    order_weight: float | None = None
    order_slack: float = 0.05
    color_weight: float = 0.0
    color_slack: float = 0.25
    color_turn: float = 60.0
    flow_weight: float | None = 0.0
    unfamiliar_share: float = 1.0
    scales: tuple[float, ...] = (1.0,)
    noise_weight: float = 1.0
    noise_limit: float = 0.4
    generator_rate: float = 4e-4
    discriminator_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.99)
    ema: float = 0.998
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    generator: GeneratorConfig = field(default_factory=lambda: GeneratorConfig(noise=NOISE, streaks=STREAKS))
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    augmentation: AugmentationConfig | None = None

    def __post_init__(self) -> None:
        Objective.named(self.objective)
        for names, low, high in BOUNDS:
            for name in names.split():
                value = getattr(self, name)
                if value is not None and not low <= value <= high:
                    raise UsageError(f"{name.replace('_', ' ')} must be from {low} to {high}, not {value}.")
        if self.size % 32:
            raise UsageError(f"size must be a multiple of 32 from 64 to 1024, not {self.size}.")
        if not self.content_limit:
            raise UsageError("content limit must be above 0.")
        if not self.scales or not all(0.5 <= scale <= 4 for scale in self.scales):
            raise UsageError(f"scales must be from 0.5 to 4, not {self.scales}.")
        if self.context % GeneratorConfig.STRIDE or not 0 <= self.context <= self.size // 4:
            raise UsageError(
                f"context must be a multiple of {GeneratorConfig.STRIDE} from 0 to a quarter of the size "
                f"({self.size // 4}), not {self.context}."
            )
        if not {*self.content_strides} <= {*self.backbone.strides}:
            raise UsageError(
                f"content strides must be among those of the backbone, {self.backbone.strides}, not "
                f"{self.content_strides}."
            )
        largest = (self.size - 2 * self.context) // 16 * 16
        if self.crop % 16 or not 32 <= self.crop <= largest:
            raise UsageError(
                f"crop size must be a multiple of 16 from 32 to {largest}, so that a photograph has "
                f"{self.context} pixels around it, not {self.crop}."
            )

    @classmethod
    def fine_tuning(cls, size: int = SIZE, **changes: Any) -> Recipe:
        """Recipe for fine-tuning a trained style on nearly whole pictures.

        By this stage patches look like paintings, and the discriminator is at chance level. So it sees the largest
        crops that leave room for context, uses one more feature map of the backbone, and learns faster. Distant areas
        of a picture differ more, painted or not: hence the larger content limit. A stronger discriminator would add
        texture to calm areas: hence the calm weight. Strokes made of streaks are kept along shapes.

        Args:
            size: see above; at least 128.
            **changes: settings that override these defaults.

        Raises:
            UsageError: a setting is out of range.
        """
        if size < 128:
            raise UsageError(f"size must be at least 128 for fine-tuning, not {size}.")
        settings: dict[str, Any] = {
            "crop_size": (size - 2 * changes.get("context", cls.context)) // 16 * 16,
            "batch_size": FINE_TUNING_BATCH,
            "content_limit": 0.12,
            "calm_weight": 90.0,
            "flow_weight": None,
            "discriminator_rate": 5e-4,
            "backbone": BackboneConfig((0, 1, 2, 4, 5)),
            "generator": GeneratorConfig(noise=NOISE),
            "discriminator": DiscriminatorConfig(standardised=True),
        }
        return cls(size=size, **settings | changes)

    def settled(self, *, single: bool) -> Recipe:
        """Resolve the defaults that depend on whether there is a single painting, or on other settings."""
        flat, streaked = self.generator.simplify > 0, self.generator.streaks > 0
        return dataclasses.replace(
            self,
            gram_weight=GRAM_WEIGHT * single if self.gram_weight is None else self.gram_weight,
            feature_weight=FEATURE_WEIGHT * single if self.feature_weight is None else self.feature_weight,
            order_weight=ORDER_WEIGHT * flat if self.order_weight is None else self.order_weight,
            flow_weight=FLOW_WEIGHT * streaked if self.flow_weight is None else self.flow_weight,
        )

    def terms(self) -> list[LossTerm]:
        """Build the terms of the generator's loss other than the adversarial one, in the order in which they are added.

        To add a term, add a file in ``losses/`` and a line here. Terms with weight 0 are omitted.
        """
        maps = [self.backbone.strides.index(stride) for stride in self.content_strides]
        terms: list[LossTerm] = [
            ContentTerm(self.content_weight, maps),
            LatticeTerm(self.lattice_weight, self.crop // 2),
            CalmTerm(self.calm_weight, self.calm_share),
            OrderTerm(self.order_weight or 0.0, self.order_slack),
            ColorTerm(self.color_weight, self.color_slack, self.color_turn),
            FlowTerm(self.flow_weight or 0.0),
            LatentTerm(self.noise_weight if self.generator.noise else 0.0, self.noise_limit),
            GramTerm(self.gram_weight or 0.0),
            FeatureTerm(self.feature_weight or 0.0, maps),
        ]
        return [term for term in terms if term.weight or term.always]

    @property
    def crop(self) -> int:
        """Side of a training crop in pixels."""
        return self.size // 2 if self.crop_size is None else self.crop_size

    @property
    def short_sides(self) -> tuple[int, ...]:
        """Short sides in pixels to which pictures are resized."""
        return tuple(round(self.size * scale) for scale in self.scales)

    @property
    def photo_crop(self) -> int:
        """Side of a photograph's crop, including its context."""
        return self.crop + 2 * self.context
