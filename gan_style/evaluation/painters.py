"""Who is judged: a style that paints now, or a folder of what any program painted."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from gan_style.errors import DataError
from gan_style.imaging.decoding import Pixels, read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.inference.style import Style

SHORT_SIDE = 512
"""Larger photographs are shrunk to this before they are painted: the networks look at half of it."""


class Painted:
    """Pictures that some program painted, found by the names of their photographs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = {path.relative_to(folder).with_suffix(""): path for path in pictures_in(folder)}

    def paint(self, relative: Path, _photo: Pixels) -> Pixels:
        """The painting of a photograph.

        Raises:
            DataError: there is none.
            PictureError: it cannot be read.
        """
        path = self.paths.get(relative.with_suffix(""))
        if path is None:
            raise DataError(f"{self.folder} holds no painting of {relative}.")
        return read_picture(path).rgb


class Painting:
    """A style that paints the photographs now."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def paint(self, _relative: Path, photo: Pixels) -> Pixels:
        """Paint a photograph."""
        return self.style.painter.paint(photo)


def pictures_in(folder: Path) -> list[Path]:
    """All pictures of a folder.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return list(find_pictures(folder))
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read ({error.strerror}); check the path.") from None


PictureSource: TypeAlias = Painted | Painting


def same_size(painting: Pixels, photo: Pixels) -> Pixels:
    """The painting at the size of its photograph."""
    if painting.shape == photo.shape:
        return painting
    size = (photo.shape[1], photo.shape[0])
    return np.asarray(Image.fromarray(painting).resize(size, Image.Resampling.LANCZOS))
