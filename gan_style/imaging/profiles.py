"""Color conversion from a picture's ICC profile to sRGB, the color space of the networks, and back."""

from __future__ import annotations

import functools

import numpy as np

from gan_style.imaging import vips

FIELD = "icc-profile-data"
SRGB_TOLERANCE = 3
"""Maximum difference from sRGB, of 255, of a profile that is treated as sRGB."""

NOT_INVERTIBLE = "The color profile cannot be used for output; the painting is in sRGB."

MAX_ROUND_TRIP_ERROR = 10
"""Mean round-trip error (CIE 1976) above which a profile has no usable inverse; out-of-gamut colors cause less."""


def profile_of(image: vips.Image) -> bytes | None:
    """The embedded profile of an image."""
    return bytes(image.get(FIELD)) if image.get_typeof(FIELD) else None


def to_srgb(image: vips.Image) -> tuple[vips.Image, bytes | None]:
    """Convert an image to sRGB at the same bit depth; also return the profile for output, if any.

    Only invertible RGB profiles are used for output; paintings of gray and CMYK pictures are written in sRGB.
    """
    profile = profile_of(image)
    deep = image.format == "ushort"
    if profile is not None and is_nearly_srgb(profile) and image.interpretation in ("srgb", "rgb", "rgb16"):
        return image.colourspace("rgb16" if deep else "srgb"), profile
    if profile is not None and is_usable(profile, image):
        image = image.icc_transform("srgb", embedded=True, depth=16 if deep else 8)
        back = profile[16:20] == b"RGB " and is_invertible(profile)
        return image.colourspace("rgb16" if deep else "srgb"), profile if back else None
    if image.interpretation == "cmyk":
        image = image.icc_transform("srgb", input_profile="cmyk", depth=8)
    return image.colourspace("rgb16" if deep else "srgb"), None


def from_srgb(image: vips.Image, profile: bytes) -> vips.Image:
    """Convert an sRGB image, with or without alpha, to a profile and embed the profile."""
    if not is_nearly_srgb(profile):
        depth = 16 if image.format == "ushort" else 8
        lab = image.icc_import(input_profile="srgb", embedded=False, pcs="lab")
        image = with_profile(lab, profile).icc_export(depth=depth)
    return with_profile(image, profile)


def with_profile(image: vips.Image, profile: bytes) -> vips.Image:
    """Assign a profile to an image without converting its pixels."""
    image = image.copy()
    image.set_type(vips.BLOB, FIELD, profile)
    return image


@functools.lru_cache(maxsize=16)
def is_nearly_srgb(profile: bytes) -> bool:
    """Whether conversion from the profile to sRGB has no significant effect."""
    if profile[16:20] != b"RGB ":
        return False
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    image = vips.Image.new_from_array(colors, interpretation="srgb")
    try:
        changed = with_profile(image, profile).icc_transform("srgb", embedded=True).numpy()
    except vips.Error:
        return True  # An unusable profile is preserved but not applied.
    return bool(np.abs(changed.astype(int) - colors).max() <= SRGB_TOLERANCE)


@functools.lru_cache(maxsize=16)
def is_invertible(profile: bytes) -> bool:
    """Whether sRGB colors survive conversion to a profile and back.

    Some profiles are for input only: their inverse transform is missing or has no effect.
    """
    levels = np.asarray([64, 128, 192], np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(3, 9, 3)
    image = vips.Image.new_from_array(colors, interpretation="srgb")
    lab = image.icc_import(input_profile="srgb", embedded=False, pcs="lab")
    try:
        converted = with_profile(lab, profile).icc_export(depth=8)
        returned = with_profile(converted, profile).icc_import(embedded=True, pcs="lab").numpy()
    except vips.Error:
        return False
    return bool(np.linalg.norm(returned - lab.numpy(), axis=-1).mean() < MAX_ROUND_TRIP_ERROR)


def remark_on(profile: bytes | None, kept: bytes | None) -> str:
    """Remark for an RGB picture whose profile cannot be used for output; otherwise empty."""
    lost = profile is not None and kept is None and profile[16:20] == b"RGB " and not is_invertible(profile)
    return NOT_INVERTIBLE if lost else ""


def is_usable(profile: bytes, image: vips.Image) -> bool:
    """Whether a profile has the same number of channels as the image and can be applied."""
    colors = image.bands - image.hasalpha()
    if colors != {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(profile[16:20]):
        return False
    # Test with a separate pixel: the image may allow only one sequential read.
    pixel = vips.Image.black(1, 1, bands=colors).cast(image.format).copy(interpretation=image.interpretation)
    try:
        with_profile(pixel, profile).icc_transform("srgb", embedded=True).avg()
    except vips.Error:
        return False
    return True
