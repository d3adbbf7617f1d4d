"""Edge tangent flow: the direction of edges in a picture, along which strokes are painted and judged.

It is computed from the structure tensor, smoothed at two scales (Kang et al., "Coherent Line Drawing", NPAR 2007).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.device import constant

CELL = 2
"""Side of a cell in pixels: flow and streaks are computed at half resolution."""

NEAR, FAR = 2, 5
"""Radii, in cells, of the box filters that average directions; each is applied twice."""

FAR_SHARE = 0.3
"""Weight of the wider average, which decides the direction if there are no edges nearby."""

EVEN = 1e-4
"""Squared contrast below which streaks are horizontal, like most strokes in empty skies."""


def edge_tangent_flow(photo: Tensor) -> Tensor:
    """Compute the direction of edges, (N, 2, H / CELL, W / CELL): the minor axis of the structure tensor.

    It is given as cosine and sine of twice the angle, so that opposite directions are equal and can be averaged.
    """
    across = torch.stack(structure_tensor(photo)[:2], 1)
    near, far = (box_blur(across, radius, 2) for radius in (NEAR, FAR))
    # Edges are perpendicular to the gradient; rotating by 90 degrees negates the double angle's vector.
    level = constant([EVEN, 0.0], photo.device)[:, None, None]
    return level - near - FAR_SHARE * far


def structure_tensor(picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the structure tensor of each cell, summed over colors: three (N, H / CELL, W / CELL) from (N, 3, H, W).

    Returns:
        xx - yy and 2 xy, which form the vector of twice the gradient's angle, and xx + yy.
    """
    around = F.pad(F.avg_pool2d(picture.float(), CELL), (1,) * 4, mode="replicate")
    x = around[..., 1:-1, 2:] - around[..., 1:-1, :-2]
    y = around[..., 2:, 1:-1] - around[..., :-2, 1:-1]
    squares = x.square(), y.square()
    return (squares[0] - squares[1]).sum(1), (2 * x * y).sum(1), (squares[0] + squares[1]).sum(1)


def unit_vectors(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Normalize double angles (N, 2, H, W) of any length to cosine and sine, (N, H, W) each."""
    cosine, sine = (flow / (flow.square().sum(1, keepdim=True).sqrt() + 1e-12)).unbind(1)
    return cosine, sine


def box_blur(picture: Tensor, radius: int, times: int = 1) -> Tensor:
    """Average over the square of ``2 * radius + 1`` pixels around each pixel, (N, C, H, W) to (N, C, H, W).

    Applied twice, it approximates a Gaussian filter.
    """
    if times > 1:
        picture = box_blur(picture, radius, times - 1)
    side = 2 * radius + 1
    around = F.pad(picture, (radius,) * 4, mode="replicate")
    if picture.device.type != "cpu":
        return F.avg_pool2d(F.avg_pool2d(around, (side, 1), 1), (1, side), 1)
    # On CPUs, PyTorch's convolutions are much faster than its pooling.
    channels = picture.shape[1]
    mean = around.new_full((channels, 1, side, 1), 1 / side)
    around = around.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", enabled=False):
        down = F.conv2d(around, mean, groups=channels)
        return F.conv2d(down, mean.transpose(2, 3), groups=channels)
