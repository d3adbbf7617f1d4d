"""The order term: areas that are soft in a photograph are not among the sharpest in its painting.

A discriminator judges patches. It accepts small dark details, which many painters use, in a soft cloud as well as at
an outline; and a content term, which compares features of positions, hardly notices rows of sails and flocks of birds
there. So sharpness is ranked, as in histogram matching but only to limit increases: an area at the 10th percentile of
photographs may become as sharp as the 10th percentile of paintings, plus some slack.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.imaging.tensors import luminance
from gan_style.losses.quantiles import LEVELS, follow, rank_increase
from gan_style.losses.term import Batch, Context, LossTerm

BLUR = 5
"""Side in pixels of the local mean; a picture minus its local mean contains its details."""


def sharpness(picture: Tensor, cell: int = 16) -> Tensor:
    """Compute the sharpness of each area: the strength of its details.

    Args:
        picture: (N, 3, H, W), RGB, H and W at least ``cell``.
        cell: side in pixels of the areas, which overlap by half.

    Returns:
        (N, h, w) root mean squares of luminance (Rec. 601) minus its local mean; in units of ``picture``.
    """
    gray = luminance(picture.float())
    around = F.pad(gray, (BLUR // 2,) * 4, mode="reflect")
    details = gray - F.avg_pool2d(around, BLUR, 1)
    return (F.avg_pool2d(details.square(), cell, cell // 2)[:, 0] + 1e-6).sqrt()


def order_excess(painted: Tensor, photo: Tensor, photos: Tensor, paintings: Tensor, slack: float) -> Tensor:
    """Return the sharpness in excess of that of the photograph and that of paintings at the same rank.

    Args:
        painted: (N, 3, H, W).
        photo: (N, 3, H, W), the input photograph.
        photos: (``quantiles.LEVELS``,) quantiles of photographs, see ``quantiles.quantile_levels``.
        paintings: the same of paintings.
        slack: increase in rank, 0..1, that is not penalized.

    Returns:
        The mean over all areas, a scalar >= 0, in units of ``painted``.
    """
    return rank_increase(sharpness(painted), sharpness(photo), photos, paintings, slack).mean()


class OrderTerm(LossTerm):
    """Keeps soft areas of a photograph from becoming sharp in the painting.

    Attributes:
        slack: increase in rank, 0..1, that is not penalized.
        levels: (2, ``quantiles.LEVELS``), running quantiles of sharpness in photographs and in paintings.
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
