"""Loading of the training pictures, with warnings about those that cannot be used."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gan_style.data.loading import load_pictures, open_pictures
from gan_style.data.picture_set import PictureSet
from gan_style.data.reading import decode_picture
from gan_style.errors import DataError
from gan_style.files import is_file
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels
from gan_style.imaging.unsupported import suggestion_for
from gan_style.training.recipe import Recipe
from gan_style.training.run.listener import Listener

ENOUGH_PHOTOS, ENOUGH_PAINTINGS = 30, 10

SCALES = (0.75, 1.0, 1.5, 2.0)
"""Scales at which a single painting is used, relative to that of the paintings in a folder."""

AT_ONCE = 5000
"""Largest number of files that are all decoded before training; in larger folders each is decoded when needed."""


def load_sets(
    photos: Path, paintings: Path, recipe: Recipe, listener: Listener, *, trim: bool = False
) -> tuple[PictureSet, PictureSet]:
    """Load both sets, and warn about files that cannot be used.

    Args:
        photos: folder of photographs.
        paintings: folder of paintings, or a single painting, which is loaded at several scales.
        recipe: gives the size of the pictures.
        listener: receives progress and warnings.
        trim: crop margins and frames.

    Raises:
        DataError: there are no usable pictures.
    """
    sets = (
        load_set("photographs", photos, ENOUGH_PHOTOS, recipe.short_sides, recipe.photo_crop, listener, trim=trim),
        load_single(paintings, recipe, trim=trim)
        if is_file(paintings)
        else load_set("paintings", paintings, ENOUGH_PAINTINGS, recipe.short_sides, recipe.crop, listener, trim=trim),
    )
    if sets[0].fingerprint == sets[1].fingerprint:
        raise DataError(f"{photos} and {paintings} contain the same pictures; give photographs first, then paintings.")
    return sets


def load_single(path: Path, recipe: Recipe, *, trim: bool) -> PictureSet:
    """Load one painting at several scales, so that crops show its composition as well as its strokes.

    Raises:
        DataError: the painting cannot be used.
    """
    result, digest = PictureSet(), hashlib.sha256()
    pictures: list[Pixels] = []
    for scale in SCALES:
        rgb = decode_picture(path, max(round(scale * recipe.size), recipe.crop), recipe.crop, trim)
        if isinstance(rgb, str):
            raise DataError(rgb)
        if pictures and rgb.shape == pictures[-1].shape:
            break  # The full resolution is reached.
        pictures.append(rgb)
        digest.update(rgb.tobytes())
    # A painting with only one scale is used twice, which does not change the training.
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
    """Load one set, from which crops are taken at one or several scales.

    Raises:
        DataError: there are no usable pictures.
    """
    try:
        paths = list(find_pictures(folder))
    except OSError as error:
        reason = f"Cannot read the folder of {what} {folder} ({error.strerror}); check the path."
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
    for failure in result.unreported():
        listener.warn(f"Skipped: {failure}")
    if not len(result):
        raise DataError(f"{folder} contains no readable {what}; give a folder with at least {enough}.")
    if len(result) < enough:
        counted = f"{len(result)} {what if len(result) > 1 else what.removesuffix('s')}"
        listener.warn(f"Only {counted} in {folder}; results are much better with {enough} or more.")
    return result
