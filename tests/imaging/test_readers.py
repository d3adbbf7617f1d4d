"""Kinds of files that one of two readers, libvips and Pillow, does not know, or takes for something else."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.color import rgb2lab

from gan_style.errors import PictureError
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.types import Pixels
from tests.conftest import photo

RGB = np.asarray(photo("chelsea.png"))[100:164, 100:180]
GREY = np.asarray(Image.fromarray(RGB).convert("L"))
ALPHA = np.full(GREY.shape, 200, np.uint8)
LIGHT = np.where(RGB <= 10, RGB / 255 / 12.92, ((RGB / 255 + 0.055) / 1.055) ** 2.4)
LAB = rgb2lab(RGB)


def seen(source: bytes | Path) -> npt.NDArray[np.int64]:
    """What is painted of a picture, (H, W, 3 or 4), 0..255; what is learnt of it has to be the same."""
    pixels = open_photograph(source).pixels[:, :]
    pixels = (pixels / (257 if pixels.dtype == np.uint16 else 1)).round().astype(np.int64)
    learnt = read_picture(source)
    assert np.abs(learnt.rgb - pixels[..., :3]).max() <= 1
    assert (learnt.alpha is not None) == (pixels.shape[2] == 4)
    return pixels


def tiff(array: npt.NDArray[np.generic], **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def saved(image: Image.Image, form: str = "TIFF", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def by_hand(data: bytes, bits: int, samples: int, *, big_endian: bool = False, **more: int) -> bytes:
    """An uncompressed TIFF of one strip; ``more`` are further tags, as ``t262=1``."""
    order, count = ">" if big_endian else "<", 8 + len(more)
    place = 8 + 2 + 12 * count + 4
    tags = {256: GREY.shape[1], 257: GREY.shape[0], 259: 1, 273: place + 2 * samples, 277: samples, 278: GREY.shape[0]}
    tags |= {279: len(data), **{int(name[1:]): value for name, value in more.items()}}
    entries = {tag: struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags.items()}
    small = bits << 16 if big_endian else bits
    entries[258] = struct.pack(order + "HHII", 258, 3, samples, place if samples > 2 else small)
    body = struct.pack(order + "H", count) + b"".join(entries[tag] for tag in sorted(entries)) + bytes(4)
    head = (b"MM\0*" if big_endian else b"II*\0") + struct.pack(order + "I", 8)
    return head + body + struct.pack(order + f"{samples}H", *[bits] * samples) + data


def twelve_bits(values: Pixels) -> bytes:
    """Two values in three bytes."""
    wide = values.reshape(len(values), -1).astype(np.uint16) * 16
    left, right = wide[:, 0::2], wide[:, 1::2]
    return np.stack([left >> 4, (left & 15) << 4 | right >> 8, right & 255], -1).astype(np.uint8).tobytes()


def lab(kind: type[np.generic]) -> npt.NDArray[np.generic]:
    """CIELAB as a TIFF holds it."""
    scale, signed = (2.55, np.int8) if kind is np.uint8 else (655.35, np.int16)
    around = (LAB[..., 1:] * (1 if kind is np.uint8 else 256)).round().astype(signed).view(kind)
    return np.dstack([(LAB[..., :1] * scale).round().astype(kind), around])


def planes(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return np.ascontiguousarray(array.transpose(2, 0, 1))


TILES: dict[str, Any] = {"photometric": "rgb", "planarconfig": "separate", "tile": (32, 32)}
KINDS: dict[str, tuple[Callable[[], bytes], float]] = {
    "LZMA": (lambda: saved(Image.fromarray(RGB), compression="lzma"), 0),
    "Zstandard": (lambda: saved(Image.fromarray(RGB), compression="zstd"), 0),
    "YCbCr": (lambda: saved(Image.fromarray(RGB).convert("YCbCr")), 3),
    "YCbCr, LZMA": (lambda: saved(Image.fromarray(RGB).convert("YCbCr"), compression="lzma"), 3),
    "planar tiles": (lambda: tiff(planes(RGB), **TILES), 0),
    "planar tiles, big": (lambda: tiff(planes(RGB), bigtiff=True, byteorder=">", **TILES), 0),
    "planar tiles, 16 bit": (lambda: tiff(planes(RGB.astype(np.uint16) * 257), **TILES), 0),
    "planar tiles, LZW": (lambda: tiff(planes(RGB), compression="zlib", predictor=True, **TILES), 0),
    "planar tiles, light": (lambda: tiff(planes(LIGHT.astype(np.float32)), **TILES), 0.1),
    "planar strips": (lambda: tiff(planes(RGB), photometric="rgb", planarconfig="separate", rowsperstrip=16), 0),
    "light": (lambda: tiff(LIGHT.astype(np.float32), photometric="rgb"), 0.1),
    "half of the bits of light": (lambda: tiff(LIGHT.astype(np.float16), photometric="rgb"), 0.2),
    "levels in floating point": (lambda: tiff(RGB.astype(np.float32), photometric="rgb"), 0.1),
    "32 bit": (lambda: tiff(RGB.astype(np.uint32) * 0x01010101, photometric="rgb"), 0.1),
    "CIELAB": (lambda: tiff(lab(np.uint8), photometric="cielab"), 4),
    "CIELAB, 16 bit": (lambda: tiff(lab(np.uint16), photometric="cielab"), 0.5),
    "nothing said": (lambda: by_hand(RGB.tobytes(), 8, 3), 0),
    "nothing said, 16 bit": (lambda: by_hand((RGB.astype(">u2") * 257).tobytes(), 16, 3, big_endian=True), 0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rare_kinds_of_tiff_are_read(kind: str) -> None:
    make, tolerance = KINDS[kind]
    pixels = seen(make())
    assert pixels.shape == RGB.shape
    assert np.abs(pixels - RGB).mean() <= tolerance


@pytest.mark.parametrize("big_endian", [False, True])
def test_rare_kinds_of_grey_are_read(big_endian: bool) -> None:
    sources = [tiff(GREY.astype(np.uint32) * 0x01010101, photometric="minisblack")]
    sources.append(by_hand(GREY.tobytes(), 8, 1, big_endian=big_endian))
    sources.append(tiff((255 - GREY).astype(np.uint16) * 257, photometric="miniswhite", byteorder="<>"[big_endian]))
    sources.append(tiff((GREY / 255).astype(np.float16), photometric="minisblack", byteorder="<>"[big_endian]))
    if not big_endian:
        sources.append(by_hand(twelve_bits(GREY), 12, 1, t262=1))
    for source in sources:
        assert np.abs(seen(source) - GREY[..., None]).max() <= 1


def test_opacity_is_the_files_own() -> None:
    layers = np.dstack([RGB, ALPHA])
    tiles = {**TILES, "extrasamples": ["unassalpha"]}
    assert np.array_equal(seen(tiff(planes(layers), **tiles)), layers)
    assert np.array_equal(seen(by_hand(layers.tobytes(), 8, 4, t338=2)), layers)
    grey = np.dstack([GREY, GREY, GREY, ALPHA])
    assert np.array_equal(seen(tiff(planes(grey[..., 2:]), **{**tiles, "photometric": "minisblack"})), grey)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("place", [{"rowsperstrip": 27}, {"tile": (32, 32)}, {"planarconfig": "contig"}], ids=str)
@pytest.mark.parametrize("extra", [(2,), (2, 0), (0, 0, 0, 0)], ids=str)
@pytest.mark.parametrize("meaning", ["minisblack", "miniswhite", "rgb"])
def test_values_beside_the_colors_are_opacity_or_not_seen(
    meaning: str, extra: tuple[int, ...], place: dict[str, Any], bits: int
) -> None:
    colors = RGB if meaning == "rgb" else GREY[..., None]
    more = [np.roll(np.clip(GREY, 100, 200), 7 * index, 1) for index in range(len(extra))]
    stored = np.dstack([255 - colors if meaning == "miniswhite" else colors, *more]).astype(f"uint{bits}")
    stored *= 257 if bits == 16 else 1
    options = {"planarconfig": "separate", "photometric": meaning, "extrasamples": extra, **place}
    pixels = seen(tiff(planes(stored) if options["planarconfig"] == "separate" else stored, **options))
    expected = np.broadcast_to(colors, RGB.shape)
    assert np.abs(pixels - (np.dstack([expected, more[0]]) if extra[0] else expected)).max() <= 1


@pytest.mark.parametrize("opacity", [0, 200])
def test_what_may_be_opacity_hides_not_everything(opacity: int) -> None:
    layers = np.dstack([RGB, np.full(GREY.shape, opacity, np.uint8)])
    for bits in (8, 16):
        stored = layers.astype(f"uint{bits}") * (257 if bits == 16 else 1)
        pixels = open_photograph(tiff(stored, photometric="rgb", extrasamples=["unspecified"])).pixels[:, :]
        assert np.array_equal(pixels, (layers if opacity else RGB).astype(pixels.dtype) * (257 if bits == 16 else 1))


@pytest.mark.parametrize("place", [{"rowsperstrip": 27}, {"tile": (32, 32)}], ids=str)
def test_colors_in_planes_are_not_multiplied_by_opacity_twice(place: dict[str, Any]) -> None:
    opacity = np.clip(GREY, 100, 200).astype(np.uint16)
    multiplied = np.dstack([RGB.astype(np.uint16) * opacity[..., None], opacity * 255]) // 255 * 257
    options: dict[str, Any] = {"planarconfig": "separate", "photometric": "rgb", "extrasamples": ["assocalpha"]}
    pixels = seen(tiff(planes(multiplied), **options, **place))
    assert np.abs(pixels - np.dstack([RGB, opacity])).max() <= 3


def test_no_opacity_is_made_up(faults: Path) -> None:
    order_excess = seen(faults / "ojpeg-tile.tif")
    assert order_excess.shape == (213, 234, 3)
    assert order_excess.mean() == pytest.approx(58, abs=1)


@pytest.mark.parametrize(
    ("name", "shape", "mean"),
    [
        ("12bit.cropped.tif", (100, 100), (0, 0, 0)),  # Of 4095 the lightest pixel has 30.
        ("hopper_lzma.tif", (128, 128), (90, 80, 95)),
        ("lab.tif", (36, 48), (127, 123, 128)),
        ("ojpeg-strip.tif", (160, 160), (199, 64, 36)),
        ("rgb32f_color.tiff", (32, 32), (98, 170, 187)),
        ("monochrome_limited.avif", (800, 1204), (55, 55, 55)),
    ],
)
def test_public_pictures_of_rare_kinds(
    faults: Path, name: str, shape: tuple[int, int], mean: tuple[int, int, int]
) -> None:
    pixels = seen(faults / name)
    assert pixels.shape == (*shape, 3)
    assert np.abs(pixels.reshape(-1, 3).mean(0) - mean).max() <= 1


def test_what_nobody_reads_is_not_called_damaged() -> None:
    unknown = (
        tiff(RGB.astype(np.float64), photometric="rgb"),
        by_hand(twelve_bits(RGB), 12, 3, t262=2),
        tiff(planes(lab(np.uint8)), photometric="cielab", planarconfig="separate"),
    )
    sensor = by_hand(GREY.tobytes(), 8, 1, t262=32803)
    for source, words in (*((one, "has an unsupported format") for one in unknown), (sensor, "raw file")):
        for read in (open_photograph, read_picture):
            with pytest.raises(PictureError, match=words):
                read(source)


def whole_file(kind: str) -> bytes:
    """A file of a kind of TIFF, or of a format of Pillow's."""
    if kind == "12 bit":
        return by_hand(twelve_bits(GREY), 12, 1, t262=1)
    return KINDS[kind][0]() if kind in KINDS else saved(Image.fromarray(RGB), kind)


