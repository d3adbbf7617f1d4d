"""Base class of everything that can paint a photograph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from PIL import Image

from gan_style.defaults import DETAIL, KEEP_COLORS, STRENGTH, STROKE
from gan_style.imaging.canvas import Canvas, Raster
from gan_style.imaging.encoding import to_image
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.types import PictureLike
from gan_style.inference.options import Progress, StylizeOptions


class Artist(ABC):
    """Base class of painters: trained styles and optimization.

    Attributes:
        name: style name, for file names and messages.
        stochastic: whether the result depends on a seed.
        stage: short description of the current stage while painting, or empty.
    """

    name: str
    stochastic: bool
    stage: str = ""

    @abstractmethod
    def paint_photograph(
        self, photograph: Photograph, options: StylizeOptions, progress: Progress = lambda _: None
    ) -> Photograph:
        """Paint a decoded picture, all its frames with the same variation; everything but its pixels is kept."""

    def warning(self, options: StylizeOptions) -> str:
        """Return a warning to show before painting, or an empty string."""
        del options
        return ""

    def ignored_options(self, options: StylizeOptions, size: tuple[int, int]) -> set[str]:
        """Return the names of options that have no effect on a picture of ``size`` (width, height)."""
        del options, size
        return set()

    def paint(
        self,
        picture: PictureLike,
        *,
        strength: float = STRENGTH,
        detail: float = DETAIL,
        stroke: float = STROKE,
        keep_colors: float = KEEP_COLORS,
        seed: int | None = None,
    ) -> Image.Image:
        """Paint a picture.

        Args:
            picture: a path, the bytes of a file, a PIL image, or an array (uint8 in 0..255 or floats in 0..1).
            strength: 0 returns the photograph, 1 the painting, up to 1.5 exaggerates.
            detail: 0..1, how much of a large photograph's fine detail to restore.
            stroke: 1/4..4, size of the largest brush strokes on a large photograph.
            keep_colors: 0..1, how much of the photograph's colors to keep.
            seed: 0 or more, selects the style's variation; None derives it from the photograph.

        Returns:
            A PIL image of the same size, upright, in sRGB, as RGB or, with transparency, RGBA; of an animation, the
            first frame.

        Raises:
            PictureError: the picture cannot be read.
            UsageError: an option is out of range, or a seed is given and the style is deterministic.
        """
        options = StylizeOptions(strength, detail, stroke, keep_colors, seed)
        return to_image(self.paint_photograph(open_photograph(picture).still(), options))


def paint_frames(
    photograph: Photograph, paint: Callable[[Raster, Progress, Canvas, int], object], progress: Progress
) -> Photograph:
    """Paint all frames of a photograph on one canvas; everything but its pixels is kept.

    Args:
        photograph: a decoded picture.
        paint: paints a frame; receives the frame, a progress callback, the canvas and the first row to paint on.
        progress: progress callback.
    """
    width, height = photograph.size
    frames = photograph.frames
    canvas = Canvas((height * frames, width, 3), photograph.pixels.dtype)
    for index in range(frames):

        def share(done: float, index: int = index) -> None:
            progress((index + done) / frames)

        paint(photograph.frame(index), share, canvas, index * height)
    return photograph.painted(canvas)
