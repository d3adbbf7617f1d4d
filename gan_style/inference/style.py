"""Loading styles and painting with them: the public API of the library."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path

from PIL import Image

from gan_style.checkpoints.bundled import Located, locate
from gan_style.checkpoints.header import SUFFIX
from gan_style.checkpoints.hub.cache import source_of
from gan_style.checkpoints.hub.fetching import ProgressCallback
from gan_style.checkpoints.integrity import sha256_of
from gan_style.checkpoints.style_file import StyleFile, read_style
from gan_style.defaults import DAY, DETAIL, KEEP_COLORS, SIZE, STRENGTH, STROKE, STYLE
from gan_style.device import PRECISIONS, Compute
from gan_style.errors import StyleError, UsageError, printable
from gan_style.imaging import kinds
from gan_style.imaging.canvas import Canvas, Raster
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.types import PictureLike
from gan_style.inference.artist import Artist, paint_frames
from gan_style.inference.options import Progress, StylizeOptions
from gan_style.inference.painter import Painter

logger = logging.getLogger(__name__)


class Style(Artist):
    """Style trained by ``gan-style train``.

    Attributes:
        name: the style's name, from its file name.
        stochastic: whether the result depends on a seed.
        file: the network and its metadata.
        source: address with commit if the style is from the Hub, otherwise empty.
    """

    def __init__(self, name: str, file: StyleFile, compute: Compute, source: str = "") -> None:
        self.name, self.file, self.source = name, file, source
        self.stochastic = file.generator.config.noise > 0
        self.painter = Painter(file.generator, file.size, compute, refiner=file.refiner)

    def warning(self, options: StylizeOptions) -> str:
        """Warn about strokes that are larger than those of other styles."""
        size = self.file.size
        if size >= SIZE or options.stroke != STROKE:
            return ""
        return (
            f"{self.name} was trained on pictures of {size} pixels, so its strokes on larger photographs are "
            f"{SIZE / size:g} times as large as those of other styles; --stroke {size / SIZE:g} makes them as fine."
        )

    def ignored_options(self, options: StylizeOptions, size: tuple[int, int]) -> set[str]:
        """Return detail, and also stroke if it does not change that, for pictures with a single pyramid level."""
        if self.painter.levels(*size, options.stroke):
            return set()
        return {"detail"} if self.painter.levels(*size) else {"detail", "stroke"}

    def paint_photograph(
        self, photograph: Photograph, options: StylizeOptions, progress: Progress = lambda _: None
    ) -> Photograph:
        """Paint a decoded picture, all its frames with the same latent vector; everything but its pixels is kept."""
        noise = self.painter.latent_for(photograph.frame(0), options) if photograph.frames > 1 else None

        def paint(frame: Raster, progress: Progress, canvas: Canvas, top: int) -> None:
            self.painter.paint_raster(frame, options, progress, noise=noise, onto=canvas, top=top)

        return paint_frames(photograph, paint, progress)


def load_style(
    style: str | os.PathLike[str] = STYLE,
    *,
    device: str = "auto",
    precision: str = "auto",
    downloading: ProgressCallback | None = None,
) -> Style:
    """Load a style.

    Args:
        style: a style file, the name of a bundled style with or without an extension (logs a warning if that looks
            like a missing file), or a style on the Hugging Face Hub: "owner/repo" or
            "hf://owner/repo/file.safetensors@revision".
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16".
        downloading: download callback; receives what is downloaded, the bytes received and the total.

    Raises:
        StyleError: the style does not exist, or the file is not a style.
        ResourceError: CUDA is requested but unavailable, or the Hub is unreachable.
        UsageError: the device or precision is unknown.
    """
    found = locate(os.fspath(style), downloading)
    if is_picture(found.path):
        raise StyleError(
            f"{found.path} is a picture, not a style; gan-style stylize accepts it as --style, without training."
        )
    return style_from(found, device, precision)


def style_from(found: Located, device: str, precision: str) -> Style:
    """Load the style of a located file."""
    file, path = read_style(found.path, found.pin), found.path
    source = str(source_of(path) or "")
    logger.info("style %s from %s", printable(path.stem), source or path)
    return Style(printable(path.stem), file, Compute.choose(device, precision), source)


def load_artist(
    style: str | os.PathLike[str] = STYLE,
    *,
    device: str = "auto",
    precision: str = "auto",
    minutes: float | None = None,
    downloading: ProgressCallback | None = None,
) -> Artist:
    """Load a trained style, or a painting to optimize towards.

    Args:
        style: what :func:`load_style` takes, or a picture, detected by its content.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32" or "bf16", for styles.
        minutes: time limit per photograph when ``style`` is a picture; ignored otherwise.
        downloading: as for :func:`load_style`.

    Raises:
        StyleError: the style does not exist, or the file is neither a style nor a picture.
        PictureError: the picture cannot be decoded.
        ResourceError: CUDA is requested but unavailable, the backbone's weights are missing, or the Hub is unreachable.
        UsageError: the device or precision is unknown, or minutes is out of range.
    """
    if minutes is not None and not 0 < minutes <= DAY:
        raise UsageError(f"minutes must be above 0 and at most {DAY:g}, not {minutes:g}.")
    found = locate(os.fspath(style), downloading)
    path = found.path
    if not is_picture(path):
        return style_from(found, device, precision)
    if found.pin:
        found.pin.check(path, sha256_of(path, math.inf))  # Paintings may exceed the size limit of styles.
    from gan_style.checkpoints.backbone import load_backbone
    from gan_style.optimization.stylizer import MAX_SIDE, OptimizationStylizer

    logger.info("optimizing towards the painting %s", path)
    compute = Compute.choose(device, "fp32" if precision in PRECISIONS else precision)
    return OptimizationStylizer(
        path.stem, read_picture(path, 2 * MAX_SIDE).rgb, load_backbone(), compute, minutes=minutes
    )


def is_picture(path: Path) -> bool:
    """Whether a file is a picture, by its content.

    False for any file with the extension of styles, as all files from the Hub have: an untrusted file must not be
    decoded as a picture where the user asked for a style.
    """
    if path.suffix == SUFFIX:
        return False
    try:
        return kinds.is_picture(path)
    except OSError:
        return False


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
    """Paint one picture; ``style`` as in :func:`load_artist`, the rest as in :meth:`Artist.paint`."""
    return load_artist(style).paint(
        picture, strength=strength, detail=detail, stroke=stroke, keep_colors=keep_colors, seed=seed
    )
