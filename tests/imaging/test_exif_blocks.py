"""EXIF blocks leave as they came, but for what is no longer true."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan_style import files
from gan_style.imaging.canvas import Canvas
from gan_style.imaging.encoding import Saving, write_photograph
from gan_style.imaging.exif import PREFIX, density_of, orientation_of, with_density, with_software
from gan_style.imaging.formats import AVIF
from gan_style.imaging.metadata import Details
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.photograph import Animation, Photograph
from gan_style.imaging.types import Pixels

WRITTEN = (".jpg", ".png", ".webp")
KINDS = {1: "<Bxxx", 3: "<Hxx", 4: "<L", 6: "<bxxx", 8: "<hxx", 9: "<l"}
"""Whole numbers of TIFF, by the number of their kind."""


def block_of(kind: int, orientation: int) -> bytes:
    """An EXIF block that says an orientation, as a number of some kind, and nothing else."""
    value = struct.pack(KINDS[kind], orientation)
    return PREFIX + b"II*\0\x08\0\0\0" + struct.pack("<HHHL", 1, 0x0112, kind, 1) + value + bytes(4)


def camera_block() -> bytes:
    """What a camera writes: notes of its own, which libexif believes to understand, and a comment in no known code."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "NIKON CORPORATION", "NIKON D70"
    notes = b"Nikon\0\x02\x10\0\0MM\0*\0\0\0\x08\0\x01\0\x01\0\x07\0\0\0\x040210\0\0\0\0" + bytes(range(200))
    exif[0x8769] = {0x927C: notes, 0x9286: b"!comment", 0x9003: "2020:01:02 03:04:05"}
    return exif.tobytes()


def exif_in(path: Path) -> bytes:
    with Image.open(path) as image:
        block = image.info["exif"]
    assert isinstance(block, bytes)
    return PREFIX + block.removeprefix(PREFIX)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [*WRITTEN, ".tif"])
def test_orientation_is_applied_once_whatever_number_it_is(tmp_path: Path, cat: Pixels, kind: int, suffix: str) -> None:
    small = Image.fromarray(cat[::8, ::8].copy())
    small.save(tmp_path / "x.jpg", exif=block_of(kind, 6), quality=95)
    photograph = open_photograph(tmp_path / "x.jpg")
    assert photograph.size == small.size[::-1]
    write_photograph(tmp_path / f"y{suffix}", photograph)
    again = open_photograph(tmp_path / f"y{suffix}")
    assert again.size == photograph.size
    with Image.open(tmp_path / f"y{suffix}") as made:
        assert made.getexif().get(0x0112, 1) == 1


@given(kind=st.sampled_from(sorted(KINDS)), orientation=st.integers(1, 8))
def test_orientation_is_read_whatever_number_it_is(kind: int, orientation: int) -> None:
    assert orientation_of(block_of(kind, orientation)) == orientation


def test_a_block_leaves_an_avif_with_nothing_but_zeros_behind_it(tmp_path: Path, cat: Pixels) -> None:
    small = Image.fromarray(cat[::8, ::8].copy())
    small.save(tmp_path / "x.jpg", exif=camera_block(), dpi=(300, 300))
    photograph = open_photograph(tmp_path / "x.jpg")
    write_photograph(tmp_path / "y.avif", photograph)
    block, made = exif_in(tmp_path / "x.jpg"), exif_in(tmp_path / "y.avif")
    said = Image.Exif()
    said.load(made)
    before = Image.Exif()
    before.load(block)
    assert said.get_ifd(0x8769) == before.get_ifd(0x8769)
    assert b"~~" not in made
    again = open_photograph(tmp_path / "y.avif")
    assert again.size == photograph.size
    assert again.details.density == pytest.approx((300 / 25.4,) * 2, rel=0.01)


@pytest.mark.skipif(not AVIF.moving, reason="this Pillow has no AVIF")
def test_a_moving_avif_has_the_block_as_it_came_and_the_density_in_it(tmp_path: Path, cat: Pixels) -> None:
    canvas = Canvas((64, 40, 3), np.uint8)
    canvas[:, :] = cat[:64, :40]
    for density in (None, (4.0, 8.0)):
        details = Details(exif=camera_block(), density=density)
        write_photograph(tmp_path / "y.avif", Photograph(canvas, details, Animation((40, 60))))
        made = exif_in(tmp_path / "y.avif")
        assert (
            made == camera_block() if density is None else density_of(made) == pytest.approx((101.6, 203.2), rel=0.01)
        )
        again = open_photograph(tmp_path / "y.avif")
        assert (again.frames, again.details.density) == (2, density and pytest.approx(density, rel=0.01))


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize("moved", [7, 2**20])
def test_a_block_leaves_byte_for_byte(
    tmp_path: Path, cat: Pixels, suffix: str, moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "COPY_CHUNK", moved)
    small = Image.fromarray(cat[::8, ::8].copy())
    small.save(tmp_path / "x.jpg", exif=camera_block())
    small.save(tmp_path / "plain.png")
    photograph = open_photograph(tmp_path / "x.jpg")
    assert photograph.details.exif
    write_photograph(tmp_path / f"y{suffix}", photograph)
    assert exif_in(tmp_path / f"y{suffix}") == photograph.details.exif
    before, after = (open_photograph(path) for path in (tmp_path / "x.jpg", tmp_path / f"y{suffix}"))
    close = 0 if suffix == ".png" else 12
    assert np.abs(before.pixels[:, :].astype(int) - after.pixels[:, :]).mean() <= close, "the pixels were moved right"


