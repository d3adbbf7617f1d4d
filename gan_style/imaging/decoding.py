"""Pictures in: any of the things people have, upright, as RGB and alpha."""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from gan_style.errors import GanStyleError, PictureError, ResourceError
from gan_style.imaging import vips
from gan_style.imaging.canvas import Canvas, turned
from gan_style.imaging.finding import SIGNATURE_BYTES
from gan_style.imaging.loading import beginning, checked, first_that_reads, is_unsupported, load, loader_of, trusted
from gan_style.imaging.metadata import Details, details_of, details_of_pillow, orientation_of_vips
from gan_style.imaging.profiles import passes_for_srgb, to_srgb, with_profile
from gan_style.imaging.tiff_layout import BITS

Pixels: TypeAlias = npt.NDArray[np.uint8]
PictureLike: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | npt.NDArray[np.generic]

FIRST_FRAME = {"gif", "webp"}
"""Loaders of what may move; Pillow takes its first frame."""

RGB_MODES = {"RGB", "RGBA", "P", "PA"}

OVERSHOOT = 0.5
"""How far floats may lie outside 0..1, as resizing leaves them, before they must be something else."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        rgb: (H, W, 3), 0..255, upright.
        alpha: (H, W), 0..255, or None where the picture has no transparency.
        details: what lies beside the pixels; its profile is the one that ``rgb`` is in.
    """

    rgb: Pixels
    alpha: Pixels | None = None
    details: Details = field(default_factory=Details)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


def read_picture(source: PictureLike, short_side: int | None = None, *, name: str = "") -> Picture:
    """Decode a picture as sRGB.

    Args:
        source: a path, the bytes of a file, a PIL image, or an array: (H, W), (H, W, 3) or (H, W, 4), uint8 in 0..255
            or floating point in 0..1.
        short_side: shrink so that the shorter side has this many pixels (never enlarge). JPEG decodes faster then.
        name: what errors call it; its path by default.

    Raises:
        PictureError: it cannot be found, read or understood.
        ResourceError: there is not enough memory for it.
    """
    name = name or (str(source) if isinstance(source, str | os.PathLike) else "The picture")
    with explained(name):
        return in_srgb(picture_of(source, short_side))


def picture_of(source: PictureLike, short_side: int | None = None) -> Picture:
    """Decode a picture as :func:`read_picture` does, in its own colors.

    Raises:
        Exception: it cannot be found, read or understood.
    """
    if isinstance(source, np.ndarray):
        source = array_image(source)
    if isinstance(source, Image.Image):
        return finish(source, shrunk(source.size, short_side))
    if not isinstance(source, str | os.PathLike | bytes) and not hasattr(source, "read"):
        kind = type(source).__name__
        raise PictureError(f"{kind} is no picture; give a path, bytes, a PIL image or a NumPy array.")
    if isinstance(source, str | os.PathLike):
        source = Path(source)
    if not isinstance(source, bytes) and not (isinstance(source, Path) and source.is_file()):
        return decoded(source, short_side)
    loader = loader_of(source[:SIGNATURE_BYTES] if isinstance(source, bytes) else beginning(source))
    by_libvips, pillow = trusted(source, loader)
    ways = [lambda: decoded(checked(source, loader), short_side)] if pillow or loader in FIRST_FRAME else []
    if by_libvips and loader not in FIRST_FRAME:
        ways.append(lambda: decoded_by_libvips(source, loader, short_side))
    return first_that_reads(ways)


def in_srgb(picture: Picture) -> Picture:
    """The same picture in sRGB.

    Raises:
        vips.Error: it cannot be converted.
    """
    profile = picture.details.profile
    if profile is None or passes_for_srgb(profile):
        return picture
    image = vips.Image.new_from_array(np.ascontiguousarray(picture.rgb), interpretation="srgb")
    rgb = to_srgb(with_profile(image, profile))[0].numpy()
    return replace(picture, rgb=rgb, details=picture.details.with_profile(None))


def decoded(source: Path | bytes | IO[bytes], short_side: int | None = None) -> Picture:
    """What Pillow makes of a file.

    Raises:
        Exception: it is damaged, or of a kind that Pillow does not know.
    """
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        size = shrunk(image.size, short_side)
        if size != image.size:
            image.draft(None, size)  # A JPEG decodes at a fraction of its size, never below the one asked for.
        return finish(image, size)


def decoded_by_libvips(source: Path | bytes, loader: str, short_side: int | None) -> Picture:
    """What libvips makes of a file.

    Raises:
        vips.Error or UnsupportedError: it is damaged, or of a kind that libvips does not know.
        PIL.Image.DecompressionBombError: it is too large.
    """
    loaded = load(source, loader)
    size = loaded.image.width, loaded.image.height
    if size[0] * size[1] > 2 * (Image.MAX_IMAGE_PIXELS or math.inf):
        raise Image.DecompressionBombError
    image = loaded.in_common_values()
    details, orientation = details_of(image).with_profile(None), orientation_of_vips(image)
    image = to_srgb(image)[0].colourspace("srgb")
    small = shrunk(size, short_side)
    if small != size:
        image = image.resize(small[0] / size[0], vscale=small[1] / size[1])
    pixels = turned(Canvas.of(image), orientation)[:, :]
    return Picture(pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None, details)


