"""Color profiles whose way back is missing or wrong."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_style.imaging import vips
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.encoding import Saving, encode
from gan_style.imaging.formats import FORMATS
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.profiles import NOT_INVERTIBLE, is_invertible
from gan_style.imaging.types import Pixels


def display_profile() -> bytes:
    """A profile of wide colors with a way back."""
    image = vips.Image.new_from_array(np.zeros((2, 2, 3), np.uint8), interpretation="srgb")
    return bytes(image.icc_transform("p3", input_profile="srgb").get("icc-profile-data"))


def table(color: Callable[[float, float, float], tuple[float, float, float]]) -> bytes:
    """A table of 16 bits (ICC.1:2010, 10.10) that gives a color for each corner of the cube."""
    corners = [(r, g, b) for r in (0, 1) for g in (0, 1) for b in (0, 1)]
    values = [round(min(max(one, 0), 1) * 65535) for corner in corners for one in color(*corner)]
    unit = [65536 if at % 4 == 0 else 0 for at in range(9)]
    line = [0, 65535]
    return b"mft2" + struct.pack(">4x4B9i2H", 3, 3, 2, 0, *unit, 2, 2) + struct.pack(
        f">{12 + len(values)}H", *line * 3, *values, *line * 3
    )  # fmt: skip


def swapped(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Lab, in 0..1, of a picture whose first channel is green."""
    return (0.3 * green + 0.6 * red + 0.1 * blue) * 0.99, 0.5 + 0.2 * (green - red), 0.5 + 0.2 * (red - blue)


def reading_profile(*, way_back: bool) -> bytes:
    """A profile that converts by a table to Lab, and back not at all, or as if nothing had to be done."""
    parts = {b"A2B0": table(swapped), **({b"B2A0": table(lambda *same: same)} if way_back else {})}
    parts |= {b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)}
    directory, body, place = struct.pack(">I", len(parts)), b"", 132 + 12 * len(parts)
    for tag, part in parts.items():
        directory += tag + struct.pack(">2I", place + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    head = bytearray(128)
    head[8:12] = b"\2\x40\0\0"
    head[12:24] = b"mntrRGB Lab "
    head[36:40] = b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    struct.pack_into(">I", head, 0, 128 + len(directory) + len(body))
    return bytes(head) + directory + body


def test_the_way_back_is_tried() -> None:
    assert is_invertible(display_profile())
    assert not is_invertible(reading_profile(way_back=False))
    assert not is_invertible(reading_profile(way_back=True))


@pytest.mark.parametrize("way_back", [False, True])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".bmp"])
def test_without_a_way_back_pictures_leave_in_srgb_and_it_is_said(cat: Pixels, suffix: str, way_back: bool) -> None:
    stream = io.BytesIO()
    profile = reading_profile(way_back=way_back)
    Image.fromarray(cat[:16, :16]).save(stream, "TIFF", icc_profile=profile)
    photograph = open_photograph(stream.getvalue())
    assert photograph.remark == NOT_INVERTIBLE
    assert photograph.details.profile is None
    seen = photograph.pixels[:, :]
    assert np.abs(seen.astype(int) - cat[:16, :16]).mean() > 10, "converted"
    with Image.open(io.BytesIO(encode(photograph, FORMATS[suffix], Saving()))) as made:
        assert "icc_profile" not in made.info
        assert np.abs(np.asarray(made).astype(int) - seen).mean() < 2


def test_of_frames_without_a_way_back_it_is_said_too(cat: Pixels) -> None:
    stream, second = io.BytesIO(), Image.fromarray(255 - cat[:16, :16])
    profile = reading_profile(way_back=True)
    Image.fromarray(cat[:16, :16]).save(stream, "PNG", save_all=True, append_images=[second], icc_profile=profile)
    photograph = open_photograph(stream.getvalue())
    assert (photograph.frames, photograph.remark, photograph.details.profile) == (2, NOT_INVERTIBLE, None)
    assert np.abs(photograph.frame(1)[:, :][..., :3].astype(int) - (255 - cat[:16, :16])).mean() > 10, "converted"


def test_with_a_way_back_nothing_is_said(cat: Pixels) -> None:
    stream = io.BytesIO()
    Image.fromarray(cat[:16, :16]).save(stream, "PNG", icc_profile=display_profile())
    photograph = open_photograph(stream.getvalue())
    assert photograph.remark == ""
    assert photograph.details.profile == display_profile()


@pytest.mark.parametrize("frames", [1, 2])
def test_frames_and_what_is_learnt_are_in_srgb_too(cat: Pixels, frames: int) -> None:
    plain = vips.Image.new_from_array(cat[:40, :40], interpretation="srgb")
    wide = Image.fromarray(plain.icc_transform("p3", input_profile="srgb").numpy())
    stream = io.BytesIO()
    more = [wide.transpose(Image.Transpose.ROTATE_90)] * (frames - 1)
    wide.save(stream, "PNG", icc_profile=display_profile(), save_all=frames > 1, append_images=more)
    photograph = open_photograph(stream.getvalue())
    assert photograph.frames == frames
    assert photograph.details.profile == display_profile()
    for found in (photograph.frame(0)[:, :][..., :3], read_picture(stream.getvalue()).rgb):
        assert np.abs(found.astype(int) - cat[:40, :40]).max() <= 4
    with Image.open(io.BytesIO(encode(photograph, FORMATS[".png"], Saving()))) as made:
        assert made.info["icc_profile"] == display_profile()
        assert np.abs(np.asarray(made.convert("RGB")).astype(int) - np.asarray(wide)).max() <= 4


@pytest.mark.parametrize(("name", "mean"), [("sample-xyb.jpg", (127, 118, 109)), ("weird_sampling_2.jpeg", None)])
def test_public_pictures_in_profiles_for_reading(faults: Path, name: str, mean: tuple[int, ...] | None) -> None:
    photograph = open_photograph(faults / name)
    seen = photograph.pixels[:, :]
    assert photograph.remark == NOT_INVERTIBLE
    assert np.abs(read_picture(faults / name).rgb.astype(int) - seen).max() <= 2
    assert mean is None or np.abs(seen.reshape(-1, 3).mean(0) - mean).max() < 2
    with Image.open(io.BytesIO(encode(photograph, FORMATS[".png"], Saving()))) as made:
        assert np.array_equal(np.asarray(made), seen)
