"""The flow term: what painting changes runs along the forms of the photograph, as brush strokes do.

A discriminator that looks through a frozen network is pleased with rings and pebbles: seen closely enough they are
bent strokes. But a ring turns every way whatever lies around it, and strokes follow the forms that they paint. So the
slopes of what painting adds are compared with the directions of the photograph (its edge tangent flow; Kang et al.,
"Coherent Line Drawing", NPAR 2007), and may run along them no more than those of a real painting along its own.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.edge_flow import CELL, edge_tangent_flow, structure_tensor, unit_vectors
from gan_style.losses.term import Batch, Context, LossTerm, move_towards

FAINT = 1e-4
"""Squared slope, in units of pictures in [-1, 1], below which a part has no direction."""


def flow_deviation(change: Tensor, photo: Tensor, cell: int = 32) -> Tensor:
    """How much of the slopes of a change lies along the forms of a photograph rather than across them.

    Args:
        change: (N, 3, H, W), in units of pictures in [-1, 1], H and W even and at least ``cell``.
        photo: (N, 3, H, W) in [-1, 1].
        cell: side in pixels of the parts, which overlap by half.

    Returns:
        (N, h, w), a number for each part: 0 where all strokes run along the forms, a half where they run anywhere, 1
        where they cross them.
    """
    cosine, sine = unit_vectors(edge_tangent_flow(photo))
    difference, product, energy = structure_tensor(change)
    along = (energy + cosine * difference + sine * product) / 2
    side = cell // CELL
    parts, total = (F.avg_pool2d(one[:, None], side, side // 2)[:, 0] for one in (along, energy))
    return parts / (total + FAINT)


def flow_excess(painted: Tensor, photo: Tensor, most: float | Tensor) -> Tensor:
    """How much more than permitted of what painting changes does not follow the forms.

    Args:
        painted: (N, 3, H, W).
        photo: likewise, what was painted.
        most: what :func:`flow_deviation` is of real paintings and themselves.

    Returns:
        The mean over all parts, a scalar >= 0.
    """
    return F.relu(flow_deviation(painted - photo, photo) - most).mean()


class FlowTerm(LossTerm):
    """What painting changes follows the forms of the photograph.

    Attributes:
        deviation: how much of real paintings does not follow their own forms, a running mean.
    """

    name = "flow"
    deviation: Tensor

    def __init__(self, weight: float) -> None:
        super().__init__(weight)
        self.register_buffer("deviation", torch.zeros(()))

    def forward(self, batch: Batch, context: Context) -> Tensor:
        """See :func:`flow_excess`."""
        theirs = context.processes.mean(flow_deviation(batch.paintings, batch.paintings).mean())
        move_towards(self.deviation, theirs, context.scheduled("pace"))
        return flow_excess(batch.painted, batch.photos, self.deviation)
