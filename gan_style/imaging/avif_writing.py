"""Moving AVIF out, by Pillow: libvips writes only its first frame."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, features

from gan_style.files import CheckedFile
from gan_style.imaging.isobmff import set_plays
from gan_style.imaging.metadata import Details
from gan_style.imaging.photograph import Animation, Photograph

AVIF_MOVES = bool(features.check("avif"))
"""Whether this Pillow has the codec."""

FULL_COLOR = 90
"""Quality from which on colors are stored as finely as brightness, as libvips has it in still pictures."""

SPEED = 7
"""Of 0 to 10, about what still pictures are written with."""


class Reel(Image.Image):
    """Frames for Pillow, which asks for their number and kind first, and then for one after the other."""

    is_animated = True

    def __init__(self, frames: Iterator[Image.Image], photograph: Photograph) -> None:
        """Nothing is computed yet.

        Args:
            frames: as they are written; each is asked for once, when it is its turn.
            photograph: what they are of.
        """
        super().__init__()
        self.frames, self.n_frames = frames, photograph.frames
        self._size, self._mode = photograph.size, "RGBA" if photograph.has_alpha else "RGB"
        self.place, self.taken = 0, -1

    def tell(self) -> int:
        """The number of the frame."""
        return self.place

    def seek(self, frame: int) -> None:
        """Go to a frame.

        Raises:
            EOFError: there is none of this number.
        """
        if frame >= self.n_frames:
            raise EOFError
        self.place = frame

    def load(self) -> Any:
        """Have the pixels of the frame in memory."""
        while self.taken < self.place:
            self.im = next(self.frames).im
            self.taken += 1
        return super().load()


def save_reel(path: Path, reel: Reel, animation: Animation, details: Details, quality: int) -> None:
    """Write a moving AVIF into an existing file.

    Args:
        path: the file.
        reel: its frames.
        animation: how they follow each other.
        details: what goes along; AVIF has no density.
        quality: 1..100.

    Raises:
        OSError, ValueError or RuntimeError: it cannot be written.
    """
    along = {"icc_profile": details.profile, "exif": usable(details.exif), "xmp": details.xmp}
    with CheckedFile(io.FileIO(path, "r+b")) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reel.save(
            stream,
            "AVIF",
            save_all=True,
            quality=quality,
            speed=SPEED,
            subsampling="4:4:4" if quality >= FULL_COLOR else "4:2:0",
            duration=list(animation.delays),
            **{key: value for key, value in along.items() if value},
        )
        set_plays(stream, animation.loop)


def usable(exif: bytes | None) -> bytes | None:
    """An EXIF block, or None where Pillow, which looks into it, would fail."""
    block = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            block.load(exif or b"")
            return exif if len(block) else None
    except Exception:  # A broken block can raise anything, and the picture is fine without it.
        return None