@given(st.sampled_from(["JPEG", "PNG", "AVIF", "12 bit", *KINDS]), st.floats(0, 1) | st.just(1.0))
@example("planar tiles", 1.0)
@example("planar tiles", 0.9)
@example("nothing said", 1.0)
@example("LZMA", 0.9)
@settings(max_examples=50, deadline=None)
@pytest.mark.filterwarnings("ignore")  # Pillow's remarks on the rest.
def test_what_breaks_off_is_never_painted_in_part(kind: str, share: float) -> None:
    whole = whole_file(kind)
    cut = whole[: int(16 + share * (len(whole) - 17))]
    for read in (lambda source: open_photograph(source).pixels[:, :], lambda source: read_picture(source).rgb):
        try:
            found = read(cut)
        except PictureError:
            continue
        assert np.array_equal(found, read(whole)), "what is missing is no pixel"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["ojpeg-strip.tif", "ojpeg-tile.tif"])
def test_old_jpegs_that_break_off_are_refused(faults: Path, name: str) -> None:
    whole = (faults / name).read_bytes()
    for length in (len(whole) - 1, len(whole) * 9 // 10, len(whole) // 2):
        for read in (open_photograph, read_picture):
            with pytest.raises(PictureError):
                read(whole[:length])


@pytest.mark.parametrize("form", ["TIFF", "BMP"])
def test_what_is_too_large_is_not_even_decoded(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    source = saved(Image.fromarray(RGB), form, **({"compression": "lzma"} if form == "TIFF" else {}))
    monkeypatch.setattr("gan_style.imaging.decoding.picture_from_pillow", None)
    with pytest.raises(PictureError, match="or use --max-pixels 5120"):
        open_photograph(source, max_pixels=5119)


def test_sums_of_pixels_are_looked_at() -> None:
    whole = saved(Image.fromarray(RGB), "PNG")
    middle = len(whole) // 2
    with pytest.raises(PictureError, match="damaged"):
        open_photograph(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])


@pytest.mark.parametrize("extent", ["limited", "full"])
def test_avif_without_colors_keeps_its_levels(extent: str) -> None:
    source = saved(Image.fromarray(GREY), "AVIF", range=extent, quality=95)
    assert np.abs(seen(source) - GREY[..., None]).mean() < 2


def test_opacity_in_a_palette_is_kept() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 10, 10, 255, 10, 200, 10, 60], "RGBA")
    image.putpixel((1, 0), 1)
    assert open_photograph(image).pixels[:, :][0, :, 3].tolist() == [255, 60]
    alpha = read_picture(image).alpha
    assert alpha is not None
    assert alpha.tolist() == [[255, 60]]


def test_opacity_in_the_palette_of_a_public_picture(faults: Path) -> None:
    pixels = open_photograph(faults / "palette.dds").pixels[:, :]
    assert pixels.shape == (150, 200, 4)
    assert pixels[..., 3].mean() == pytest.approx(84, abs=1)
