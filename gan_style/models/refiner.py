"""The refiner: an enlarged painting in, the same with the strokes that it lacks at its new size out.

It is a generator that looks at paintings rather than photographs. What it makes must not drift however often it is
applied, so the means of neighborhoods stay those of what it was given: it decides on strokes, never on the palette.
"""

from __future__ import annotations

from torch import Tensor

from gan_style.edge_flow import box_blur
from gan_style.models.generator import Generator, GeneratorConfig

ANCHOR = 6
"""Half width in pixels of the squares, two times one after the other, whose means stay."""


CONFIG = GeneratorConfig(channels=48, blocks=5, refine_channels=24)
"""A quarter of a million parameters: strokes are simpler than palettes, and there are many pixels to refine."""


class Refiner(Generator):
    """A generator whose result has the local means of what it was given."""

    def __init__(self, config: GeneratorConfig | None = None) -> None:
        super().__init__(config or CONFIG)

    @property
    def margin(self) -> int:
        """Pixels of context, as of a generator's config."""
        step = GeneratorConfig.STRIDE
        return self.config.margin + -(-2 * ANCHOR // step) * step

    def forward(self, photo: Tensor, noise: Tensor | None = None, grain: Tensor | None = None) -> Tensor:
        """Refine a batch.

        Args:
            photo: (N, 3, H, W) in [-1, 1], RGB, enlarged paintings; H and W multiples of ``GeneratorConfig.STRIDE``.
            noise: None, as for a generator without such.
            grain: as for a generator.

        Returns:
            (N, 3, H, W), float32, about [-1, 1] and not clamped.
        """
        refined = super().forward(photo, noise, grain)
        return refined + box_blur(photo - refined, ANCHOR, 2)
