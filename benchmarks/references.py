"""Comparable results of Pillow, libvips and gan-style for a file.

Colors are compared as the means of 4x4 cells in sRGB, premultiplied by alpha: enough to detect a wrong profile, a wrong
orientation, a lost channel or a missing part, and insensitive to the rounding and interpolation of decoders.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pillow_heif
from beside import as_bytes, density_of_exif, density_of_pillow, entries_of, exif_of, usable
from PIL import Image, ImageCms, ImageOps

from gan_style.imaging import vips
from gan_style.imaging.canvas import Raster
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.plugins import heic_available

Cells = npt.NDArray[np.float32]

CELLS = 4
"""In a row and in a column."""

NO_PIXELS = ("svg", "pdf", "csv", "matrix", "vips")
"""Loaders of libvips for drawings, tables of numbers and its own memory dumps."""

INCH = 25.4


SUBFILE, REDUCED, DNG = 0xFE, 1, 0xC612
"""Tags of a TIFF, and what the first says of a preview."""


OF_PIXELS = re.compile(r"(line|row|strip|tile) \d")
"""What a complaint of libtiff says of pixels, and not of some entry."""


class NoPictureError(Exception):
    """A reader does not recognize a file as a picture."""


class DamagedError(Exception):
    """A reader continues after damage."""


@dataclass(frozen=True)
class Seen:
    """What a reader sees in a file.

    Attributes:
        reader: its name.
        form: the file's format.
        size: width and height, upright.
        frames: of each frame (4, 4, 4) means: red, green and blue times opacity, and opacity, 0..255.
        delays: milliseconds of each frame; empty where the picture is still.
        plays: how often the frames are shown; 0 for ever, None where the reader does not tell.
        deep: whether a value has more than 8 bits.
        color: whether a profile of three colors could belong to the pixels.
        profile: the ICC profile.
        density: pixels per inch, across and down.
        exif: entries that describe the picture, by their tags.
        exif_bytes: length of the block.
        xmp: the packet.
    """

    reader: str
    form: str
    size: tuple[int, int]
    frames: tuple[Cells, ...]
    delays: tuple[int, ...] = ()
    plays: int | None = 0
    deep: bool = False
    color: bool = True
    profile: bytes | None = None
    density: tuple[float, float] | None = None
    exif: dict[str, str] = field(default_factory=dict)
    exif_bytes: int = 0
    xmp: bytes | None = None


def by_pillow(path: Path, max_pixels: int) -> Seen:
    """What Pillow sees, with the plugin for HEIC.

    Raises:
        Exception: of any kind, where it does not read the file whole.
    """
    with plugins_as_before(heif=True):
        with Image.open(path) as image:
            image.verify()  # Checksums, which are not looked at otherwise.
        with without_complaint():
            return seen_by_pillow(path, max_pixels)


@contextlib.contextmanager
def without_complaint() -> Iterator[None]:
    """Make an error of what libtiff writes to standard error of pixels, where Pillow goes on with what it has.

    Raises:
        DamagedError: there is something.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as log:
        before = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
        log.seek(0)
        words = log.read().decode(errors="replace")
    if OF_PIXELS.search(words):
        raise DamagedError(words)


def seen_by_pillow(path: Path, max_pixels: int) -> Seen:
    """The same of a file of which Pillow has nothing to complain."""
    with contextlib.ExitStack() as stack:
        image = stack.enter_context(Image.open(path))
        check(image.width * image.height, max_pixels)
        image.load()
        form, info = image.format or "", dict(image.info)
        moving = "duration" in info or "loop" in info
        hidden = int(bool(info.get("default_image")))
        numbers = range(hidden, getattr(image, "n_frames", 1)) if moving else range(1)
        check(image.width * image.height * len(numbers), max_pixels)
        frames, delays = [], []
        for number in numbers:
            if number > 0:
                if form == "PNG":  # One frame after another, Pillow takes a wrong one for the one before.
                    image = stack.enter_context(Image.open(path))
                image.seek(number)
                image.load()
            turned = image if len(numbers) > 1 else upright(image)
            frames.append(cells_of(srgb_of_pillow(turned)))
            delays.append(round(float(image.info.get("duration") or 0)))
        exif = image.getexif()
        return Seen(
            "Pillow",
            form,
            turned.size,
            tuple(frames),
            tuple(delays) if len(numbers) > 1 else (),
            plays_of_pillow(form, info) if len(numbers) > 1 else 0,
            image.mode.startswith("I;16") or image.mode in ("I", "F"),
            image.mode in ("RGB", "RGBA", "P", "PA", "RGBX", "RGBa"),
            info.get("icc_profile") or None,
            density_of_pillow(image) or density_of_exif(exif),
            entries_of(exif),
            len(info.get("exif") or b"") if isinstance(info.get("exif"), bytes) else 0,
            as_bytes(image.info.get("xmp")),
        )


