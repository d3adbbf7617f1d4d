"""Animated AVIF output through Pillow, since libvips writes only the first frame."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, features

from gan_style.files import CheckedFile
from gan_style.imaging.isobmff import set_loop_count
from gan_style.imaging.metadata import Details
from gan_style.imaging.photograph import Animation, Photograph

HAS_AVIF_CODEC = bool(features.check("avif"))
"""Whether this Pillow has the AVIF codec."""

FULL_CHROMA_QUALITY = 90
"""Minimum quality without chroma subsampling, as libvips does for still pictures."""

SPEED = 7
"""Encoder speed, 0 to 10; similar to that of still pictures."""


class LazyFrames(Image.Image):
    """A lazy image sequence for Pillow, which asks for count and mode first and then for one frame after another."""

    is_animated = True

    def __init__(self, frames: Iterator[Image.Image], photograph: Photograph) -> None:
        """Store the frames without computing any.

        Args:
            frames: frames in output format; each is consumed once, in order.
            photograph: the picture that they belong to.
        """
        super().__init__()
        self.frames, self.n_frames = frames, photograph.frames
        self._size, self._mode = photograph.size, "RGBA" if photograph.has_alpha else "RGB"
        self.place, self.taken = 0, -1

    def tell(self) -> int:
        """Index of the current frame."""
        return self.place

    def seek(self, frame: int) -> None:
        """Select a frame.

        Raises:
            EOFError: the index is out of range.
        """
        if frame >= self.n_frames:
            raise EOFError
        self.place = frame

    def load(self) -> Any:
        """Load the pixels of the current frame."""
        while self.taken < self.place:
            self.im = next(self.frames).im
            self.taken += 1
        return super().load()


def save_animated_avif(path: Path, frames: LazyFrames, animation: Animation, details: Details, quality: int) -> None:
    """Write an animated AVIF to an existing file.

    Args:
        path: the file.
        frames: the lazy frames.
        animation: timing of the frames.
        details: profile and metadata to write; AVIF has no density.
        quality: 1..100.

    Raises:
        OSError, ValueError or RuntimeError: it cannot be written.
    """
    metadata = {"icc_profile": details.profile, "exif": usable_exif(details.exif), "xmp": details.xmp}
    with CheckedFile(io.FileIO(path, "r+b")) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames.save(
            stream,
            "AVIF",
            save_all=True,
            quality=quality,
            speed=SPEED,
            subsampling="4:4:4" if quality >= FULL_CHROMA_QUALITY else "4:2:0",
            duration=list(animation.delays),
            **{key: value for key, value in metadata.items() if value},
        )
        set_loop_count(stream, animation.loop)


def usable_exif(exif: bytes | None) -> bytes | None:
    """Return an EXIF block, or None if Pillow, which parses it, would fail."""
    block = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            block.load(exif or b"")
            return exif if len(block) else None
    except Exception:  # A broken block can raise anything; the picture is valid without it.
        return None
