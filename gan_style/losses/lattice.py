"""The lattice term: it penalizes patterns that repeat with the generator's pixel grid."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from gan_style.losses.term import Batch, Context, LossTerm


def lattice_energy(picture: Tensor, period: int = 4, block: int = 32) -> Tensor:
    """Compute the energy of patterns that repeat exactly with the generator's grid.

    Each block of the picture is folded onto one cell of the grid: strokes and edges cancel out, and patterns with a
    period of ``period`` pixels (or a divisor) remain. A few times the value of real paintings is visible in skies.

    Args:
        picture: (N, C, H, W); H and W multiples of ``period`` and at least ``block``.
        period: period of the grid in pixels.
        block: side in pixels of the blocks, which are folded separately; a multiple of ``period``.

    Returns:
        A scalar >= 0, in squared units of ``picture``.
    """
    picture = picture.float()
    smooth = F.interpolate(F.avg_pool2d(picture, period), scale_factor=period, mode="bilinear", align_corners=False)
    cells = F.pixel_unshuffle(picture - smooth, period)
    return F.avg_pool2d(cells, block // period).square().mean()


class LatticeTerm(LossTerm):
    """Keeps the generator's grid invisible.

    Attributes:
        block: side in pixels of the blocks, which are folded separately.
    """

    name = "lattice"

    def __init__(self, weight: float, block: int) -> None:
        super().__init__(weight)
        self.block = block

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """Energy in excess of that of paintings, whose energy is slightly above zero by chance."""
        painted, paintings = (lattice_energy(one, block=self.block) for one in (batch.painted, batch.paintings))
        excess = painted - paintings
        return excess * (context.processes.mean(excess) > 0)
