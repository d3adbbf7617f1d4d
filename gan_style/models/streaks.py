"""Streaks: noise drawn out along the forms of a photograph, for a generator to make brush strokes of.

A convolutional generator that sees an even sky has nothing to tell one place from another: what it paints there is
nothing or a pattern, scales, pebbles, rings. Painters lay strokes along forms. So the generator may see, beside the
photograph, noise that runs along its edges: line integral convolution (Cabral & Leedom, SIGGRAPH 1993) along the edge
tangent flow (Kang et al., "Coherent Line Drawing", NPAR 2007). What it makes of that is learnt.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.device import constant
from gan_style.edge_flow import CELL, FAR, edge_tangent_flow, unit_vectors

CHANNELS = 3
"""Streaks that run side by side, so that neighbouring strokes may differ in more than lightness."""


@torch.no_grad()
def line_integral_convolution(grain: Tensor, photo: Tensor, length: int) -> Tensor:
    """Draw noise out along the forms of a photograph.

    Args:
        grain: (N, C, H / ``CELL``, W / ``CELL``), standard normal, a number for each cell.
        photo: (N, 3, H, W) in [-1, 1], H and W multiples of ``CELL``.
        length: cells that each streak reaches to either side.

    Returns:
        Like ``grain``, float32, with a spread of about 1, and without gradients; pixels beyond the edge count as those
        at it.
    """
    flow = edge_tangent_flow(photo)
    count, _, height, width = flow.shape
    across = torch.arange(width, device=flow.device).expand(count, height, width)
    down = torch.arange(height, device=flow.device)[:, None].expand(count, height, width)
    places = torch.stack([across, down], 3).float()
    sides = constant([width, height], flow.device)
    field = torch.cat([flow, grain.float()], 1)
    total, squares = grain.float(), 1.0
    for sign in (1.0, -1.0):
        direction = sign * directions(flow)
        place = places
        for step in range(1, length + 1):
            place = place + direction
            seen = F.grid_sample(field, (2 * place + 1) / sides - 1, padding_mode="border", align_corners=False)
            weight = (1 + math.cos(math.pi * step / (length + 1))) / 2
            total = total + weight * seen[:, 2:]
            squares += weight**2
            ahead = directions(seen[:, :2])
            direction = ahead * torch.where((ahead * direction).sum(3, keepdim=True) < 0, -1.0, 1.0)
    return total / math.sqrt(squares)


def directions(flow: Tensor) -> Tensor:
    """Unit vectors (N, H, W, 2), across and down, of double angles (N, 2, H, W) of any length."""
    cosine, sine = unit_vectors(flow)
    right, down = (part.clamp_min(0).sqrt() for part in (1 + cosine, 1 - cosine))
    return torch.stack([right, torch.where(sine < 0, -down, down)], 3) / math.sqrt(2)


def reach_of(length: int) -> int:
    """Pixels beyond which nothing influences a cell of :func:`line_integral_convolution`; 0 without streaks."""
    return CELL * (length + 1 + 2 * FAR + 1) if length else 0
