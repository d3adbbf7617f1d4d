"""A style ready to paint: the public face of the library."""

from __future__ import annotations

import os

from PIL import Image

from gan_style.checkpoints.bundled import resolve_style
from gan_style.checkpoints.style_file import StyleFile, read_style
from gan_style.defaults import DETAIL, KEEP_COLORS, STRENGTH, STROKE, STYLE
from gan_style.device import Compute
from gan_style.imaging.canvas import Canvas
from gan_style.imaging.decoding import PictureLike
from gan_style.imaging.encoding import to_image
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.photograph import Photograph
from gan_style.inference.painter import Brush, Painter, Progress


class Style:
    """A painter learnt by ``gan-style train``.

    Attributes:
        name: the style's name, from its file.
        file: the network and all that is known about it.
    """

    def __init__(self, name: str, file: StyleFile, compute: Compute) -> None:
        self.name, self.file = name, file
        self.painter = Painter(file.generator, file.size, compute)

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
            strength: 0 gives the photograph back, 1 the painting, up to 1.5 exaggerates.
            detail: 0..1, how much of a large photograph's fine detail comes back.
            stroke: 1/4..4, size of the largest brush on a large photograph.
            keep_colors: 0..1, how much of the photograph's own colours stays.
            seed: 0 or more, chooses among the style's manners of painting; None for the photograph's own.

        Returns:
            A PIL image of the same size, upright, in sRGB, RGB or (where the picture has transparency) RGBA; of a
            moving picture the first frame.

        Raises:
            PictureError: the picture cannot be read.
            UsageError: a number is out of range, or the style knows one manner only.
        """
        brush = Brush(strength, detail, stroke, keep_colors, seed)
        return to_image(self.paint_photograph(open_photograph(picture), brush))

    def paint_photograph(self, photograph: Photograph, brush: Brush, progress: Progress = lambda _: None) -> Photograph:
        """Paint a decoded picture, every frame of it in the same manner; all but its colours stays as it is."""
        width, height = photograph.size
        frames = photograph.frames
        canvas = Canvas((height * frames, width, 3), photograph.pixels.dtype)
        noise = self.painter.manner(photograph.frame(0), brush) if frames > 1 else None
        for index in range(frames):

            def share(done: float, index: int = index) -> None:
                progress((index + done) / frames)

            frame = photograph.frame(index)
            self.painter.paint_raster(frame, brush, share, noise=noise, onto=canvas, top=index * height)
        return photograph.painted(canvas)


def load_style(style: str | os.PathLike[str] = STYLE, *, device: str = "auto", precision: str = "auto") -> Style:
    """Load a style.

    Args:
        style: a style file, or the name of a bundled style with or without an extension.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".

    Raises:
        StyleError: there is no such style, or the file is not one.
        ResourceError: CUDA is asked for and not there.
        UsageError: an unknown device or precision.
    """
    path = resolve_style(os.fspath(style))
    return Style(path.stem, read_style(path), Compute.choose(device, precision))


def stylize(
    picture: PictureLike,
    style: str | os.PathLike[str] = STYLE,
    *,
    strength: float = STRENGTH,
    detail: float = DETAIL,
    stroke: float = STROKE,
    keep_colors: float = KEEP_COLORS,
    seed: int | None = None,
) -> Image.Image:
    """Paint one picture, as :meth:`Style.paint` does. For several, load the style once."""
    return load_style(style).paint(
        picture, strength=strength, detail=detail, stroke=stroke, keep_colors=keep_colors, seed=seed
    )
