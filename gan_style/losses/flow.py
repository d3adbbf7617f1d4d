"""The flow term: strokes follow the edges of the photograph.

A discriminator on frozen features accepts rings and pebbles, since at close range they look like bent strokes. But a
ring has all directions regardless of its surroundings, whereas strokes follow the shapes that they depict. So the
gradients of the change made by painting are compared with the edge tangent flow of the photograph (Kang et al.,
"Coherent Line Drawing", NPAR 2007), and may deviate from it no more than a real painting does from its own flow.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.edge_flow import CELL, edge_tangent_flow, structure_tensor, unit_vectors
from gan_style.losses.term import Batch, Context, LossTerm, move_towards

FAINT = 1e-4
"""Squared gradient, in units of pictures in [-1, 1], below which an area has no direction."""


def flow_deviation(change: Tensor, photo: Tensor, cell: int = 32) -> Tensor:
    """Compute the deviation of a change from the edge tangent flow of a photograph.

    Args:
        change: (N, 3, H, W), in units of pictures in [-1, 1], H and W even and at least ``cell``.
        photo: (N, 3, H, W) in [-1, 1].
        cell: side in pixels of the areas, which overlap by half.

    Returns:
        (N, h, w), one value per area: 0 if all strokes follow the flow, 0.5 if they have random directions, 1 if they
            are perpendicular to it.
    """
    cosine, sine = unit_vectors(edge_tangent_flow(photo))
    difference, product, energy = structure_tensor(change)
    along = (energy + cosine * difference + sine * product) / 2
    side = cell // CELL
    parts, total = (F.avg_pool2d(one[:, None], side, side // 2)[:, 0] for one in (along, energy))
    return parts / (total + FAINT)


def flow_excess(painted: Tensor, photo: Tensor, most: float | Tensor) -> Tensor:
    """Return the deviation from the flow in excess of what is allowed.

    Args:
        painted: (N, 3, H, W).
        photo: (N, 3, H, W), the input photograph.
        most: :func:`flow_deviation` of real paintings from their own flow.

    Returns:
        The mean over all areas, a scalar >= 0.
    """
    return F.relu(flow_deviation(painted - photo, photo) - most).mean()


class FlowTerm(LossTerm):
    """Keeps strokes along the edge tangent flow of the photograph.

    Attributes:
        deviation: deviation of real paintings from their own flow, a running mean.
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
