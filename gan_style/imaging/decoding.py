"""Decoding of pictures in any supported format to upright RGB and alpha."""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError

from gan_style.errors import GanStyleError, PictureError, ResourceError
from gan_style.imaging import vips
from gan_style.imaging.canvas import Canvas, oriented
from gan_style.imaging.kinds import SIGNATURE_BYTES, first_bytes
from gan_style.imaging.loading import check_damage, first_success, is_unsupported, load, loader_of, reliable_readers
from gan_style.imaging.metadata import Details, details_of, details_of_pillow, orientation_of_vips
from gan_style.imaging.pillow_images import array_image, bits_of, by_profile, to_eight_bit, upright
from gan_style.imaging.profiles import is_nearly_srgb, to_srgb, with_profile
from gan_style.imaging.refusing import check_kind
from gan_style.imaging.types import PictureLike, Pixels
from gan_style.imaging.unsupported import suggestion_for

FIRST_FRAME = {"gif", "webp"}
"""Loaders of formats that may be animated; Pillow decodes the first frame."""

RGB_MODES = {"RGB", "RGBA", "P", "PA"}


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        rgb: (H, W, 3), 0..255, upright.
        alpha: (H, W), 0..255, or None if the picture has no transparency.
        details: metadata; its profile is the color profile of ``rgb``.
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
        short_side: downscale to this many pixels on the shorter side (never upscale), which also speeds up JPEG.
        name: name in error messages; the path by default.

    Raises:
        PictureError: it cannot be found, read or decoded.
        ResourceError: there is not enough memory.
    """
    name = name or (str(source) if isinstance(source, str | os.PathLike) else "The picture")
    with picture_errors(name, source):
        return in_srgb(decode_in_own_colors(source, short_side, name))


def decode_in_own_colors(source: PictureLike, short_side: int | None = None, name: str = "The picture") -> Picture:
    """Decode a picture like :func:`read_picture`, but keep its color profile.

    Raises:
        Exception: it cannot be found, read or decoded.
    """
    if isinstance(source, np.ndarray):
        source = array_image(source)
    if isinstance(source, Image.Image):
        return picture_from_pillow(source, shrunk_size(source.size, short_side))
    if not isinstance(source, str | os.PathLike | bytes) and not hasattr(source, "read"):
        kind = type(source).__name__
        raise PictureError(f"{kind} is not a picture; give a path, bytes, a PIL image or a NumPy array.")
    if isinstance(source, str | os.PathLike):
        source = Path(source)
    if not isinstance(source, bytes) and not (isinstance(source, Path) and source.is_file()):
        return decode_with_pillow(source, short_side)
    check_kind(source, name)
    loader = loader_of(source[:SIGNATURE_BYTES] if isinstance(source, bytes) else first_bytes(source))
    by_libvips, pillow = reliable_readers(source, loader)
    ways = (
        [lambda: decode_with_pillow(check_damage(source, loader), short_side)]
        if pillow or loader in FIRST_FRAME
        else []
    )
    if by_libvips and loader not in FIRST_FRAME:
        ways.append(lambda: decode_with_libvips(source, loader, short_side))
    return first_success(ways)


def in_srgb(picture: Picture) -> Picture:
    """Convert a picture to sRGB.

    Raises:
        vips.Error: the conversion failed.
    """
    profile = picture.details.profile
    if profile is None or is_nearly_srgb(profile):
        return picture
    image = vips.Image.new_from_array(np.ascontiguousarray(picture.rgb), interpretation="srgb")
    rgb = to_srgb(with_profile(image, profile))[0].numpy()
    return replace(picture, rgb=rgb, details=picture.details.with_profile(None))


def decode_with_pillow(
    source: Path | bytes | IO[bytes], short_side: int | None = None, check: Callable[[int], None] = lambda _: None
) -> Picture:
    """Decode a file with Pillow.

    Args:
        source: a path, bytes or a stream.
        short_side: as for :func:`read_picture`.
        check: called with the number of pixels before they are decoded.

    Raises:
        Exception: it is damaged or not supported by Pillow.
    """
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        check(image.width * image.height)
        size = shrunk_size(image.size, short_side)
        if size != image.size:
            image.draft(None, size)  # JPEG decodes at a fraction of its size, never smaller than requested.
        return picture_from_pillow(image, size)


def decode_with_libvips(source: Path | bytes, loader: str, short_side: int | None) -> Picture:
    """Decode a file with libvips.

    Raises:
        vips.Error or UnsupportedError: it is damaged or not supported by libvips.
        PIL.Image.DecompressionBombError: it is too large.
    """
    loaded = load(source, loader)
    size = loaded.image.width, loaded.image.height
    if size[0] * size[1] > 2 * (Image.MAX_IMAGE_PIXELS or math.inf):
        raise Image.DecompressionBombError
    image = loaded.normalized()
    details, orientation = details_of(image).with_profile(None), orientation_of_vips(image)
    image = to_srgb(image)[0].colourspace("srgb")
    small = shrunk_size(size, short_side)
    if small != size:
        image = image.resize(small[0] / size[0], vscale=small[1] / size[1])
    pixels = oriented(Canvas.of(image), orientation)[:, :]
    return Picture(pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None, details)


@contextlib.contextmanager
def picture_errors(name: str, source: object = None) -> Iterator[None]:
    """Translate decoding exceptions into user-facing errors.

    Args:
        name: name of the picture, usually its path.
        source: its content, if it is not in a file.

    Raises:
        PictureError: it cannot be found, read or decoded.
        ResourceError: there is not enough memory.
    """
    try:
        yield
    except GanStyleError:
        raise
    except FileNotFoundError:
        raise PictureError(suggestion_for(name) or f"{name} does not exist; check the path.") from None
    except (PermissionError, IsADirectoryError) as error:
        raise PictureError(f"{name} cannot be read ({error.strerror}); check the path and its permissions.") from None
    except UnidentifiedImageError:
        instead = suggestion_for(name, source if isinstance(source, bytes) else b"")
        sentence = instead or f"{name} is not a picture in a supported format; convert it to PNG or JPEG first."
        raise PictureError(sentence) from None
    except Image.DecompressionBombError:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise PictureError(f"{name} has more than {limit} megapixels; shrink it first.") from None
    except MemoryError:
        raise ResourceError(f"Not enough memory to decode {name}; shrink it first.") from None
    except Exception as error:  # Damaged files can make decoders raise anything.
        reason = vips.reason(error) if isinstance(error, vips.Error) else getattr(error, "strerror", None) or str(error)
        reason = " ".join(reason.split()).rstrip(".") or type(error).__name__
        if instead := suggestion_for(name):
            raise PictureError(instead) from None
        if isinstance(error, OSError) and error.errno:  # Raised by the file system, not a decoder.
            raise PictureError(f"{name} cannot be read ({reason}); check the path and its permissions.") from None
        if is_unsupported(error):
            raise PictureError(
                f"{name} has an unsupported format ({reason}); convert it to PNG or JPEG first."
            ) from None
        raise PictureError(f"{name} is damaged ({reason}); try to open and save it in another program.") from None


def shrunk_size(size: tuple[int, int], short_side: int | None) -> tuple[int, int]:
    """Scale ``size`` down to a shorter side of ``short_side``; unchanged if that is None or not smaller."""
    if short_side is None or min(size) <= short_side:
        return size
    factor = short_side / min(size)
    return round(size[0] * factor), round(size[1] * factor)


def picture_from_pillow(image: Image.Image, size: tuple[int, int]) -> Picture:
    """Convert a PIL image to a picture: apply orientation, resize to ``size`` (before orientation), split off alpha."""
    image.load()
    details = details_of_pillow(image)
    if image.mode not in RGB_MODES:
        details = details.with_profile(None)
    shown = upright(image)
    if shown.size != image.size:
        size = size[::-1]
    shown = to_eight_bit(by_profile(shown), bits_of(image))
    if shown.size != size:
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    rgb = np.asarray(shown.convert("RGB"))
    alpha = np.asarray(shown.getchannel("A")) if shown.mode == "RGBA" else None
    return Picture(rgb, alpha, details)
