"""Pictures out: the format by extension, written beside and renamed."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from gan_style.defaults import QUALITY
from gan_style.errors import PictureError, UsageError
from gan_style.files import replacing
from gan_style.imaging.decoding import Picture

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
OPTIONS: dict[str, dict[str, object]] = {
    "PNG": {"compress_level": 6},
    "JPEG": {"quality": QUALITY, "subsampling": "4:4:4"},
    "WEBP": {"quality": QUALITY},
    "TIFF": {"compression": "tiff_lzw"},
    "BMP": {},
}
KEPT = {
    "PNG": ("icc_profile", "exif"),
    "JPEG": ("icc_profile", "exif"),
    "WEBP": ("icc_profile", "exif"),
    "TIFF": ("icc_profile",),  # libtiff, which compresses, does not take a whole EXIF block from Pillow.
    "BMP": (),
}
LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}
LONGEST_JPEG_EXIF = 65533
WITHOUT_ALPHA = {"JPEG", "BMP"}


def format_of(path: Path) -> str:
    """Pillow's name of the format that an extension asks for.

    Raises:
        PictureError: no format that can be written has it.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise PictureError(f"{path} has no extension of a picture; use one of {', '.join(FORMATS)}.") from None


def format_named(word: str) -> str:
    """Pillow's name of the format that a word means: an extension without its dot.

    Raises:
        UsageError: no format that can be written is called so.
    """
    try:
        return FORMATS[f".{word.lower()}"]
    except KeyError:
        words = ", ".join(suffix.removeprefix(".") for suffix in FORMATS)
        raise UsageError(f"format must be one of {words}, not {word}.") from None


def check_fits(path: Path, size: tuple[int, int]) -> None:
    """Refuse before painting what could not be written after it.

    Raises:
        PictureError: the extension is none we write, or the format takes no picture of this width and height.
    """
    check_size(format_of(path), size, str(path))


def check_size(form: str, size: tuple[int, int], name: str) -> None:
    """Refuse before painting what a format cannot hold.

    Raises:
        PictureError: it takes no picture of this width and height.
    """
    limit = LONGEST_SIDE.get(form)
    if limit is not None and max(size) > limit:
        raise PictureError(f"{name} cannot be {size[0]}x{size[1]} pixels: {form} ends at {limit}; use PNG or TIFF.")


def to_image(picture: Picture) -> Image.Image:
    """A PIL image, RGB or RGBA, with the picture's profile and metadata in its ``info``."""
    image = Image.fromarray(picture.rgb)
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(picture.alpha))
    if picture.icc_profile:
        image.info["icc_profile"] = picture.icc_profile
    if picture.exif:
        image.info["exif"] = picture.exif
    return image


def write_picture(path: Path, picture: Picture, quality: int = QUALITY) -> None:
    """Write a picture atomically; transparency becomes white where the format has none.

    Args:
        path: where; its extension says in which format.
        picture: what.
        quality: of JPEG and WebP, 1..100.

    Raises:
        PictureError: the extension is none we write, or the file cannot be written.
    """
    form = format_of(path)
    try:
        with replacing(path) as temporary, temporary.open("r+b") as stream:
            encode(stream, picture, form, quality)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(
            f"{path} cannot be written ({reason}); check the folder, its rights and the space left."
        ) from None


def encode(stream: IO[bytes], picture: Picture, form: str, quality: int = QUALITY) -> None:
    """Write a picture into an open file.

    Args:
        stream: an open file; TIFF must be able to seek in it.
        picture: what.
        form: Pillow's name of the format.
        quality: of JPEG and WebP, 1..100.

    Raises:
        OSError, ValueError or RuntimeError: it cannot be written.
    """
    if picture.alpha is not None and form in WITHOUT_ALPHA:
        picture = on_white(picture)
    image = to_image(picture)
    options = dict(OPTIONS[form])
    options |= {key: image.info[key] for key in KEPT[form] if key in image.info}
    if form == "JPEG" and len(picture.exif or b"") > LONGEST_JPEG_EXIF:
        del options["exif"]
    if "quality" in options:
        options["quality"] = quality
    image.save(stream, form, **options)


def on_white(picture: Picture) -> Picture:
    """The same picture without transparency."""
    assert picture.alpha is not None
    opacity = picture.alpha[..., None].astype(np.uint16)
    rgb = ((picture.rgb * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
    return Picture(rgb, None, picture.icc_profile, picture.exif)
