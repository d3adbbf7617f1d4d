"""The color term: gray skies do not become saturated, faces do not turn green, and nights do not become days.

A discriminator judges palettes, and any area will do for a missing color: a gray sky becomes as green as the painter's
meadows, and a night, if he painted none, an overcast noon. So chroma and lightness are ranked, like sharpness in the
order term, and hues may change by up to a sixth of the circle, or a configured angle: a red sky may become orange or
mauve.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.device import constant
from gan_style.imaging.tensors import luminance
from gan_style.losses.quantiles import LEVELS, follow, rank_increase
from gan_style.losses.term import Batch, Context, LossTerm

GRAY = 0.05
"""Chroma, in units of pictures in [-1, 1], up to which an area hardly has a hue."""

LIGHTER = 0.15
"""Increase in the rank of lightness that is not penalized."""


def lightness(picture: Tensor, cell: int = 16) -> Tensor:
    """Compute the lightness of each area: (N, 3, H, W) -> (N, h, w), in the units of ``picture``."""
    return luminance(F.avg_pool2d(picture.float(), cell, cell // 2))[:, 0]


def lightness_excess(painted: Tensor, photo: Tensor, photos: Tensor, paintings: Tensor) -> Tensor:
    """Return the lightness in excess of what is allowed.

    Args:
        painted: (N, 3, H, W) in [-1, 1].
        photo: (N, 3, H, W) in [-1, 1], the input photograph.
        photos: (``quantiles.LEVELS``,) quantiles of lightness in photographs, see ``quantiles.quantile_levels``.
        paintings: the same in paintings.

    Returns:
        The mean over all areas, a scalar >= 0, in units of ``painted``.
    """
    return rank_increase(lightness(painted), lightness(photo), photos, paintings, LIGHTER).mean()


def color_differences(picture: Tensor, cell: int = 16) -> Tensor:
    """Compute the mean color of each area, without its lightness.

    Args:
        picture: (N, 3, H, W), RGB, H and W at least ``cell``.
        cell: side in pixels of the areas, which overlap by half.

    Returns:
        (N, 2, h, w), blue and red color differences (Rec. 601: CbCr), in units of ``picture``.
    """
    means = F.avg_pool2d(picture.float(), cell, cell // 2)
    ranges = constant([1.772, 1.402], means.device, means.dtype)
    return (means[:, ::2].flip(1) - luminance(means)) / ranges.view(1, 2, 1, 1)


def chroma(tint: Tensor) -> Tensor:
    """Compute chroma, the distance from gray: (N, 2, h, w) -> (N, h, w)."""
    return (tint.square().sum(1) + 1e-6).sqrt()


def color_excess(
    painted: Tensor, photo: Tensor, photos: Tensor, paintings: Tensor, slack: float, turn: float
) -> Tensor:
    """Return the chroma in excess of what is allowed, and the chroma outside the range of allowed hues.

    Args:
        painted: (N, 3, H, W) in [-1, 1].
        photo: (N, 3, H, W) in [-1, 1], the input photograph.
        photos: (``quantiles.LEVELS``,) quantiles of chroma in photographs, see ``quantiles.quantile_levels``.
        paintings: the same in paintings.
        slack: increase in rank, 0..1, that is not penalized.
        turn: change of hue in degrees, 0..90, that is not penalized, on the plane of the two color differences.

    Returns:
        The sum of both, each averaged over all areas; a scalar >= 0, in units of ``painted``.
    """
    ours, theirs = color_differences(painted), color_differences(photo).detach()
    strength = chroma(theirs)
    excess = rank_increase(chroma(ours), strength, photos, paintings, slack)
    along = (ours * theirs).sum(1)
    across = (ours[:, 0] * theirs[:, 1] - ours[:, 1] * theirs[:, 0]).abs()
    # Distance outside the wedge of allowed hues.
    edge = math.radians(turn)
    turned = F.relu(math.cos(edge) * across - math.sin(edge) * along) / (strength + GRAY)
    return (excess + turned).mean()


class ColorTerm(LossTerm):
    """Keeps gray areas of a photograph gray, colored ones near their hue, and dark ones dark, within limits.

    Attributes:
        slack: increase in the rank of chroma, 0..1, that is not penalized.
        turn: change of hue in degrees, 0..90, that is not penalized.
        chroma: (2, ``quantiles.LEVELS``), running quantiles of chroma in photographs and in paintings.
        lightness: likewise of lightness.
    """

    name = "color"
    chroma: Tensor
    lightness: Tensor

    def __init__(self, weight: float, slack: float, turn: float) -> None:
        super().__init__(weight)
        self.slack, self.turn = slack, turn
        for name in ("chroma", "lightness"):
            self.register_buffer(name, torch.zeros(2, LEVELS))

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """See :func:`color_excess` and :func:`lightness_excess`."""
        ours, theirs = (chroma(color_differences(one)) for one in (batch.photos, batch.paintings))
        follow(self.chroma, ours, theirs, context)
        follow(self.lightness, lightness(batch.photos), lightness(batch.paintings), context)
        photos, paintings = self.chroma.unbind()
        color = color_excess(batch.painted, batch.photos, photos, paintings, self.slack, self.turn)
        photos, paintings = self.lightness.unbind()
        return color + lightness_excess(batch.painted, batch.photos, photos, paintings)
