"""What lies under transparent pixels, which painters see although nobody else does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gan_style.imaging.canvas import Canvas, strips
from gan_style.imaging.photograph import Photograph

THUMBNAIL = 96
"""Longer side of what hidden colours are guessed from."""


KNOWN = 4
"""One part of so many: pixels that are at least as opaque have colours of their own, and keep them."""


def with_hidden_colours(photograph: Photograph) -> Photograph:
    """The photograph with the colours of its visible parts continued under its transparent ones.

    There files hold black as a rule. Strokes near an edge would take it up and leave a dark fringe.
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
    """Copy the rows of one frame, the colours of their least visible pixels mixed with continued ones."""
    width = canvas.shape[1]
    scale = min(1.0, THUMBNAIL / max(width, height))
    small = canvas.image().crop(0, top, width, height).premultiply(max_alpha=opaque)
    small = small.resize(max(scale, 1 / width), vscale=max(scale, 1 / height)).numpy()
    weights = small[..., 3:] / opaque
    guess = continued(small[..., :3], weights) if (weights > 0).any() else None
    for strip in strips((height, width)):
        rows = slice(top + strip.start, top + strip.stop)
        part = np.array(canvas[rows, :])
        if guess is not None:
            opacity = part[..., 3:].astype(np.float32) / opaque
            hidden = enlarged(guess, height, width, strip)
            known = np.minimum(opacity * KNOWN, 1)
            mixed = part[..., :3] * known + hidden * (1 - known)
            part[..., :3] = np.clip(mixed + 0.5, 0, opaque)
        filled[rows, :] = part


def enlarged(small: npt.NDArray[np.float32], height: int, width: int, rows: slice) -> npt.NDArray[np.float32]:
    """Some rows of a small picture, (h, w, C), at the size of (height, width), bilinear."""
    for axis, places, size in ((0, np.arange(rows.start, rows.stop), height), (1, np.arange(width), width)):
        last = small.shape[axis] - 1
        at = np.clip((places + 0.5) * (last + 1) / size - 0.5, 0, last)
        low = at.astype(int)
        share = (at - low).astype(np.float32).reshape(-1, *[1] * (2 - axis))
        first, second = small.take(low, axis), small.take(np.minimum(low + 1, last), axis)
        small = first + share * (second - first)
    return small


def continued(weighted: npt.NDArray[np.floating], weights: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Colours where there are some, and from there on outwards the mean of the neighbours that have one.

    Args:
        weighted: (H, W, 3), colours times their weights.
        weights: (H, W, 1), 0..1, not all of them 0.
    """
    sums, counts = weighted.astype(np.float64), np.clip(weights, 0, 1).astype(np.float64)
    known = counts > 1e-3
    colours = np.where(known, sums / np.maximum(counts, 1e-3), 0)
    while not known.all():
        near_colours, near = neighbours(colours * known), neighbours(known.astype(np.float64))
        found = ~known & (near > 0)
        colours = np.where(found, near_colours / np.maximum(near, 1), colours)
        known = known | found
    return colours.astype(np.float32)


def neighbours(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(H, W, C), the sum over each pixel and its eight neighbours."""
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)))
    height, width = values.shape[:2]
    parts = [padded[row : row + height, column : column + width] for row in range(3) for column in range(3)]
    total: npt.NDArray[np.float64] = np.sum(parts, axis=0)
    return total
