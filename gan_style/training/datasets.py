"""What a training learns from, two folders or a folder and a painting, with a word about what is wrong with them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gan_style.data.picture_set import PictureSet, load_pictures, open_pictures
from gan_style.data.reading import decode_picture
from gan_style.errors import DataError
from gan_style.files import is_file
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.unsupported import suggestion_for
from gan_style.training.recipe import Recipe
from gan_style.training.run.listener import Listener

ENOUGH_PHOTOS, ENOUGH_PAINTINGS = 30, 10

SCALES = (0.75, 1.0, 1.5, 2.0)
"""Short sides at which a single painting is learnt from, as multiples of that of paintings in a folder."""

AT_ONCE = 5000
"""Files of a folder up to which all are decoded before training; of more, each when it is needed."""


def load_sets(
    photos: Path, paintings: Path, recipe: Recipe, listener: Listener, *, trim: bool = False
) -> tuple[PictureSet, PictureSet]:
    """Both sets, with a word about what cannot be used.

    Args:
        photos: folder of photographs.
        paintings: folder of paintings, or a single picture, which is taken at several scales.
        recipe: tells how large pictures must be.
        listener: who is told.
        trim: cut margins and frames off.

    Raises:
        DataError: there is nothing to learn from.
    """
    sets = (
        load_set("photographs", photos, ENOUGH_PHOTOS, recipe.short_sides, recipe.photo_crop, listener, trim=trim),
        load_single(paintings, recipe, trim=trim)
        if is_file(paintings)
        else load_set("paintings", paintings, ENOUGH_PAINTINGS, recipe.short_sides, recipe.crop, listener, trim=trim),
    )
    if sets[0].fingerprint == sets[1].fingerprint:
        raise DataError(f"{photos} and {paintings} hold the same pictures; give photographs first, then paintings.")
    return sets


def load_single(path: Path, recipe: Recipe, *, trim: bool) -> PictureSet:
    """One painting at several scales, so that crops show its composition as well as its strokes.

    Raises:
        DataError: it cannot be used.
    """
    result, digest = PictureSet(), hashlib.sha256()
    pictures: list[Pixels] = []
    for scale in SCALES:
        rgb = decode_picture(path, max(round(scale * recipe.size), recipe.crop), recipe.crop, trim)
        if isinstance(rgb, str):
            raise DataError(rgb)
        if pictures and rgb.shape == pictures[-1].shape:
            break  # It has no more pixels than that.
        pictures.append(rgb)
        digest.update(rgb.tobytes())
    # Of a painting that has one scale only that is taken twice, which changes nothing.
    result.pictures = pictures if len(pictures) > 1 else 2 * pictures
    result.paths = [path] * len(result.pictures)
    result.fingerprint = digest.hexdigest()[:16]
    return result


def load_set(
    what: str,
    folder: Path,
    enough: int,
    short_sides: tuple[int, ...],
    smallest: int,
    listener: Listener,
    *,
    trim: bool,
) -> PictureSet:
    """One set, from which crops are taken at one or several scales.

    Raises:
        DataError: there is nothing in it.
    """
    try:
        paths = list(find_pictures(folder))
    except OSError as error:
        reason = f"The folder of {what} {folder} cannot be read ({error.strerror}); check the path."
        raise DataError(suggestion_for(str(folder)) or reason) from None
    size = max(short_sides)
    if len(paths) > AT_ONCE:
        result = open_pictures(folder, paths, size, smallest=smallest, trim=trim)
    else:
        result = load_pictures(
            paths, size, smallest=smallest, trim=trim, progress=lambda done: listener.reading(what, done, len(paths))
        )
    if len(short_sides) > 1:
        result.short_sides = short_sides
    for failure in result.news():
        listener.warn(f"Left out: {failure}")
    if not len(result):
        raise DataError(f"{folder} holds no {what} that can be read; give a folder with at least {enough}.")
    if len(result) < enough:
        counted = f"{len(result)} {what if len(result) > 1 else what.removesuffix('s')}"
        listener.warn(f"Only {counted} in {folder}: {enough} or more teach much better.")
    return result
