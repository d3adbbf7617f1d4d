"""Checks of the training pictures: what is wrong, with which files, and what to do about it.

Thresholds were set so that on 263 paintings by Monet, 200 by Van Gogh, 120 prints and 600 photographs there were no
false positives among margins, frames and gray pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gan_style.data.duplicates import find_duplicates, fingerprint
from gan_style.data.margins import find_margins, is_grayscale
from gan_style.data.misplaced import find_misplaced, style_statistics
from gan_style.data.picture_set import PictureSet
from gan_style.imaging.tensors import to_tensor
from gan_style.models.backbone import Backbone
from gan_style.text import counted

NAMED = 5
"""Number of files that a remark lists by name."""

FEWEST = 20
"""Fewest pictures of each set for which misplaced pictures are detected."""

Progress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class Remark:
    """A problem with some pictures.

    Attributes:
        kind: identifier of the problem.
        sentence: the problem, how many files it affects, which ones, and a remedy.
        paths: all affected files.
    """

    kind: str
    sentence: str
    paths: tuple[Path, ...]


@dataclass
class Inspection:
    """Result of the checks.

    Attributes:
        counts: number of pictures checked, by set.
        remarks: problems found.
    """

    counts: dict[str, int] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)


def inspect(
    photos: PictureSet,
    paintings: PictureSet,
    backbone: Backbone,
    *,
    most: int | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Inspection:
    """Check both sets.

    Args:
        photos: training photographs.
        paintings: training paintings.
        backbone: network whose features tell photographs from paintings.
        most: largest number of pictures to check per set, spread evenly over it; all by default.
        progress: called with the name of the set, the number of pictures checked and the total.
    """
    result, known = Inspection(), []
    for what, pictures in (("photographs", photos), ("paintings", paintings)):
        chosen = spread_evenly(len(pictures), most)
        known.append(look(what, pictures, chosen, backbone, result, progress))
        result.counts[what] = len(known[-1].paths)
    result.remarks += shared(*known)
    if min(len(one.statistics) for one in known) >= FEWEST:
        result.remarks += misplaced(*known)
    return result


@dataclass
class Known:
    """Features of the pictures of a set."""

    paths: list[Path] = field(default_factory=list)
    prints: list[np.ndarray] = field(default_factory=list)
    statistics: list[np.ndarray] = field(default_factory=list)


def spread_evenly(count: int, most: int | None) -> list[int]:
    """Return at most ``most`` of ``count`` indices, spread evenly."""
    wanted = count if most is None else min(most, count)
    return [int(place) for place in np.linspace(0, count - 1, wanted).round()]


def look(
    what: str, pictures: PictureSet, chosen: Sequence[int], backbone: Backbone, result: Inspection, progress: Progress
) -> Known:
    """Check the pictures of one set, one by one."""
    known = Known()
    faults: dict[str, list[Path]] = {"blank": [], "grey": [], "margin": [], "text": []}
    for done, index in enumerate(chosen):
        progress(what, done, len(chosen))
        rgb, path = pictures.pictures[index], pictures.paths[index]
        if not pictures.usable(index):
            continue
        known.prints.append(fingerprint(rgb))
        if not known.prints[-1].any():
            faults["blank"].append(path)
        elif is_grayscale(rgb):
            faults["grey"].append(path)
        margins = find_margins(rgb)
        if margins:
            faults["text" if margins.marked else "margin"].append(path)
        known.paths.append(path)
        known.statistics.append(style_statistics(backbone, to_tensor(np.array(rgb))))
    progress(what, len(chosen), len(chosen))
    total = counted(len(chosen), what.removesuffix("s"))
    for kind, words, advice in (
        ("blank", "Blank", "Remove them; they contain nothing to learn from."),
        ("grey", "Grayscale", "Remove them, unless the style has no colors."),
        ("margin", "Margin or frame", "Crop it; --trim-borders does this."),
        ("text", "Margin with text", "Crop it; --trim-borders does this."),
    ):
        if faults[kind]:
            result.remarks.append(remark(kind, words, faults[kind], total, advice))
    copies = [[known.paths[index] for index in group] for group in find_duplicates(known.prints)]
    if copies:
        several = [path for group in copies for path in group[1:]]
        example = " = ".join(map(str, copies[0][:NAMED]))
        result.remarks.append(
            remark("duplicate", "Duplicates", several, total, f"Keep one of each, for example of {example}.")
        )
    return known


def shared(photos: Known, paintings: Known) -> list[Remark]:
    """Find pictures that are in both sets."""
    count = len(photos.paths)
    groups = find_duplicates([*photos.prints, *paintings.prints])
    both = [group for group in groups if group[0] < count <= group[-1]]
    if not both:
        return []
    paths = [photos.paths[index] for group in both for index in group if index < count]
    return [remark("shared", "Also in the paintings", paths, counted(count, "photograph"), "Remove them from one set.")]


def misplaced(photos: Known, paintings: Known) -> list[Remark]:
    """Find pictures that seem to belong to the other set."""
    like_paintings, like_photos = find_misplaced(np.stack(photos.statistics), np.stack(paintings.statistics))
    remarks = []
    for words, found, known, what in (
        ("Look like paintings", like_paintings, photos, "photographs"),
        ("Look like photographs", like_photos, paintings, "paintings"),
    ):
        if found:
            paths, total = [known.paths[index] for index in found], f"{len(known.paths)} {what}"
            remarks.append(remark("misplaced", words, paths, total, "Check that they are in the right folder."))
    return remarks


def remark(kind: str, words: str, paths: Sequence[Path], total: str, advice: str) -> Remark:
    """Build a remark."""
    names = ", ".join(map(str, paths[:NAMED]))
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return Remark(kind, f"{words}: {len(paths)} of {total} ({names}{more}). {advice}", tuple(paths))
