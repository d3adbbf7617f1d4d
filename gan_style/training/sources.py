"""The two folders that a training learns from, with a word about everything that is wrong with them."""

from __future__ import annotations

from pathlib import Path

from gan_style.errors import DataError
from gan_style.imaging.finding import find_pictures
from gan_style.training.data import PictureSet, load_pictures, open_pictures
from gan_style.training.listener import Listener
from gan_style.training.recipe import Recipe

ENOUGH_PHOTOS, ENOUGH_PAINTINGS = 30, 10

AT_ONCE = 5000
"""Files of a folder up to which all are decoded before training; of more, each when it is needed."""


def load_sets(
    photos: Path, paintings: Path, recipe: Recipe, listener: Listener, *, trim: bool = False
) -> tuple[PictureSet, PictureSet]:
    """Both sets, with a word about what cannot be used.

    Args:
        photos: folder of photographs.
        paintings: folder of paintings.
        recipe: tells how large pictures must be.
        listener: who is told.
        trim: cut margins and frames off.

    Raises:
        DataError: there is nothing to learn from.
    """
    sets = (
        load_set("photographs", photos, ENOUGH_PHOTOS, recipe.size, recipe.photo_crop, listener, trim=trim),
        load_set("paintings", paintings, ENOUGH_PAINTINGS, recipe.size, recipe.crop, listener, trim=trim),
    )
    if sets[0].fingerprint == sets[1].fingerprint:
        raise DataError(f"{photos} and {paintings} hold the same pictures; give photographs first, then paintings.")
    return sets


def load_set(
    what: str, folder: Path, enough: int, size: int, smallest: int, listener: Listener, *, trim: bool
) -> PictureSet:
    """One set.

    Raises:
        DataError: there is nothing in it.
    """
    try:
        paths = list(find_pictures(folder))
    except OSError as error:
        raise DataError(f"The folder of {what} {folder} cannot be read ({error.strerror}); check the path.") from None
    if len(paths) > AT_ONCE:
        result = open_pictures(folder, paths, size, smallest=smallest, trim=trim)
    else:
        result = load_pictures(
            paths, size, smallest=smallest, trim=trim, progress=lambda done: listener.reading(what, done, len(paths))
        )
    for failure in result.news():
        listener.warn(f"Left out: {failure}")
    if not len(result):
        raise DataError(f"{folder} holds no {what} that can be read; give a folder with at least {enough}.")
    if len(result) < enough:
        counted = f"{len(result)} {what if len(result) > 1 else what.removesuffix('s')}"
        listener.warn(f"Only {counted} in {folder}: {enough} or more teach much better.")
    return result
