"""The order term: what is softer than most in a photograph shall not be among the sharpest in its painting.

A discriminator judges neighbourhoods. Little dark things, of which many painters are fond, please it in a soft cloud as
they do where there is something to outline; and a content term, which compares features of places, hardly notices rows
of sails and flocks of birds there. So sharpness is ranked, as in histogram matching but only ever downwards: a part of
a photograph that is sharper than a tenth of all parts of photographs may become as sharp as a tenth of all parts of
paintings, and some more.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.imaging.tensors import luminance
from gan_style.losses.quantiles import LEVELS, follow, rank_increase
from gan_style.losses.term import Batch, Context, LossTerm

BLUR = 5
"""Pixels; what is left of a picture without its means over so many is details."""


def sharpness(picture: Tensor, cell: int = 16) -> Tensor:
    """How strong the details of each part of a picture are.

    Args:
        picture: (N, 3, H, W), RGB, H and W at least ``cell``.
        cell: side in pixels of the parts, which overlap by half.

    Returns:
        (N, h, w) root mean squares of luminance (Rec. 601) without its local mean; in units of ``picture``.
    """
    grey = luminance(picture.float())
    around = F.pad(grey, (BLUR // 2,) * 4, mode="reflect")
    details = grey - F.avg_pool2d(around, BLUR, 1)
    return (F.avg_pool2d(details.square(), cell, cell // 2)[:, 0] + 1e-6).sqrt()


def order_excess(painted: Tensor, photo: Tensor, photos: Tensor, paintings: Tensor, slack: float) -> Tensor:
    """Sharpness beyond that which the photograph has there and that which paintings have at its rank.

    Args:
        painted: (N, 3, H, W).
        photo: likewise, what was painted.
        photos: (``quantiles.LEVELS``,) levels of photographs, see ``quantiles.quantile_levels``.
        paintings: likewise of paintings.
        slack: ranks, 0..1, by which a part may rise.

    Returns:
        The mean over all parts, a scalar >= 0, in units of ``painted``.
    """
    return rank_increase(sharpness(painted), sharpness(photo), photos, paintings, slack).mean()


class OrderTerm(LossTerm):
    """Soft parts of a photograph do not become sharp ones of the painting.

    Attributes:
        slack: ranks, 0..1, by which a part may rise all the same.
        levels: (2, ``quantiles.LEVELS``), how sharp parts of photographs and of paintings are, running means.
    """

    name = "order"
    levels: Tensor

    def __init__(self, weight: float, slack: float) -> None:
        super().__init__(weight)
        self.slack = slack
        self.register_buffer("levels", torch.zeros(2, LEVELS))

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """See :func:`order_excess`."""
        follow(self.levels, sharpness(batch.photos), sharpness(batch.paintings), context)
        photos, paintings = self.levels.unbind()
        return order_excess(batch.painted, batch.photos, photos, paintings, self.slack)
