"""What is wrong with a single picture as something to learn from: no colours, a frame, a margin, text in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gan_style.imaging.decoding import Pixels

GREY = 6.0
"""Levels of chroma that all but a few pixels stay below in a picture without colours."""

DEEP = 90.0
"""Levels of chroma beyond which a picture of one tint is no old print but a sunset."""

TINTED = 0.12
"""Share of its chroma by which a tinted picture's colours leave the one line from dark to light."""

ALIKE = 14
"""Levels within which a pixel has the colour of the margin."""

DEEPEST = 0.3
"""Share of a side that a margin may take, and a frame half of it; what reaches farther is part of the picture."""

SHALLOWEST = 0.012
"""Share of a side below which a margin is not worth a word."""

FULL, WRITTEN = 0.97, 0.4
"""Share of a line's pixels in the colour of the margin: of an empty margin, and of one with text in it."""

STEP = 16
"""Levels that lie between a margin, or a frame, and the picture."""

LIGHT, GRAIN = 128, 1.5
"""Levels: of paper at least, and deviation of a caption's ground at most, where nothing else speaks for a margin."""

HAIRLINE = 2
"""Pixels that a line around the margin may be wide."""

STRAIGHT = 0.75
"""Share of a side along which a frame's inner edge runs."""

LONELY = 3
"""By how many times it has more steps than most lines near it."""


@dataclass(frozen=True)
class Margins:
    """Pixels at each side that do not belong to the picture.

    Attributes:
        top: and so on, in pixels.
        marked: whether something is printed in them.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    marked: bool = field(default=False, kw_only=True)

    def __bool__(self) -> bool:
        return any((self.top, self.bottom, self.left, self.right))

    def scaled(self, factor: float) -> Margins:
        """Those of the same picture at another size, rounded up."""
        sides = (self.top, self.bottom, self.left, self.right)
        return Margins(*(math.ceil(side * factor) for side in sides), marked=self.marked)

    def cut(self, rgb: Pixels) -> Pixels:
        """The picture without them, (H, W, 3)."""
        height, width = rgb.shape[:2]
        return rgb[self.top : height - self.bottom, self.left : width - self.right]


def without_colour(rgb: Pixels) -> bool:
    """Whether a picture is grey, or of one tint as old prints are."""
    values = rgb.reshape(-1, 3).astype(np.float32)
    chroma = values.max(1) - values.min(1)
    strongest = np.percentile(chroma, 98)
    if strongest < GREY or strongest > DEEP:
        return bool(strongest < GREY)
    # A tint is a function of lightness: differences of the channels follow it, and little is left of them.
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
    """Margins of one colour, and frames.

    Returns:
        Margins where two sides that face each other have them, or all four; a sky or a dark ground on one side is part
        of the picture. A margin with text may stand on one side alone, as under a plate in a book.
    """
    sides = [side_margin(turned) for turned in turns(rgb)]
    if not all(side.depth for side in sides):  # Where one side has none, the others must end in a step.
        sides = [side if side.steep else Side() for side in sides]
    top, bottom, left, right = sides
    if not (top.depth and bottom.depth) and not (left.depth and right.depth):
        sides = [side if side.marked and side.paper else Side() for side in sides]
    found = Margins(*(side.depth for side in sides), marked=any(side.marked for side in sides))
    return found or find_frame(rgb)


def turns(rgb: Pixels) -> tuple[Pixels, Pixels, Pixels, Pixels]:
    """The picture with its top, bottom, left and right side uppermost."""
    across = rgb.transpose(1, 0, 2)
    return rgb, rgb[::-1], across, across[::-1]


@dataclass(frozen=True)
class Side:
    """What may be a margin at one side.

    Attributes:
        depth: in pixels, 0 for none.
        marked: whether something is printed in it.
        steep: whether the picture begins with a step, where a sky slowly darkens.
        paper: whether it is light and has no grain.
    """

    depth: int = 0
    marked: bool = False
    steep: bool = False
    paper: bool = False


def side_margin(rgb: Pixels) -> Side:
    """The margin at the top of a picture, with or without a hairline around it."""
    height = len(rgb)
    outer = rgb[: int(height * DEEPEST) + 1].astype(np.int16)
    found = (margin_of(outer, np.median(outer[: max(2, height // part)].reshape(-1, 3), 0)) for part in (100, 25))
    return max(found, key=lambda side: side.depth)


def margin_of(outer: npt.NDArray[np.int16], colour: npt.NDArray[np.float64]) -> Side:
    """The margin of one colour at the top of the upper part of a picture."""
    height = len(outer) / DEEPEST
    share = (np.abs(outer - colour).max(2) <= ALIKE).mean(1)
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
    steep = (np.abs(inside - colour).max(1) > STEP).mean() >= WRITTEN
    ground = outer[:depth][np.abs(outer[:depth] - colour).max(2) <= ALIKE]
    return Side(depth, bool(marked), bool(steep), bool(colour.mean() > LIGHT and ground.std(0).max() < GRAIN))


def find_frame(rgb: Pixels) -> Margins:
    """A frame of any colours: a straight edge along each of the four sides."""
    edges = [inner_edge(turned) for turned in turns(rgb)]
    return Margins(*edges) if all(edges) else Margins()


def inner_edge(rgb: Pixels) -> int:
    """Where, counted from the top, a straight line runs along most of a picture; 0 for nowhere."""
    height, width = rgb.shape[:2]
    outer = rgb[: int(height * DEEPEST / 2), width // 8 : width - width // 8].astype(np.int16)
    share: npt.NDArray[np.float64] = (np.abs(np.diff(outer, axis=0)).max(2) > STEP).mean(1)
    shallow = max(2, int(SHALLOWEST * height))
    # In a picture full of small things every line has steps: a frame's edge stands out among its neighbours.
    found = np.flatnonzero((share > STRAIGHT) & (share > LONELY * np.median(share)))
    found = found[found >= shallow]
    return int(found[-1]) + 1 if len(found) else 0