@contextlib.contextmanager
def plugins_as_before(*, heif: bool = False) -> Iterator[None]:
    """Have Pillow forget afterwards what it learns to read: of one reader's plugins another is not to profit.

    Args:
        heif: whether it is to read HEIC.
    """
    Image.init()
    names, openers = Image.ID[:], Image.OPEN.copy()
    heic_available.cache_clear()
    if heif:
        pillow_heif.register_heif_opener()
    try:
        yield
    finally:
        Image.ID[:] = names
        Image.OPEN.clear()
        Image.OPEN.update(openers)
        heic_available.cache_clear()


def upright(image: Image.Image) -> Image.Image:
    """The picture turned as its metadata says; as it is where they are broken."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def plays_of_pillow(form: str, info: dict[Any, Any]) -> int | None:
    """How often an animation is shown: a GIF counts repetitions, and says nothing for once."""
    if form == "GIF":
        return 1 if "loop" not in info else int(info["loop"]) and int(info["loop"]) + 1
    return int(info["loop"]) if "loop" in info else None


def srgb_of_pillow(image: Image.Image) -> npt.NDArray[np.uint8]:
    """(H, W, 4), sRGB and alpha."""
    profile, mode = image.info.get("icc_profile"), image.mode
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("L") if mode in ("L", "LA") else image.convert("RGB")
    elif mode.startswith("I;16") or mode in ("I", "F"):
        image = Image.fromarray(eight_bits(np.asarray(image)))
    elif mode not in ("L", "CMYK", "LAB"):
        image = image.convert("RGB")
    image = managed(image, profile) or image.convert("RGB")
    return np.dstack([np.asarray(image), np.asarray(alpha) if alpha else np.full(image.size[::-1], 255, np.uint8)])


def managed(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """The picture in sRGB by its profile; None where that does not work."""
    source: Any = ImageCms.createProfile("LAB") if image.mode == "LAB" else profile and io.BytesIO(profile)
    if not source:
        return None
    try:
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, intent, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def eight_bits(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Deep values by the range that they seem to be in."""
    if values.dtype == np.uint16:
        return (values / 257).round().astype(np.uint8)
    most = 2**32 - 1 if values.dtype == np.uint32 else 65535
    values = np.nan_to_num(values.astype(np.float64))
    highest = values.max(initial=0)
    scale = 255 if highest <= 1 and values.dtype.kind == "f" else 1 if highest <= 255 else 1 / 257
    scale = scale if highest <= 65535 else 255 / most
    return (values * scale).clip(0, 255).astype(np.uint8)


def by_vips(path: Path, max_pixels: int) -> Seen:
    """What libvips sees.

    Raises:
        Exception: of any kind, where it does not read the file whole.
    """
    data = path.read_bytes()
    image = vips.Image.new_from_buffer(data, "")
    loader = str(image.get("vips-loader")).removesuffix("load_buffer")
    if loader.startswith(NO_PIXELS):
        raise NoPictureError(f"{loader} has no pixels")
    pages = int(image.get("n-pages")) if image.get_typeof("n-pages") else 1
    moving = pages > 1 and bool(image.get_typeof("delay"))
    check(image.width * image.height * (pages if moving else 1), max_pixels)
    image = vips.Image.new_from_buffer(data, "", fail_on="error", **({"n": -1} if moving else {}))
    delays = [int(one) for one in image.get("delay")][:pages] if moving else []
    # libvips has a density of 1 per millimeter for what says none.
    said = image.get_typeof("resolution-unit") and (image.xres, image.yres) != (1, 1)
    block = bytes(image.get("exif-data")) if image.get_typeof("exif-data") else b""
    pixels = srgb_of_vips(image if moving else image.autorot())
    height = pixels.shape[0] // (pages if moving else 1)
    return Seen(
        "libvips",
        loader.upper(),
        (pixels.shape[1], height),
        tuple(cells_of(pixels[top : top + height]) for top in range(0, pixels.shape[0], height)),
        tuple(delays + [0] * (pages - len(delays))) if moving else (),
        int(image.get("loop")) if moving and image.get_typeof("loop") else 0,
        image.format not in ("uchar", "char"),
        image.interpretation in ("srgb", "rgb", "rgb16"),
        bytes(image.get("icc-profile-data")) if image.get_typeof("icc-profile-data") else None,
        usable((image.xres * INCH, image.yres * INCH)) if said else density_of_exif(exif_of(block)),
        entries_of(exif_of(block)),
        len(block),
        bytes(image.get("xmp-data")) if image.get_typeof("xmp-data") else None,
    )


