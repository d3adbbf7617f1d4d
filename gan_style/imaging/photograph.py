"""A photograph as it comes in for painting: pixels that may lie on disk, and all that goes out with them again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gan_style.imaging.canvas import Canvas, Raster, Rows, strips
from gan_style.imaging.metadata import Details


@dataclass(frozen=True)
class Animation:
    """How the frames of a moving picture follow each other.

    Attributes:
        delays: milliseconds that each frame stays.
        loop: how often all are shown; 0 for ever.
    """

    delays: tuple[int, ...]
    loop: int = 0

    def in_hundredths(self) -> list[int]:
        """The delays in steps of 10 ms, as a GIF has them, that together last as long.

        Browsers show for 100 ms what is shorter than two steps; no frame that lasts longer than one becomes so.
        """
        result, due = [], 0
        for delay in self.delays:
            due += delay
            step = max(round(due / 10) * 10, 20 if delay > 10 else 0)
            result.append(step)
            due -= step
        return result


@dataclass(frozen=True)
class Photograph:
    """A decoded picture, or the frames of a moving one, one below the other.

    Attributes:
        pixels: (frames * H, W, 3 or 4), uint8 or uint16, sRGB, upright; the fourth channel is opacity.
        details: what lies beside the pixels.
        animation: None for a still picture.
        remark: what of the file is not painted, or does not go along, in sentences; empty for all of it is and does.
    """

    pixels: Canvas
    details: Details = field(default_factory=Details)
    animation: Animation | None = None
    remark: str = ""

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.animation.delays) if self.animation else 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0] // self.frames

    @property
    def has_alpha(self) -> bool:
        """Whether there is a channel for opacity."""
        return self.pixels.shape[2] == 4

    def frame(self, index: int) -> Raster:
        """The pixels of one frame: (H, W, 3 or 4)."""
        height = self.size[1]
        return Rows(self.pixels, index * height, height)

    def still(self, index: int = 0) -> Photograph:
        """One frame as a picture of its own."""
        if not self.animation:
            return self
        frame = self.frame(index)
        pixels = Canvas(frame.shape, frame.dtype)
        for rows in strips(frame.shape):
            pixels[rows, :] = frame[rows, :]
        return replace(self, pixels=pixels, animation=None)

    def remarked(self, sentence: str) -> Photograph:
        """The same picture with one more remark; nothing changes where that is empty."""
        return replace(self, remark=f"{self.remark} {sentence}".strip())

    def painted(self, colours: Canvas) -> Photograph:
        """The same picture in other colours, (frames * H, W, 3)."""
        if not self.has_alpha:
            return replace(self, pixels=colours)
        return replace(self, pixels=Canvas.of(colours.image().bandjoin(self.pixels.image()[3])))
