"""Sources of paintings to evaluate: a style, or a folder of any program's output."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from gan_style.errors import DataError
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels
from gan_style.imaging.unsupported import suggestion_for
from gan_style.inference.style import Style

SHORT_SIDE = 512
"""Short side in pixels to which larger photographs are resized before painting; the networks see half of it."""


class Painted:
    """Folder of existing paintings, matched to photographs by name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, pictures_in(folder)
        self.exact = {path.relative_to(folder): path for path in self.files}
        self.stems: dict[Path, list[Path]] = {}
        for name, path in self.exact.items():
            self.stems.setdefault(name.with_suffix(""), []).append(path)

    def paint(self, relative: Path, _photo: Pixels) -> Pixels:
        """Read the painting of a photograph.

        Raises:
            DataError: there is no painting, or the name is ambiguous.
            PictureError: the painting cannot be read.
        """
        exact = self.exact.get(relative)
        found = [exact] if exact else self.stems.get(relative.with_suffix(""), [])
        if not found:
            raise DataError(f"{self.folder} contains no painting of {relative}; add one with the same name.")
        if len(found) > 1:
            raise DataError(f"{found[0]} and {found[1]} could both be the painting of {relative}; remove one.")
        return read_picture(found[0]).rgb


class Painting:
    """Style that paints the photographs on demand."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def paint(self, _relative: Path, photo: Pixels) -> Pixels:
        """Paint a photograph."""
        return self.style.painter.paint(photo)


def pictures_in(folder: Path) -> list[Path]:
    """List all pictures of a folder.

    Raises:
        DataError: the folder cannot be read.
    """
    try:
        return list(find_pictures(folder))
    except OSError as error:
        reason = f"The folder {folder} cannot be read ({error.strerror}); check the path."
        raise DataError(suggestion_for(str(folder)) or reason) from None


PictureSource: TypeAlias = Painted | Painting


def same_size(painting: Pixels, photo: Pixels) -> Pixels:
    """Resize a painting to the size of its photograph."""
    if painting.shape == photo.shape:
        return painting
    size = (photo.shape[1], photo.shape[0])
    return np.asarray(Image.fromarray(painting).resize(size, Image.Resampling.LANCZOS))
