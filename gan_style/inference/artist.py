"""What can paint a photograph, whatever it has learnt from."""

from __future__ import annotations

from abc import ABC, abstractmethod

from PIL import Image

from gan_style.defaults import DETAIL, KEEP_COLORS, STRENGTH, STROKE
from gan_style.imaging.decoding import PictureLike
from gan_style.imaging.encoding import to_image
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.photograph import Photograph
from gan_style.inference.options import Progress, StylizeOptions


class Artist(ABC):
    """Paints pictures.

    Attributes:
        name: what paintings are called after.
        manners: whether a seed makes a difference.
        stage: what it is at while it paints, in a few words; empty where there is nothing to tell.
    """

    name: str
    manners: bool
    stage: str = ""

    @abstractmethod
    def paint_photograph(
        self, photograph: Photograph, options: StylizeOptions, progress: Progress = lambda _: None
    ) -> Photograph:
        """Paint a decoded picture, every frame of it in the same manner; all but its colours stays as it is."""

    def remark(self, options: StylizeOptions) -> str:
        """What people should know before anything is painted; empty if nothing."""
        del options
        return ""

    def ignored_options(self, options: StylizeOptions, size: tuple[int, int]) -> set[str]:
        """Attributes of a brush that make no difference to a picture of some width and height."""
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
        options = StylizeOptions(strength, detail, stroke, keep_colors, seed)
        return to_image(self.paint_photograph(open_photograph(picture).still(), options))
