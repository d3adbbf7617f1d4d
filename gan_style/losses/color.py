"""The colour term: grey skies do not become the gaudiest part of a painting, nor faces green, nor nights days.

A discriminator judges palettes, and any place will do for a colour that is missing: a grey sky becomes as green as a
painter's meadows are, and a night, of which he painted none, an overcast noon. So chroma and lightness are ranked, as
sharpness is in the order term, and what has a colour may turn it by a sixth of the circle, or as far as is asked for: a
red sky may become orange or mauve.
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

GREY = 0.05
"""Chroma, in units of pictures in [-1, 1], up to which a part hardly has a hue that could be turned."""

LIGHTER = 0.15
"""Ranks by which a part may become lighter."""


def lightness(picture: Tensor, cell: int = 16) -> Tensor:
    """How light each part of a picture is: (N, 3, H, W) -> (N, h, w), in the units of ``picture``."""
    return luminance(F.avg_pool2d(picture.float(), cell, cell // 2))[:, 0]


def lightness_excess(painted: Tensor, photo: Tensor, photos: Tensor, paintings: Tensor) -> Tensor:
    """Lightness beyond that which is permitted.

    Args:
        painted: (N, 3, H, W) in [-1, 1].
        photo: likewise, what was painted.
        photos: (``quantiles.LEVELS``,) levels of the lightness of photographs, see ``quantiles.quantile_levels``.
        paintings: likewise of paintings.

    Returns:
        The mean over all parts, a scalar >= 0, in units of ``painted``.
    """
    return rank_increase(lightness(painted), lightness(photo), photos, paintings, LIGHTER).mean()


def color_differences(picture: Tensor, cell: int = 16) -> Tensor:
    """The mean colour of each part of a picture, without its lightness.

    Args:
        picture: (N, 3, H, W), RGB, H and W at least ``cell``.
        cell: side in pixels of the parts, which overlap by half.

    Returns:
        (N, 2, h, w), blue and red differences (Rec. 601: CbCr), in units of ``picture``.
    """
    means = F.avg_pool2d(picture.float(), cell, cell // 2)
    ranges = constant([1.772, 1.402], means.device, means.dtype)
    return (means[:, ::2].flip(1) - luminance(means)) / ranges.view(1, 2, 1, 1)


def chroma(tint: Tensor) -> Tensor:
    """(N, 2, h, w) -> (N, h, w): how far from grey."""
    return (tint.square().sum(1) + 1e-6).sqrt()


def color_excess(
    painted: Tensor, photo: Tensor, photos: Tensor, paintings: Tensor, slack: float, turn: float
) -> Tensor:
    """Chroma beyond that which is permitted, and chroma that lies outside the hues that are.

    Args:
        painted: (N, 3, H, W) in [-1, 1].
        photo: likewise, what was painted.
        photos: (``quantiles.LEVELS``,) levels of the chroma of photographs, see ``quantiles.quantile_levels``.
        paintings: likewise of paintings.
        slack: ranks, 0..1, by which a part may rise.
        turn: degrees by which a hue may turn either way, on the plane of the two colour differences, 0..90.

    Returns:
        The sum of both, each the mean over all parts; a scalar >= 0, in units of ``painted``.
    """
    ours, theirs = color_differences(painted), color_differences(photo).detach()
    strength = chroma(theirs)
    excess = rank_increase(chroma(ours), strength, photos, paintings, slack)
    along = (ours * theirs).sum(1)
    across = (ours[:, 0] * theirs[:, 1] - ours[:, 1] * theirs[:, 0]).abs()
    # How far outside the wedge of hues that are permitted.
    edge = math.radians(turn)
    turned = F.relu(math.cos(edge) * across - math.sin(edge) * along) / (strength + GREY)
    return (excess + turned).mean()


class ColorTerm(LossTerm):
    """Gray parts of a photograph stay gray, colored ones keep their hue, and dark ones stay dark, within limits.

    Attributes:
        slack: ranks, 0..1, by which parts may become more colorful all the same.
        turn: degrees, 0..90, by which a hue may turn.
        chroma: (2, ``quantiles.LEVELS``), how far from gray parts of photographs and of paintings are, running means.
        lightness: likewise, how light.
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
