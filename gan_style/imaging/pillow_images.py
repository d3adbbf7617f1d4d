"""Conversion of PIL images and arrays with any pixel type to upright 8-bit images."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps

from gan_style.errors import PictureError
from gan_style.imaging.tiff_layout import BITS

OVERSHOOT = 0.5
"""How far floats may exceed 0..1, from resampling, before they are rejected."""


def upright(image: Image.Image) -> Image.Image:
    """Apply the orientation in the metadata of an image."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # A broken block can raise anything; the pixels are valid without it.
        return image


def by_profile(image: Image.Image) -> Image.Image:
    """Convert gray or CMYK to sRGB by a usable profile; return other images unchanged."""
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
    """Number of bits used in a 16-bit image."""
    bits = getattr(image, "tag_v2", {}).get(BITS, (16,))
    return int(bits[0]) if isinstance(bits, tuple) and 8 < bits[0] < 16 else 16


def to_eight_bit(image: Image.Image, bits: int = 16) -> Image.Image:
    """Convert to 8-bit RGB, or RGBA if the image has transparency."""
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
    """Convert an array to a PIL image.

    Raises:
        PictureError: the shape or the type is not supported.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise PictureError(f"An array of shape {array.shape} is not a picture; give (H, W), (H, W, 3) or (H, W, 4).")
    if array.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(array))
    if np.issubdtype(array.dtype, np.floating) and np.isfinite(array).all():
        if min(float(array.min()), 1 - float(array.max())) < -OVERSHOOT:
            raise PictureError("An array of floats must lie in 0..1; divide it by 255, or give uint8.")
        return Image.fromarray(np.asarray(np.clip(array, 0, 1) * 255 + 0.5, np.uint8))
    raise PictureError(f"An array of {array.dtype} is not a picture; give uint8 in 0..255 or finite floats in 0..1.")
