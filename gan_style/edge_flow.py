"""Forms: which way the edges of a picture run, for those who paint along them and those who judge that.

The structure tensor, smoothed at two scales, gives the edge tangent flow (Kang et al., "Coherent Line Drawing", NPAR
2007).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_style.device import constant

CELL = 2
"""Pixels that a cell is wide and high: forms are sought, and streaks drawn, at half the resolution."""

NEAR, FAR = 2, 5
"""Half widths, in cells, of the squares in which directions are averaged, two times each."""

FAR_SHARE = 0.3
"""How much the direction of what lies farther away counts, so that it decides where nothing lies near."""

EVEN = 1e-4
"""Squared contrast below which streaks are level, as most strokes in empty skies are."""


def edge_tangent_flow(photo: Tensor) -> Tensor:
    """Which way forms run: the structure tensor's weaker direction, (N, 2, H / CELL, W / CELL).

    The cosine and the sine of twice the angle: a line has no front, and what points to opposite sides may be averaged.
    """
    across = torch.stack(structure_tensor(photo)[:2], 1)
    near, far = (box_blur(across, radius, 2) for radius in (NEAR, FAR))
    # Along an edge is across its slope, and half a turn of the double angle is a change of sign.
    level = constant([EVEN, 0.0], photo.device)[:, None, None]
    return level - near - FAR_SHARE * far


def structure_tensor(picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The structure tensor of each cell, summed over colours, from (N, 3, H, W): three of (N, H / CELL, W / CELL).

    Returns:
        Its square across less that down, twice their product (with the first, twice the angle of the slope), and the
        sum of both squares.
    """
    around = F.pad(F.avg_pool2d(picture.float(), CELL), (1,) * 4, mode="replicate")
    x = around[..., 1:-1, 2:] - around[..., 1:-1, :-2]
    y = around[..., 2:, 1:-1] - around[..., :-2, 1:-1]
    squares = x.square(), y.square()
    return (squares[0] - squares[1]).sum(1), (2 * x * y).sum(1), (squares[0] + squares[1]).sum(1)


def unit_vectors(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine, (N, H, W) each, of double angles (N, 2, H, W) of any length."""
    cosine, sine = (flow / (flow.square().sum(1, keepdim=True).sqrt() + 1e-12)).unbind(1)
    return cosine, sine


def box_blur(picture: Tensor, radius: int, times: int = 1) -> Tensor:
    """The mean of the square of ``2 * radius + 1`` pixels around each pixel, (N, C, H, W) to (N, C, H, W).

    Two times, one after the other, come close to a Gaussian filter.
    """
    if times > 1:
        picture = box_blur(picture, radius, times - 1)
    side = 2 * radius + 1
    around = F.pad(picture, (radius,) * 4, mode="replicate")
    if picture.device.type != "cpu":
        return F.avg_pool2d(F.avg_pool2d(around, (side, 1), 1), (1, side), 1)
    # On a processor PyTorch pools so many times slower than it convolves.
    channels = picture.shape[1]
    mean = around.new_full((channels, 1, side, 1), 1 / side)
    around = around.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", enabled=False):
        down = F.conv2d(around, mean, groups=channels)
        return F.conv2d(down, mean.transpose(2, 3), groups=channels)
