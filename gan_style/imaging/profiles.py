"""Colour profiles: from what a picture is in to sRGB, in which painters have learnt, and back."""

from __future__ import annotations

import functools

import numpy as np

from gan_style.imaging import vips

FIELD = "icc-profile-data"
CLOSE = 3
"""Of 255: how far a profile may be from sRGB and still pass for it."""

ONE_WAY = "Colors cannot be converted back to its profile; the painting is in sRGB."

ASTRAY = 10
"""Mean difference (CIE 1976) from which colors have not come back; what inks cannot reach makes less."""


def profile_of(image: vips.Image) -> bytes | None:
    """The profile that lies in a picture's file."""
    return bytes(image.get(FIELD)) if image.get_typeof(FIELD) else None


def to_srgb(image: vips.Image) -> tuple[vips.Image, bytes | None]:
    """The picture in sRGB, as deep as it was, and the profile to return to, if any.

    A profile is one to return to when it is of three colours and there is a way back; what comes in grey or in ink
    leaves in sRGB.
    """
    profile = profile_of(image)
    deep = image.format == "ushort"
    if profile is not None and passes_for_srgb(profile) and image.interpretation in ("srgb", "rgb", "rgb16"):
        return image.colourspace("rgb16" if deep else "srgb"), profile
    if profile is not None and is_usable(profile, image):
        image = image.icc_transform("srgb", embedded=True, depth=16 if deep else 8)
        back = profile[16:20] == b"RGB " and leads_back(profile)
        return image.colourspace("rgb16" if deep else "srgb"), profile if back else None
    if image.interpretation == "cmyk":
        image = image.icc_transform("srgb", input_profile="cmyk", depth=8)
    return image.colourspace("rgb16" if deep else "srgb"), None


def from_srgb(image: vips.Image, profile: bytes) -> vips.Image:
    """A picture in sRGB, with or without transparency, in the colours of a profile, which goes with it."""
    if not passes_for_srgb(profile):
        depth = 16 if image.format == "ushort" else 8
        lab = image.icc_import(input_profile="srgb", embedded=False, pcs="lab")
        image = with_profile(lab, profile).icc_export(depth=depth)
    return with_profile(image, profile)


def with_profile(image: vips.Image, profile: bytes) -> vips.Image:
    """The same pixels, said to be in the colours of a profile."""
    image = image.copy()
    image.set_type(vips.BLOB, FIELD, profile)
    return image


@functools.lru_cache(maxsize=16)
def passes_for_srgb(profile: bytes) -> bool:
    """Whether converting from the profile to sRGB changes nothing to speak of."""
    if profile[16:20] != b"RGB ":
        return False
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    image = vips.Image.new_from_array(colours, interpretation="srgb")
    try:
        changed = with_profile(image, profile).icc_transform("srgb", embedded=True).numpy()
    except vips.Error:
        return True  # A profile that says nothing is carried along and otherwise passed over.
    return bool(np.abs(changed.astype(int) - colours).max() <= CLOSE)


@functools.lru_cache(maxsize=16)
def leads_back(profile: bytes) -> bool:
    """Whether colors of sRGB can be converted to a profile and are the same there.

    Some profiles are made for reading only: the way back is missing, or stands there and does nothing.
    """
    levels = np.asarray([64, 128, 192], np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(3, 9, 3)
    image = vips.Image.new_from_array(colors, interpretation="srgb")
    lab = image.icc_import(input_profile="srgb", embedded=False, pcs="lab")
    try:
        there = with_profile(lab, profile).icc_export(depth=8)
        again = with_profile(there, profile).icc_import(embedded=True, pcs="lab").numpy()
    except vips.Error:
        return False
    return bool(np.linalg.norm(again - lab.numpy(), axis=-1).mean() < ASTRAY)


def remark_on(profile: bytes | None, kept: bytes | None) -> str:
    """What to say where a picture of three colors came with a profile that it cannot go back to; empty elsewhere."""
    lost = profile is not None and kept is None and profile[16:20] == b"RGB " and not leads_back(profile)
    return ONE_WAY if lost else ""


def is_usable(profile: bytes, image: vips.Image) -> bool:
    """Whether a profile is one for as many colours as the picture has, and can be computed with."""
    colours = image.bands - image.hasalpha()
    if colours != {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(profile[16:20]):
        return False
    # A pixel of its own: the picture may be one that can be read only once.
    pixel = vips.Image.black(1, 1, bands=colours).cast(image.format).copy(interpretation=image.interpretation)
    try:
        with_profile(pixel, profile).icc_transform("srgb", embedded=True).avg()
    except vips.Error:
        return False
    return True