@contextlib.contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn whatever goes wrong with a picture into one sentence.

    Raises:
        PictureError: it cannot be found, read or understood.
        ResourceError: there is not enough memory for it.
    """
    try:
        yield
    except GanStyleError:
        raise
    except FileNotFoundError:
        raise PictureError(f"{name} does not exist; check the path.") from None
    except (PermissionError, IsADirectoryError) as error:
        raise PictureError(f"{name} cannot be read ({error.strerror}); check the path and its permissions.") from None
    except UnidentifiedImageError:
        raise PictureError(f"{name} is not a picture that can be read; convert it to PNG or JPEG first.") from None
    except Image.DecompressionBombError:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise PictureError(f"{name} claims more than {limit} megapixels; shrink it first.") from None
    except MemoryError:
        raise ResourceError(f"There is not enough memory to decode {name}; shrink it first.") from None
    except Exception as error:  # Damaged files make decoders raise whatever they happen to break.
        reason = vips.reason(error) if isinstance(error, vips.Error) else getattr(error, "strerror", None) or str(error)
        reason = " ".join(reason.split()).rstrip(".") or type(error).__name__
        if is_unsupported(error):
            raise PictureError(
                f"{name} is of a kind that cannot be read ({reason}); convert it to PNG or JPEG."
            ) from None
        raise PictureError(f"{name} is damaged ({reason}); open and save it again elsewhere.") from None


def shrunk(size: tuple[int, int], short_side: int | None) -> tuple[int, int]:
    """``size`` scaled so that its shorter side is ``short_side``, or as it is where that is none or not smaller."""
    if short_side is None or min(size) <= short_side:
        return size
    factor = short_side / min(size)
    return round(size[0] * factor), round(size[1] * factor)


def finish(image: Image.Image, size: tuple[int, int]) -> Picture:
    """Turn upright, bring to ``size`` (as it was before turning), and split into colour and alpha."""
    image.load()
    details = details_of_pillow(image)
    if image.mode not in RGB_MODES:
        details = details.with_profile(None)
    try:
        upright = ImageOps.exif_transpose(image)
    except Exception:  # A broken block can raise anything, and the pixels are fine without it.
        upright = image
    if upright.size != image.size:
        size = size[::-1]
    upright = to_eight_bit(by_profile(upright), bits_of(image))
    if upright.size != size:
        upright = upright.resize(size, Image.Resampling.LANCZOS)
    rgb = np.asarray(upright.convert("RGB"))
    alpha = np.asarray(upright.getchannel("A")) if upright.mode == "RGBA" else None
    return Picture(rgb, alpha, details)


def by_profile(image: Image.Image) -> Image.Image:
    """Grey or ink in sRGB, by a profile that works; whatever else as it is."""
    profile = image.info.get("icc_profile")
    if image.mode not in ("L", "LA", "CMYK") or not profile or "transparency" in image.info:
        return image
    try:
        rgb = ImageCms.profileToProfile(
            image.convert("L") if image.mode == "LA" else image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            "RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    if rgb is not None and image.mode == "LA":
        rgb.putalpha(image.getchannel("A"))
    return rgb or image


def bits_of(image: Image.Image) -> int:
    """How many bits of 16 a picture uses."""
    bits = getattr(image, "tag_v2", {}).get(BITS, (16,))
    return int(bits[0]) if isinstance(bits, tuple) and 8 < bits[0] < 16 else 16


def to_eight_bit(image: Image.Image, bits: int = 16) -> Image.Image:
    """The picture as RGB, or as RGBA where it has transparency."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> (bits - 8)).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        values = np.asarray(image, np.float64)
        highest = values.max(initial=0)
        scale = 255.0 if image.mode == "F" and highest <= 1 else 1.0 if highest <= 255 else 255 / 65535
        return Image.fromarray((values * scale).clip(0, 255).astype(np.uint8)).convert("RGB")
    return image.convert("RGB")


def array_image(array: npt.NDArray[np.generic]) -> Image.Image:
    """A PIL image of an array.

    Raises:
        PictureError: the shape or the type is not a picture's.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise PictureError(f"An array of shape {array.shape} is no picture; give (H, W), (H, W, 3) or (H, W, 4).")
    if array.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(array))
    if np.issubdtype(array.dtype, np.floating) and np.isfinite(array).all():
        if min(float(array.min()), 1 - float(array.max())) < -OVERSHOOT:
            raise PictureError("An array of floats must lie in 0..1; divide it by 255, or give uint8.")
        return Image.fromarray(np.asarray(np.clip(array, 0, 1) * 255 + 0.5, np.uint8))
    raise PictureError(f"An array of {array.dtype} is no picture; give uint8 in 0..255 or finite floats in 0..1.")
