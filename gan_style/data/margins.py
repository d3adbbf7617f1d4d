"""Detection of problems of a single picture: no colors, margins, frames, and text in margins."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gan_style.imaging.types import Pixels

GRAY = 6.0
"""Chroma, in levels, that nearly all pixels of a grayscale picture stay below."""

DEEP = 90.0
"""Chroma, in levels, above which a picture of a single tint is not an old print but, say, a sunset."""

TINTED = 0.12
"""Largest deviation from a single line between dark and light in a tinted picture, as a share of its chroma."""

ALIKE = 14
"""Largest difference, in levels, between a margin's pixels and its color."""

DEEPEST = 0.3
"""Largest depth of a margin as a share of the side (half of it for a frame); deeper ones are part of the picture."""

SHALLOWEST = 0.012
"""Smallest depth of a margin worth reporting, as a share of the side."""

FULL, WRITTEN = 0.97, 0.4
"""Smallest share of a row's pixels with the margin's color: in an empty margin, and in one with text."""

STEP = 16
"""Smallest contrast, in levels, between a margin or frame and the picture."""

LIGHT, GRAIN = 128, 1.5
"""In levels: smallest brightness of paper, and largest deviation of a caption's background, for one-sided margins."""

HAIRLINE = 2
"""Largest width in pixels of a line around the margin."""

STRAIGHT = 0.75
"""Smallest share of the side along which a frame's inner edge is straight."""

LONELY = 3
"""Smallest ratio of its contrast steps to the median of nearby rows."""


@dataclass(frozen=True)
class Margins:
    """Margins of a picture in pixels.

    Attributes:
        top: height of the top margin; the other sides likewise.
        marked: whether they contain text or marks.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    marked: bool = field(default=False, kw_only=True)

    def __bool__(self) -> bool:
        return any((self.top, self.bottom, self.left, self.right))

    def scaled(self, factor: float) -> Margins:
        """Scale the margins to another size of the picture, rounded up."""
        sides = (self.top, self.bottom, self.left, self.right)
        return Margins(*(math.ceil(side * factor) for side in sides), marked=self.marked)

    def cut(self, rgb: Pixels) -> Pixels:
        """Crop the margins off a picture, (H, W, 3)."""
        height, width = rgb.shape[:2]
        return rgb[self.top : height - self.bottom, self.left : width - self.right]


def is_grayscale(rgb: Pixels) -> bool:
    """Return whether a picture is grayscale, or has a single tint like old prints."""
    values = rgb.reshape(-1, 3).astype(np.float32)
    chroma = values.max(1) - values.min(1)
    strongest = np.percentile(chroma, 98)
    if strongest < GRAY or strongest > DEEP:
        return bool(strongest < GRAY)
    # In a tinted picture the channel differences are a function of lightness, so their residual is small.
    lightness = values.mean(1)
    differences = values - lightness[:, None]
    bins = (lightness / 16).astype(int)
    counts = np.maximum(np.bincount(bins, minlength=16), 1)
    left = 0.0
    for channel in differences.T:
        means = np.bincount(bins, channel, minlength=16) / counts
        left += float(np.square(channel - means[bins]).mean())
    return bool(left**0.5 < TINTED * float(np.square(differences).sum(1).mean()) ** 0.5)


def find_margins(rgb: Pixels) -> Margins:
    """Find margins of a single color, and frames.

    Returns:
        Margins on two opposite sides or on all four; a sky or a dark ground on one side is part of the picture. A
        margin with text may be on a single side, as below a plate in a book.
    """
    sides = [side_margin(turned) for turned in turns(rgb)]
    if not all(side.depth for side in sides):  # If a side has no margin, the others must have a sharp edge.
        sides = [side if side.steep else Side() for side in sides]
    top, bottom, left, right = sides
    if not (top.depth and bottom.depth) and not (left.depth and right.depth):
        sides = [side if side.marked and side.paper else Side() for side in sides]
    found = Margins(*(side.depth for side in sides), marked=any(side.marked for side in sides))
    return found or find_frame(rgb)


def turns(rgb: Pixels) -> tuple[Pixels, Pixels, Pixels, Pixels]:
    """Return views of the picture with its top, bottom, left and right side at the top."""
    across = rgb.transpose(1, 0, 2)
    return rgb, rgb[::-1], across, across[::-1]


@dataclass(frozen=True)
class Side:
    """A possible margin on one side.

    Attributes:
        depth: depth in pixels, 0 for none.
        marked: whether it contains text or marks.
        steep: whether it has a sharp edge, unlike a gradually darkening sky.
        paper: whether it is bright and has no grain.
    """

    depth: int = 0
    marked: bool = False
    steep: bool = False
    paper: bool = False


def side_margin(rgb: Pixels) -> Side:
    """Find the margin at the top of a picture, with or without a hairline around it."""
    height = len(rgb)
    outer = rgb[: int(height * DEEPEST) + 1].astype(np.int16)
    found = (margin_of(outer, np.median(outer[: max(2, height // part)].reshape(-1, 3), 0)) for part in (100, 25))
    return max(found, key=lambda side: side.depth)


def margin_of(outer: npt.NDArray[np.int16], color: npt.NDArray[np.float64]) -> Side:
    """Find the margin of a given color at the top of the upper part of a picture."""
    height = len(outer) / DEEPEST
    share = (np.abs(outer - color).max(2) <= ALIKE).mean(1)
    begin = int(np.argmax(share >= FULL))
    if share[begin] < FULL or begin > HAIRLINE or share[-1] >= WRITTEN:
        return Side()
    within = np.argmax(share[begin:] < WRITTEN) if (share[begin:] < WRITTEN).any() else len(share)
    depth = begin + int(np.flatnonzero(share[begin : begin + within] >= FULL)[-1]) + 1
    empty = share[begin:depth] >= FULL
    marked = not empty.all() and empty.mean() > 0.3 and depth > 0.05 * height
    if depth < max(2, SHALLOWEST * height) or (not marked and share[begin:depth].mean() < FULL):
        return Side()
    inside = outer[depth : depth + 3].mean(0)
    steep = (np.abs(inside - color).max(1) > STEP).mean() >= WRITTEN
    ground = outer[:depth][np.abs(outer[:depth] - color).max(2) <= ALIKE]
    return Side(depth, bool(marked), bool(steep), bool(color.mean() > LIGHT and ground.std(0).max() < GRAIN))


def find_frame(rgb: Pixels) -> Margins:
    """Find a frame of any color: a straight edge along each of the four sides."""
    edges = [inner_edge(turned) for turned in turns(rgb)]
    return Margins(*edges) if all(edges) else Margins()


def inner_edge(rgb: Pixels) -> int:
    """Return the depth from the top at which a straight edge runs across most of a picture; 0 if there is none."""
    height, width = rgb.shape[:2]
    outer = rgb[: int(height * DEEPEST / 2), width // 8 : width - width // 8].astype(np.int16)
    share: npt.NDArray[np.float64] = (np.abs(np.diff(outer, axis=0)).max(2) > STEP).mean(1)
    shallow = max(2, int(SHALLOWEST * height))
    # In detailed pictures all rows have contrast steps: a frame's edge must stand out from its neighbors.
    found = np.flatnonzero((share > STRAIGHT) & (share > LONELY * np.median(share)))
    found = found[found >= shallow]
    return int(found[-1]) + 1 if len(found) else 0