def srgb_of_vips(image: vips.Image) -> npt.NDArray[np.uint8]:
    """(H, W, 4), sRGB and alpha."""
    image = in_eight_bits(image.copy_memory())
    if image.get_typeof("icc-profile-data") or image.interpretation == "cmyk":
        try:
            how = {"embedded": True} if image.get_typeof("icc-profile-data") else {"input_profile": "cmyk"}
            image = image.icc_transform("srgb", **how).copy_memory()
        except vips.Error:
            pass
    pixels: npt.NDArray[Any] = image.colourspace("srgb").cast("uchar").numpy()
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if pixels.shape[2] > 4:  # Of several values more, none is opacity, whatever libvips takes the first for.
        pixels = pixels[..., :3]
    if pixels.shape[2] < 3:
        pixels = np.dstack([pixels[..., :1]] * 3 + [pixels[..., 1:]])
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return pixels[..., :4]


def in_eight_bits(image: vips.Image) -> vips.Image:
    """Long whole numbers, which libvips cuts off, and floating point that is no light, by the range they seem to be in.

    A profile is for levels, even where libvips takes these for light.
    """
    light = image.interpretation == "scrgb" and not image.get_typeof("icc-profile-data")
    if image.format not in ("uint", "float", "double") or light or image.interpretation in ("lab", "xyz", "yxy"):
        return image
    space = "b-w" if image.bands < 3 else "srgb"
    levels = vips.Image.new_from_array(eight_bits(image.numpy()), interpretation=space)
    if image.get_typeof("icc-profile-data"):
        levels = levels.copy()
        levels.set_type(vips.BLOB, "icc-profile-data", image.get("icc-profile-data"))
    return levels


def of_photograph(photograph: Photograph) -> Seen:
    """What gan-style has decoded."""
    animation, details = photograph.animation, photograph.details
    return Seen(
        "gan-style",
        "",
        photograph.size,
        tuple(cells_of_raster(photograph.frame(number)) for number in range(photograph.frames)),
        animation.delays if animation else (),
        animation.loop if animation else 0,
        photograph.pixels.dtype == np.uint16,
        True,
        details.profile,
        (details.density[0] * INCH, details.density[1] * INCH) if details.density else None,
    )


def cells_of_raster(raster: Raster) -> Cells:
    """The means of a decoded frame."""
    pixels = raster[slice(None), slice(None)]
    pixels = pixels if pixels.dtype == np.uint8 else (pixels // 257).astype(np.uint8)
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return cells_of(pixels)


def cells_of(pixels: npt.NDArray[np.uint8]) -> Cells:
    """(H, W, 4) -> (4, 4, 4), means of colors times opacity, and of opacity."""
    alpha = pixels[..., 3:]
    if alpha.min() < 255:
        colors = (pixels[..., :3].astype(np.uint16) * alpha + 127) // 255
        pixels = np.dstack([colors.astype(np.uint8), alpha])
    # Not RGBA, which Pillow would multiply by opacity once more.
    image = Image.frombytes("RGBX", pixels.shape[1::-1], pixels.tobytes())
    return np.asarray(image.resize((CELLS, CELLS), Image.Resampling.BOX)).astype(np.float32)


def check(pixels: int, most: int) -> None:
    """Leave alone what is larger than gan-style takes by default.

    Raises:
        NoPictureError: it is.
    """
    if pixels > most:
        raise NoPictureError(f"{pixels} pixels are more than {most}")


def readings(path: Path, max_pixels: int) -> tuple[list[Seen], list[str]]:
    """What those readers see that read a file whole, and why the others do not."""
    seen: list[Seen] = []
    reasons: list[str] = []
    if is_preview(path):
        return [], ["readers see the preview of a raw file, which is no picture"]
    for name, reader in (("Pillow", by_pillow), ("libvips", by_vips)):
        with warnings.catch_warnings(action="ignore"), noted(name, reasons):
            seen.append(reader(path, max_pixels))
    return seen, reasons


def is_preview(path: Path) -> bool:
    """Whether what readers see in a file is but the preview of what a camera's sensor has measured."""
    with warnings.catch_warnings(action="ignore"), contextlib.suppress(Exception), Image.open(path) as image:
        tags = getattr(image, "tag_v2", {})
        return DNG in tags and bool(tags.get(SUBFILE, 0) & REDUCED)
    return False


@contextlib.contextmanager
def noted(name: str, reasons: list[str]) -> Iterator[None]:
    """Add to the reasons why a reader does not read a file."""
    try:
        yield
    except Exception as error:  # Damaged files make decoders raise whatever they happen to break.
        reasons.append(f"{name}: {type(error).__name__}: {' '.join(str(error).split())[:200]}")


def distance(ours: Iterable[Cells], theirs: Iterable[Cells], bands: slice) -> tuple[float, float]:
    """Largest difference between the means of frames, and between those of cells, of 255."""
    mean, cell = 0.0, 0.0
    for one, other in zip(ours, theirs, strict=False):
        difference = one[..., bands] - other[..., bands]
        mean = max(mean, float(np.abs(difference.mean((0, 1))).max()))
        cell = max(cell, float(np.abs(difference).max()))
    return mean, cell
