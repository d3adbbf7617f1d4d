"""Streaks: noise smeared along the edges of a photograph, from which a generator makes brush strokes.

In a uniform sky, a convolutional generator cannot tell positions apart: it paints nothing or a regular pattern, such as
scales, pebbles or rings. Painters lay strokes along shapes. So the generator may get, in addition to the photograph,
noise that follows its edges: line integral convolution (Cabral & Leedom, SIGGRAPH 1993) along the edge tangent flow
(Kang et al., "Coherent Line Drawing", NPAR 2007). How to use it is learned.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.device import constant
from gan_style.edge_flow import CELL, FAR, edge_tangent_flow, unit_vectors

CHANNELS = 3
"""Number of independent streak channels, so that adjacent strokes can differ in more than lightness."""


@torch.no_grad()
def line_integral_convolution(grain: Tensor, photo: Tensor, length: int) -> Tensor:
    """Smear noise along the edges of a photograph.

    Args:
        grain: (N, C, H / ``CELL``, W / ``CELL``), standard normal, one value per cell.
        photo: (N, 3, H, W) in [-1, 1], H and W multiples of ``CELL``.
        length: half length of the streaks in cells.

    Returns:
        The shape of ``grain``, float32, with a standard deviation of about 1, and without gradients; the border is
        replicated.
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
    """Return unit vectors (N, H, W, 2), horizontal and vertical, of double angles (N, 2, H, W) of any length."""
    cosine, sine = unit_vectors(flow)
    right, down = (part.clamp_min(0).sqrt() for part in (1 + cosine, 1 - cosine))
    return torch.stack([right, torch.where(sine < 0, -down, down)], 3) / math.sqrt(2)


def reach_of(length: int) -> int:
    """Return the receptive field radius of :func:`line_integral_convolution` in pixels; 0 without streaks."""
    return CELL * (length + 1 + 2 * FAR + 1) if length else 0
