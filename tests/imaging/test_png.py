"""What PNG files say beside their pixels, in each of the places where programs say it."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gan_style.imaging.decoding import read_picture
from gan_style.imaging.encoding import Saving, encode, write_photograph
from gan_style.imaging.formats import FORMATS
from gan_style.imaging.metadata import Details
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.png import MAX_COMPRESSED, chunks
from gan_style.imaging.types import Pixels

PACKET = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="{}" dc:title="Zoë"/></x:xmpmeta>'


def png(pixels: Pixels, info: PngInfo | None = None, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=info, **options)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_chunk(content: bytes, kind: bytes, added: bytes, *, behind: bool) -> bytes:
    """A PNG with one more chunk, before or behind its pixels."""
    place = content.index(b"IEND") - 4 if behind else 33
    return content[:place] + chunk(kind, added) + content[place:]


def turned_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a cat"
    return exif.tobytes()


def raw_profile(kind: str, block: bytes) -> str:
    lines = [block.hex()[at : at + 72] for at in range(0, 2 * len(block), 72)]
    return f"\n{kind}\n{len(block):8}\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp"])
def test_density_is_kept(tmp_path: Path, cat: Pixels, suffix: str) -> None:
    photograph = open_photograph(png(cat[:8, :9], dpi=(300, 200)))
    write_photograph(tmp_path / f"y{suffix}", photograph)
    with Image.open(tmp_path / f"y{suffix}") as made:
        assert made.info["dpi"] == pytest.approx((300, 300 if suffix == ".jpg" else 200), abs=0.1)
    assert open_photograph(png(cat[:8, :9])).details.density is None
    in_no_unit = with_chunk(png(cat[:8, :9]), b"pHYs", struct.pack(">IIB", 3, 2, 0), behind=False)
    assert open_photograph(in_no_unit).details.density is None, "the shape of pixels"


@pytest.mark.parametrize("place", ["before", "behind", "exif", "APP1"])
def test_exif_is_found_wherever_it_is(cat: Pixels, place: str) -> None:
    block = turned_exif()
    if place in ("before", "behind"):
        source = with_chunk(png(cat[:8, :9]), b"eXIf", block.removeprefix(b"Exif\0\0"), behind=place == "behind")
    else:
        info = PngInfo()
        info.add_text(f"Raw profile type {place}", raw_profile(place.lower(), block), zip=True)
        source = png(cat[:8, :9], info)
    photograph = open_photograph(source)
    assert photograph.size == (8, 9), "turned"
    with Image.open(io.BytesIO(encode(photograph, FORMATS[".jpg"], Saving()))) as made:
        assert made.getexif()[0x010E] == "a cat"
        assert made.getexif()[0x0112] == 1


def test_exif_of_an_animation_is_found_behind_its_frames(cat: Pixels) -> None:
    whole = png(cat[:8, :9], save_all=True, append_images=[Image.fromarray(255 - cat[:8, :9])], dpi=(300, 200))
    photograph = open_photograph(with_chunk(whole, b"eXIf", turned_exif().removeprefix(b"Exif\0\0"), behind=True))
    assert (photograph.frames, photograph.size) == (2, (8, 9)), "turned"
    with Image.open(io.BytesIO(encode(photograph, FORMATS[".png"], Saving()))) as made:
        assert made.getexif()[0x010E] == "a cat"
        assert made.info["dpi"] == pytest.approx((200, 300), abs=0.1)


def test_exif_behind_the_pixels_of_a_public_picture(faults: Path) -> None:
    photograph = open_photograph(faults / "exif_after.png")
    assert photograph.size == read_picture(faults / "exif_after.png").size == (36, 48)
    assert photograph.details.exif
    assert b"2020:01:02 03:04:05" in photograph.details.exif


def test_blocks_that_imagemagick_writes_as_text_are_taken_up(cat: Pixels) -> None:
    info = PngInfo()
    resources = b"8BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x05\0\x03Cup"
    info.add_text("Raw profile type iptc", raw_profile("iptc", resources), zip=True)
    info.add_text("Raw profile type xmp", raw_profile("xmp", PACKET.format(1).encode()))
    details = open_photograph(png(cat[:8, :9], info)).details
    assert details.iptc == b"Photoshop 3.0\0" + resources
    assert details.xmp == PACKET.format(1).encode()


@pytest.mark.parametrize("way", ["iTXt", "iTXt packed", "zTXt", "tEXt"])
def test_xmp_comes_in_by_every_way_and_goes_out_as_itxt(tmp_path: Path, cat: Pixels, way: str) -> None:
    info, packet = PngInfo(), PACKET.format(1)
    if way.startswith("iTXt"):
        info.add_itxt("XML:com.adobe.xmp", packet, zip=way == "iTXt packed")
    else:
        info.add_text("XML:com.adobe.xmp", packet.encode().decode("latin-1"), zip=way == "zTXt")
    write_photograph(tmp_path / "y.png", open_photograph(png(cat[:8, :9], info)))
    with Image.open(tmp_path / "y.png") as made:
        assert made.info["xmp"] == packet.encode(), "before the pixels"
        assert np.array_equal(np.asarray(made), cat[:8, :9])
    with Image.open(tmp_path / "y.png") as made:
        made.verify()


def test_xmp_turns_where_exif_does_not_say(cat: Pixels) -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", PACKET.format(6))
    alone, both = png(cat[:8, :9], info), png(cat[:8, :9], info, exif=turned_exif().replace(b"\0\6", b"\0\1"))
    for source, size in ((alone, (8, 9)), (both, (9, 8))):
        photograph = open_photograph(source)
        assert photograph.size == read_picture(source).size == size
        assert photograph.details.xmp == PACKET.format(1).encode(), "so that nobody turns it once more"


@pytest.mark.parametrize("moving", [False, True])
def test_long_text_does_no_harm(tmp_path: Path, cat: Pixels, moving: bool) -> None:
    info = PngInfo()
    packet = PACKET.format(1) + "<!-- -->" * (MAX_COMPRESSED // 8)
    info.add_itxt("XML:com.adobe.xmp", packet, zip=True)
    info.add_text("Comment", "long" * MAX_COMPRESSED, zip=True)
    frames = {"save_all": True, "append_images": [Image.fromarray(255 - cat[:8, :9])]} if moving else {}
    source = png(cat[:8, :9], info, **frames)
    with pytest.raises(ValueError, match="too large"):
        Image.open(io.BytesIO(source))
    photograph = open_photograph(source)
    assert np.array_equal(photograph.frame(0)[:, :][..., :3], cat[:8, :9])
    assert photograph.frames == 1 + moving
    if not moving:
        write_photograph(tmp_path / "y.png", photograph)
        with Image.open(tmp_path / "y.png") as made:
            assert made.info["xmp"] == packet.encode()


def test_animations_keep_their_xmp(tmp_path: Path, cat: Pixels) -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", PACKET.format(1))
    source = png(cat[:8, :9], info, save_all=True, append_images=[Image.fromarray(255 - cat[:8, :9])])
    write_photograph(tmp_path / "y.png", open_photograph(source))
    with Image.open(tmp_path / "y.png") as made:
        assert made.info["xmp"] == PACKET.format(1).encode()
        assert made.n_frames == 2  # type: ignore[attr-defined]


def test_a_profile_too_large_for_others_is_left_out(cat: Pixels) -> None:
    photograph = open_photograph(png(cat[:8, :9]))
    large = Photograph(photograph.pixels, Details(profile=b"no profile at all" + bytes(MAX_COMPRESSED)))
    with Image.open(io.BytesIO(encode(large, FORMATS[".png"], Saving()))) as made:
        assert np.array_equal(np.asarray(made), cat[:8, :9])
        assert "icc_profile" not in made.info


@given(st.sampled_from([b"eXIf", b"pHYs", b"tEXt", b"zTXt", b"iTXt"]), st.binary(max_size=80), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_broken_chunk_costs_no_more_than_itself(kind: bytes, junk: bytes, behind: bool) -> None:
    whole = png(np.full((8, 8, 3), 90, np.uint8))
    for content in (junk, b"XML:com.adobe.xmp\0" + junk, b"Raw profile type exif\0" + junk):
        assert open_photograph(with_chunk(whole, kind, content, behind=behind)).size == (8, 8)


def test_chunks_end_where_the_file_does(cat: Pixels) -> None:
    whole = png(cat[:8, :9])
    assert [kind for kind, _, _ in chunks(io.BytesIO(whole))] == [b"IHDR", b"IDAT", b"IEND"]
    assert [kind for kind, _, _ in chunks(io.BytesIO(whole[:40]))] == [b"IHDR"]
