"""A look at the pictures before anything is learnt from them: what is wrong, where, and what to do about it.

Thresholds are such that on 263 paintings by Monet, 200 by Van Gogh, 120 prints and 600 photographs every margin, frame
and grey picture that was named was one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gan_style.data.duplicates import find_duplicates, fingerprint
from gan_style.data.margins import find_margins, without_colour
from gan_style.data.misplaced import find_misplaced, manner
from gan_style.data.picture_set import PictureSet
from gan_style.imaging.tensors import to_tensor
from gan_style.models.backbone import Backbone
from gan_style.text import counted

NAMED = 5
"""Pictures that a sentence names; of the others it says how many there are."""

FEWEST = 20
"""Pictures of a kind below which nothing is said about which are of the other."""

Progress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class Remark:
    """Something that is wrong with some pictures.

    Attributes:
        kind: in a word.
        sentence: what, how many, which, and what to do.
        paths: all of them.
    """

    kind: str
    sentence: str
    paths: tuple[Path, ...]


@dataclass
class Inspection:
    """What was found.

    Attributes:
        counts: how many pictures of each kind were looked at.
        remarks: what is wrong with them.
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
    """Look at both sets.

    Args:
        photos: photographs as they are learnt from.
        paintings: paintings likewise.
        backbone: tells photographs from paintings.
        most: pictures of a set to look at, spread evenly over it; all by default.
        progress: called with what is being looked at, how many are done and how many there are.
    """
    result, known = Inspection(), []
    for what, pictures in (("photographs", photos), ("paintings", paintings)):
        chosen = spread_evenly(len(pictures), most)
        known.append(look(what, pictures, chosen, backbone, result, progress))
        result.counts[what] = len(known[-1].paths)
    result.remarks += shared(*known)
    if min(len(one.manners) for one in known) >= FEWEST:
        result.remarks += misplaced(*known)
    return result


@dataclass
class Known:
    """What is kept of the pictures of a set."""

    paths: list[Path] = field(default_factory=list)
    prints: list[np.ndarray] = field(default_factory=list)
    manners: list[np.ndarray] = field(default_factory=list)


def spread_evenly(count: int, most: int | None) -> list[int]:
    """At most so many of ``count`` places."""
    wanted = count if most is None else min(most, count)
    return [int(place) for place in np.linspace(0, count - 1, wanted).round()]


def look(
    what: str, pictures: PictureSet, chosen: Sequence[int], backbone: Backbone, result: Inspection, progress: Progress
) -> Known:
    """Look at the pictures of one set, one by one."""
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
        elif without_colour(rgb):
            faults["grey"].append(path)
        margins = find_margins(rgb)
        if margins:
            faults["text" if margins.marked else "margin"].append(path)
        known.paths.append(path)
        known.manners.append(manner(backbone, to_tensor(np.array(rgb))))
    progress(what, len(chosen), len(chosen))
    total = counted(len(chosen), what.removesuffix("s"))
    for kind, words, advice in (
        ("blank", "Nothing to be seen", "Leave them out: there is nothing to paint, or to learn from."),
        ("grey", "No colours", "Leave them out, unless the painter drew without."),
        ("margin", "Margin or frame", "Cut it off; --trim-borders does."),
        ("text", "Margin with something printed in it", "Cut it off; --trim-borders does."),
    ):
        if faults[kind]:
            result.remarks.append(remark(kind, words, faults[kind], total, advice))
    copies = [[known.paths[index] for index in group] for group in find_duplicates(known.prints)]
    if copies:
        several = [path for group in copies for path in group[1:]]
        example = " = ".join(map(str, copies[0][:NAMED]))
        result.remarks.append(
            remark("duplicate", "More than once", several, total, f"Keep one of each, as of {example}.")
        )
    return known


def shared(photos: Known, paintings: Known) -> list[Remark]:
    """Pictures that are in both sets."""
    count = len(photos.paths)
    groups = find_duplicates([*photos.prints, *paintings.prints])
    both = [group for group in groups if group[0] < count <= group[-1]]
    if not both:
        return []
    paths = [photos.paths[index] for group in both for index in group if index < count]
    return [remark("shared", "Among the paintings too", paths, counted(count, "photograph"), "Decide what they are.")]


def misplaced(photos: Known, paintings: Known) -> list[Remark]:
    """Pictures that look as if they belonged to the other set."""
    like_paintings, like_photos = find_misplaced(np.stack(photos.manners), np.stack(paintings.manners))
    remarks = []
    for words, found, known, what in (
        ("Like the paintings", like_paintings, photos, "photographs"),
        ("Like the photographs", like_photos, paintings, "paintings"),
    ):
        if found:
            paths, total = [known.paths[index] for index in found], f"{len(known.paths)} {what}"
            remarks.append(remark("misplaced", words, paths, total, "See whether they are in the right folder."))
    return remarks


def remark(kind: str, words: str, paths: Sequence[Path], total: str, advice: str) -> Remark:
    """A sentence that counts, names and advises."""
    names = ", ".join(map(str, paths[:NAMED]))
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return Remark(kind, f"{words}: {len(paths)} of {total} ({names}{more}). {advice}", tuple(paths))
