"""Colors of transparent pixels, which are invisible but part of the network input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gan_style.imaging.canvas import Canvas, strips
from gan_style.imaging.photograph import Photograph

THUMBNAIL = 96
"""Longer side in pixels of the thumbnail for extrapolation."""

KNOWN = 4
"""Pixels with an opacity of at least 1 / KNOWN keep their own colors."""


def fill_transparent(photograph: Photograph) -> Photograph:
    """Extrapolate the visible colors into the transparent areas of a photograph.

    Files usually have black there, which would bleed into strokes near the edge and leave a dark fringe.
    """
    if not photograph.has_alpha:
        return photograph
    canvas = photograph.pixels
    opaque = int(np.iinfo(canvas.dtype).max)
    if canvas.image()[3].min() == opaque:
        return photograph
    filled = Canvas(canvas.shape, canvas.dtype)
    height = photograph.size[1]
    for top in range(0, canvas.shape[0], height):
        fill_in(canvas, filled, top, height, opaque)
    return replace(photograph, pixels=filled)


def fill_in(canvas: Canvas, filled: Canvas, top: int, height: int, opaque: int) -> None:
    """Copy the rows of one frame, blending extrapolated colors into nearly transparent pixels."""
    width = canvas.shape[1]
    scale = min(1.0, THUMBNAIL / max(width, height))
    small = canvas.image().crop(0, top, width, height).premultiply(max_alpha=opaque)
    small = small.resize(max(scale, 1 / width), vscale=max(scale, 1 / height)).numpy()
    weights = small[..., 3:] / opaque
    guess = extrapolate(small[..., :3], weights) if (weights > 0).any() else None
    for strip in strips((height, width)):
        rows = slice(top + strip.start, top + strip.stop)
        part = np.array(canvas[rows, :])
        if guess is not None:
            opacity = part[..., 3:].astype(np.float32) / opaque
            hidden = upsample_rows(guess, height, width, strip)
            known = np.minimum(opacity * KNOWN, 1)
            mixed = part[..., :3] * known + hidden * (1 - known)
            part[..., :3] = np.clip(mixed + 0.5, 0, opaque)
        filled[rows, :] = part


def upsample_rows(small: npt.NDArray[np.float32], height: int, width: int, rows: slice) -> npt.NDArray[np.float32]:
    """Upsample a small picture, (h, w, C), to (height, width), bilinear; return only ``rows``."""
    for axis, places, size in ((0, np.arange(rows.start, rows.stop), height), (1, np.arange(width), width)):
        last = small.shape[axis] - 1
        at = np.clip((places + 0.5) * (last + 1) / size - 0.5, 0, last)
        low = at.astype(int)
        share = (at - low).astype(np.float32).reshape(-1, *[1] * (2 - axis))
        first, second = small.take(low, axis), small.take(np.minimum(low + 1, last), axis)
        small = first + share * (second - first)
    return small


def extrapolate(weighted: npt.NDArray[np.floating], weights: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Extrapolate colors outward: each unknown pixel gets the mean of its known neighbors, repeatedly.

    Args:
        weighted: (H, W, 3), colors times their weights.
        weights: (H, W, 1), 0..1, not all 0.
    """
    sums, counts = weighted.astype(np.float64), np.clip(weights, 0, 1).astype(np.float64)
    known = counts > 1e-3
    colors = np.where(known, sums / np.maximum(counts, 1e-3), 0)
    while not known.all():
        near_colors, near = neighbor_sum(colors * known), neighbor_sum(known.astype(np.float64))
        found = ~known & (near > 0)
        colors = np.where(found, near_colors / np.maximum(near, 1), colors)
        known = known | found
    return colors.astype(np.float32)


def neighbor_sum(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(H, W, C), sum over each pixel and its eight neighbors."""
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)))
    height, width = values.shape[:2]
    parts = [padded[row : row + height, column : column + width] for row in range(3) for column in range(3)]
    total: npt.NDArray[np.float64] = np.sum(parts, axis=0)
    return total
