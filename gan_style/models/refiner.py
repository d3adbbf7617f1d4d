"""The refiner: it adds to an enlarged painting the strokes that it lacks at its new size.

It is a generator that takes paintings instead of photographs. Repeated application must not cause drift, so the local
means of its output equal those of its input: it decides on strokes, never on the palette.
"""

from __future__ import annotations

from torch import Tensor

from gan_style.edge_flow import box_blur
from gan_style.models.generator import Generator, GeneratorConfig

ANCHOR = 6
"""Radius in pixels of the box filter, applied twice, whose output is preserved."""


CONFIG = GeneratorConfig(channels=48, blocks=5, refine_channels=24)
"""A quarter of a million parameters: strokes are simpler than palettes, and there are many pixels to refine."""


class Refiner(Generator):
    """A generator whose output has the local means of its input."""

    def __init__(self, config: GeneratorConfig | None = None) -> None:
        super().__init__(config or CONFIG)

    @property
    def margin(self) -> int:
        """Receptive field radius in pixels, as in a generator's config."""
        step = GeneratorConfig.STRIDE
        return self.config.margin + -(-2 * ANCHOR // step) * step

    def forward(self, photo: Tensor, noise: Tensor | None = None, grain: Tensor | None = None) -> Tensor:
        """Refine a batch.

        Args:
            photo: (N, 3, H, W) in [-1, 1], RGB, enlarged paintings; H and W multiples of ``GeneratorConfig.STRIDE``.
            noise: None, as for a generator without latent vector.
            grain: see :meth:`Generator.forward`.

        Returns:
            (N, 3, H, W), float32, about [-1, 1] and not clamped.
        """
        refined = super().forward(photo, noise, grain)
        return refined + box_blur(photo - refined, ANCHOR, 2)
