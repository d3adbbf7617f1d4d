"""A decoded photograph: pixels, possibly on disk, with metadata for the output."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gan_style.imaging.canvas import Canvas, Raster, Rows, strips
from gan_style.imaging.metadata import Details


@dataclass(frozen=True)
class Animation:
    """Timing of an animation.

    Attributes:
        delays: duration of each frame in milliseconds.
        loop: loop count; 0 for infinite.
    """

    delays: tuple[int, ...]
    loop: int = 0

    def in_hundredths(self) -> list[int]:
        """Round the delays to the 10 ms steps of GIF, preserving the total duration.

        Browsers show frames shorter than 20 ms for 100 ms, so frames longer than 10 ms get at least 20 ms.
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
    """A decoded picture, or the frames of an animation stacked vertically.

    Attributes:
        pixels: (frames * H, W, 3 or 4), uint8 or uint16, sRGB, upright; the fourth channel is alpha.
        details: metadata.
        animation: None for a still picture.
        remark: sentences about content that is not painted or not preserved; empty if there is none.
    """

    pixels: Canvas
    details: Details = field(default_factory=Details)
    animation: Animation | None = None
    remark: str = ""

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.animation.delays) if self.animation else 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0] // self.frames

    @property
    def has_alpha(self) -> bool:
        """Whether there is an alpha channel."""
        return self.pixels.shape[2] == 4

    def frame(self, index: int) -> Raster:
        """The pixels of one frame: (H, W, 3 or 4)."""
        height = self.size[1]
        return Rows(self.pixels, index * height, height)

    def still(self, index: int = 0) -> Photograph:
        """One frame as a still picture."""
        if not self.animation:
            return self
        frame = self.frame(index)
        pixels = Canvas(frame.shape, frame.dtype)
        for rows in strips(frame.shape):
            pixels[rows, :] = frame[rows, :]
        return replace(self, pixels=pixels, animation=None)

    def with_remark(self, sentence: str) -> Photograph:
        """Return a copy with one more remark, which may be empty."""
        return replace(self, remark=f"{self.remark} {sentence}".strip())

    def painted(self, colors: Canvas) -> Photograph:
        """Return a copy with other colors, (frames * H, W, 3)."""
        if not self.has_alpha:
            return replace(self, pixels=colors)
        return replace(self, pixels=Canvas.of(colors.image().bandjoin(self.pixels.image()[3])))
