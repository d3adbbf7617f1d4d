"""What lies under transparent pixels, which painters see although nobody else does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gan_style.imaging import vips
from gan_style.imaging.canvas import Canvas
from gan_style.imaging.photograph import Photograph

THUMBNAIL = 96
"""Longer side of what hidden colours are guessed from."""


def with_hidden_colours(photograph: Photograph) -> Photograph:
    """The photograph with the colours of its visible parts continued under its transparent ones.

    There files hold black as a rule. Strokes near an edge would take it up and leave a dark fringe.
    """
    if not photograph.has_alpha:
        return photograph
    image = photograph.pixels.image()
    opaque = 65535 if image.format == "ushort" else 255
    if image[3].min() == opaque:
        return photograph
    width, height = photograph.size
    frames = [image.crop(0, top * height, width, height) for top in range(photograph.frames)]
    filled = [filled_in(frame, opaque) for frame in frames]
    joined = filled[0] if len(filled) == 1 else vips.Image.arrayjoin(filled, across=1)
    return replace(photograph, pixels=Canvas.of(joined))


def filled_in(image: vips.Image, opaque: int) -> vips.Image:
    """One frame, its colours mixed with continued ones by transparency."""
    scale = min(1.0, THUMBNAIL / max(image.width, image.height))
    small = image.premultiply(max_alpha=opaque)
    small = small.resize(max(scale, 1 / image.width), vscale=max(scale, 1 / image.height)).numpy()
    weights = small[..., 3:] / opaque
    if not (weights > 0).any():
        return image
    guess = continued(small[..., :3], weights)
    hidden = vips.Image.new_from_array(guess)
    hidden = hidden.resize(image.width / hidden.width, vscale=image.height / hidden.height, kernel="linear")
    opacity = image[3] / opaque
    colours = image[:3] * opacity + hidden.crop(0, 0, image.width, image.height) * (1 - opacity)
    return colours.rint().cast(image.format).bandjoin(image[3]).copy(interpretation=image.interpretation)


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