@pytest.mark.parametrize("suffix", WRITTEN)
def test_density_is_in_a_block_that_did_not_say_it(tmp_path: Path, cat: Pixels, suffix: str) -> None:
    Image.fromarray(cat[::8, ::8].copy()).save(tmp_path / "x.jpg", exif=camera_block(), dpi=(300, 300))
    write_photograph(tmp_path / f"y{suffix}", open_photograph(tmp_path / "x.jpg"))
    assert density_of(exif_in(tmp_path / f"y{suffix}")) == pytest.approx((300, 300), rel=0.01)


@pytest.mark.parametrize("suffix", [*WRITTEN, ".tif", ".heic", ".jfif"])
def test_density_stays_where_all_else_is_left_out(tmp_path: Path, cat: Pixels, suffix: str) -> None:
    if suffix == ".heic":
        pytest.importorskip("pillow_heif")
    Image.fromarray(cat[::8, ::8].copy()).save(tmp_path / "x.jpg", exif=camera_block(), dpi=(300, 300))
    bare = Saving(metadata=False)
    write_photograph(tmp_path / f"y{suffix}", open_photograph(tmp_path / "x.jpg"), bare)
    density = open_photograph(tmp_path / f"y{suffix}").details.density
    assert density == pytest.approx((300 / 25.4, 300 / 25.4), rel=0.01)


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".jpg"])
def test_density_that_only_the_block_says_is_known(tmp_path: Path, cat: Pixels, suffix: str) -> None:
    block = with_density(with_software(None, "a scanner"), (300.0, 150.0))
    Image.fromarray(cat[::8, ::8].copy()).save(tmp_path / f"x{suffix}", exif=block)
    density = open_photograph(tmp_path / f"x{suffix}").details.density
    assert density == pytest.approx((300 / 25.4, 150 / 25.4), rel=0.01)


@given(junk=st.binary(max_size=200))
def test_a_broken_block_says_no_density_and_is_left(junk: bytes) -> None:
    block = PREFIX + junk
    made = with_density(block, (300.0, 300.0))
    assert density_of(made) == pytest.approx((300, 300), rel=0.01) or made == block


def test_what_a_camera_wrote_as_text_instead_of_numbers_stays_text(tmp_path: Path, cat: Pixels) -> None:
    degrees = b"41 24.1234\0"
    gps = struct.pack("<H", 2) + struct.pack("<HHL4s", 1, 2, 2, b"N\0\0\0")
    gps += struct.pack("<HHLL", 2, 2, len(degrees), 38 + 30) + bytes(4)
    first = struct.pack("<H", 2) + struct.pack("<HHLL", 0x010E, 2, 4, int.from_bytes(b"cat\0", "little"))
    first += struct.pack("<HHLL", 0x8825, 4, 1, 38) + bytes(4)
    block = PREFIX + b"II*\0\x08\0\0\0" + first + gps + degrees
    Image.fromarray(cat[::8, ::8].copy()).save(tmp_path / "x.jpg", exif=block)
    write_photograph(tmp_path / "y.tif", open_photograph(tmp_path / "x.jpg"))
    with Image.open(tmp_path / "y.tif") as made:
        assert made.getexif()[0x010E] == "cat"
        assert made.getexif().get_ifd(0x8825) == {1: "N", 2: "41 24.1234"}
    write_photograph(tmp_path / "z.jpg", open_photograph(tmp_path / "y.tif"))
    with Image.open(tmp_path / "z.jpg") as made:
        assert made.getexif().get_ifd(0x8825) == {1: "N", 2: "41 24.1234"}


def test_a_block_that_breaks_off_keeps_what_can_be_read(tmp_path: Path, cat: Pixels) -> None:
    whole = block_of(3, 6)
    Image.fromarray(cat[::8, ::8].copy()).save(tmp_path / "x.jpg", exif=whole[:-4])
    photograph = open_photograph(tmp_path / "x.jpg")
    assert photograph.size == Image.fromarray(cat[::8, ::8].copy()).size[::-1]
    assert photograph.details.exif == block_of(3, 1)[:-4]


@pytest.mark.parametrize("kind", sorted({3, 4, 8, 9}))
def test_density_is_read_whatever_number_it_is(kind: int) -> None:
    entries = b"".join(
        struct.pack("<HHL", tag, kind, 1) + struct.pack(KINDS[kind], value)
        for tag, value in ((0x011A, 300), (0x011B, 200), (0x0128, 2))
    )
    block = PREFIX + b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + entries + bytes(4)
    assert density_of(block) == (300, 200)


@pytest.mark.parametrize("suffix", [*WRITTEN, ".tif"])
def test_what_the_file_says_of_its_density_outdoes_its_block(tmp_path: Path, cat: Pixels, suffix: str) -> None:
    block = with_density(camera_block(), (72.0, 72.0))
    Image.fromarray(cat[::8, ::8].copy()).save(tmp_path / "x.png", exif=block, dpi=(300, 300))
    write_photograph(tmp_path / f"y{suffix}", open_photograph(tmp_path / "x.png"))
    assert open_photograph(tmp_path / f"y{suffix}").details.density == pytest.approx((300 / 25.4,) * 2, rel=0.01)
