"""What comes in for painting, and goes out again."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from gan_style.errors import PictureError, ResourceError, UsageError
from gan_style.files import PART, atomic_path, remove_parts, try_lock
from gan_style.imaging import canvas as canvas_module
from gan_style.imaging import vips
from gan_style.imaging.canvas import Canvas, Rows, oriented
from gan_style.imaging.encoding import Saving, encode, write_photograph, write_pixels
from gan_style.imaging.exif import orientation_of, upright, with_software
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.formats import FORMATS, check_fits, format_of
from gan_style.imaging.metadata import Details
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.photograph import Animation, Photograph
from gan_style.imaging.plugins import heic_available
from gan_style.imaging.types import Pixels

WRITTEN = [suffix for suffix in FORMATS if suffix not in (".heic", ".heif") or heic_available()]


def pixels(path: Path | bytes) -> npt.NDArray[np.int64]:
    """All channels of what a file holds."""
    return open_photograph(path).pixels[:, :].astype(np.int64)


def of(array: npt.NDArray[np.generic]) -> Photograph:
    canvas = Canvas(array.shape, array.dtype)
    canvas[:, :] = array
    return Photograph(canvas)


def with_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a cat"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    return exif.tobytes()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_once_and_say_so(tmp_path: Path, cat: Pixels, orientation: int, suffix: str) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    image = Image.fromarray(cat[:60, :90])
    if orientation > 1:
        image = image.transpose(Image.Transpose(undo[orientation]))
    image.save(tmp_path / f"x{suffix}", exif=with_exif(orientation), quality=95)
    photograph = open_photograph(tmp_path / f"x{suffix}")
    assert photograph.size == (90, 60)
    assert np.abs(photograph.pixels[:, :].astype(int) - cat[:60, :90]).mean() < 9
    for out in (".jpg", ".png", ".webp", ".tif", ".avif"):
        write_photograph(tmp_path / f"y{out}", photograph)
        with Image.open(tmp_path / f"y{out}") as back:
            exif = back.getexif()
            assert exif.get(0x0112, 1) == 1
            assert exif[0x010E] == "a cat"
            assert exif.get_ifd(0x8769)[0x9003] == "2026:01:02 03:04:05"
            assert back.size == (90, 60)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_every_format_round_trips(tmp_path: Path, cat: Pixels, suffix: str) -> None:
    path = tmp_path / f"cat{suffix.upper()}"
    write_pixels(path, cat)
    with Image.open(path) as image:
        assert image.format == FORMATS[suffix].name
    assert np.abs(pixels(path) - cat).mean() < 5
    assert [found.name for found in find_pictures(tmp_path)] == [path.name]
    assert list(tmp_path.iterdir()) == [path]
    assert np.abs(pixels(encode(of(cat), FORMATS[suffix], Saving())) - cat).mean() < 5


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 1), (2, 300), (301, 2)])
def test_odd_sizes_round_trip(tmp_path: Path, suffix: str, shape: tuple[int, int]) -> None:
    if suffix in (".heic", ".heif", ".avif") and min(shape) < 2:
        pytest.skip("the codec knows no such picture")
    write_pixels(tmp_path / f"x{suffix}", np.full((*shape, 3), 90, np.uint8))
    back = open_photograph(tmp_path / f"x{suffix}")
    assert back.size == shape[::-1]
    assert np.abs(back.pixels[:, :].astype(int)[..., :3] - 90).max() <= 3


def test_alpha_is_kept_and_becomes_white_where_it_cannot_be(tmp_path: Path, cat: Pixels) -> None:
    alpha = np.zeros(cat.shape[:2], np.uint8)
    alpha[:, 200:], alpha[:, 250:] = 100, 255
    Image.fromarray(np.dstack([cat, alpha])).save(tmp_path / "x.png")
    photograph = open_photograph(tmp_path / "x.png")
    for suffix in (".png", ".webp", ".tif", ".avif"):
        write_photograph(tmp_path / f"y{suffix}", photograph)
        assert np.abs(pixels(tmp_path / f"y{suffix}")[..., 3] - alpha).max() <= (2 if suffix == ".avif" else 0)
    for suffix in (".bmp", ".jpg"):
        write_photograph(tmp_path / f"z{suffix}", photograph)
        flat = pixels(tmp_path / f"z{suffix}")
        assert flat.shape[2] == 3
        assert (flat[:, :190] >= 254).all()
        assert np.abs(flat[:, 260:] - cat[:, 260:]).mean() < 3


@pytest.mark.parametrize("limit", [0, 2**30])
def test_colours_go_on_under_transparent_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    whole = np.zeros((100, 160, 4), np.uint8)
    whole[:, :60] = (200, 40, 40, 255)
    whole[:, 100:] = (40, 40, 200, 255)
    Image.fromarray(whole).save(tmp_path / "x.png")
    monkeypatch.setattr(canvas_module, "IN_MEMORY", limit)
    seen = pixels(tmp_path / "x.png")
    assert np.array_equal(seen[..., 3], whole[..., 3])
    assert np.array_equal(seen[whole[..., 3] > 0], whole[whole[..., 3] > 0])
    assert np.abs(seen[:, 62:70, :3] - (200, 40, 40)).max() < 20
    assert np.abs(seen[:, 90:98, :3] - (40, 40, 200)).max() < 20
    nothing = np.zeros((5, 5, 4), np.uint8)
    assert np.array_equal(pixels(encode(of(nothing), FORMATS[".png"], Saving())), nothing)


def test_what_shines_through_keeps_its_colours(tmp_path: Path, cat: Pixels) -> None:
    alpha = np.full(cat.shape[:2], 128, np.uint8)
    alpha[:, :64], alpha[:, 64:100] = 64, 0
    Image.fromarray(np.dstack([cat, alpha])).save(tmp_path / "x.png")
    seen = pixels(tmp_path / "x.png")
    assert np.abs(seen[..., :3] - cat)[alpha > 0].max() <= 1


def test_all_that_people_hand_over_is_understood(tmp_path: Path, cat: Pixels) -> None:
    path = tmp_path / "cat.png"
    Image.fromarray(cat).save(path)
    with Image.open(path) as image:
        for source in (path, str(path), path.read_bytes(), image, cat, cat / 255.0):
            assert np.array_equal(open_photograph(source).pixels[:, :], cat)
    for mode in ("1", "L", "P", "CMYK", "LA", "RGBA"):
        made = Image.fromarray(cat).convert(mode)
        for suffix in (".tif", ".png", ".jpg"):
            with contextlib.suppress(OSError):  # Not every format has every mode.
                made.save(tmp_path / f"mode{suffix}")
                assert open_photograph(tmp_path / f"mode{suffix}").size == (451, 300)
    with pytest.raises(PictureError, match="NoneType is not a picture"):
        open_photograph(None)  # type: ignore[arg-type]
    bracket = tmp_path / "a[1].png"
    bracket.write_bytes(path.read_bytes())
    assert open_photograph(bracket).size == (451, 300)
    write_pixels(tmp_path / "b[Q=1].jpg", cat)
    assert np.abs(pixels(tmp_path / "b[Q=1].jpg") - cat).mean() < 3


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, cat: Pixels) -> None:
    stream = io.BytesIO()
    Image.fromarray(cat).save(stream, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(stream.getvalue()[:2000])
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    (tmp_path / "whole.jpg").write_bytes(stream.getvalue())
    cases = {
        "cut.jpg": "damaged",
        "text.png": "not a picture",
        "empty.png": "not a picture",
        "none.png": "does not exist",
        ".": "cannot be read",
    }
    for name, message in cases.items():
        with pytest.raises(PictureError, match=message) as caught:
            open_photograph(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(PictureError, match="or use --max-pixels 135300"):
        open_photograph(tmp_path / "whole.jpg", max_pixels=1000)
    assert open_photograph(tmp_path / "whole.jpg", max_pixels=135300).size == (451, 300)
    with pytest.raises(PictureError, match="not a picture"):
        open_photograph("/dev/zero")


def test_named_pipes_are_read(tmp_path: Path, cat: Pixels) -> None:
    stream = io.BytesIO()
    Image.fromarray(cat).save(stream, "PNG")
    os.mkfifo(tmp_path / "pipe")
    feeder = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(stream.getvalue()))
    feeder.start()
    assert np.array_equal(pixels(tmp_path / "pipe"), cat)
    feeder.join()


def test_a_file_is_whole_or_not_there(tmp_path: Path, cat: Pixels) -> None:
    path = tmp_path / "x.png"
    path.write_text("before")
    with contextlib.suppress(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(PictureError, match="cannot be written"):
        write_pixels(tmp_path / "no" / "x.png", cat)
    with pytest.raises(PictureError, match="no supported picture extension"):
        write_pixels(tmp_path / "x.doc", cat)


def test_what_somebody_is_writing_is_left_alone_and_what_nobody_is_goes(tmp_path: Path) -> None:
    dead = tmp_path / PART.format("dead")
    dead.write_text("half")
    with atomic_path(tmp_path / "x") as temporary:
        remove_parts(tmp_path)
        assert temporary.exists()
        assert not dead.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_is_cleared_away_before_it_is_held_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cleared: list[str] = []

    def too_late(stream: IO[bytes]) -> bool:
        if not cleared:
            remove_parts(tmp_path)
            cleared.append(stream.name)
        return try_lock(stream)

    monkeypatch.setattr("gan_style.files.try_lock", too_late)
    with atomic_path(tmp_path / "x") as temporary:
        temporary.write_bytes(b"whole")
    assert not Path(cleared[0]).exists()
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"whole"


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_kept_where_they_can_be(tmp_path: Path, suffix: str) -> None:
    deep = np.arange(48 * 64 * 3, dtype=np.uint16).reshape(48, 64, 3) * 7
    write_photograph(tmp_path / f"x{suffix}", of(deep))
    photograph = open_photograph(tmp_path / f"x{suffix}")
    assert photograph.pixels.dtype == np.uint16
    assert np.array_equal(photograph.pixels[:, :], deep)
    write_photograph(tmp_path / "y.jpg", photograph)
    assert np.abs(pixels(tmp_path / "y.jpg") - (deep >> 8)).mean() < 3


def test_pictures_of_many_kinds_of_number(tmp_path: Path, cat: Pixels) -> None:
    grey = np.asarray(Image.fromarray(cat).convert("L"))
    Image.fromarray((grey / 255).astype(np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.tif")
    Image.fromarray(grey > 128).save(tmp_path / "bit.png")
    for name in ("float.tif", "deep.png", "deep.tif"):
        found = pixels(tmp_path / name)
        assert np.abs(found // (257 if found.max() > 255 else 1) - grey[..., None]).max() <= 1, name
    assert np.array_equal(pixels(tmp_path / "bit.png")[..., 1], (grey > 128) * 255)


def test_wide_colours_are_painted_as_srgb_and_go_back(tmp_path: Path, cat: Pixels) -> None:
    plain = vips.Image.new_from_array(cat, interpretation="srgb")
    plain.icc_transform("p3", input_profile="srgb").pngsave(str(tmp_path / "wide.png"))
    with Image.open(tmp_path / "wide.png") as image:
        profile, wide = image.info["icc_profile"], np.asarray(image).astype(int)
    assert np.abs(wide - cat).max() > 10, "the same numbers would say nothing"
    photograph = open_photograph(tmp_path / "wide.png")
    assert np.abs(photograph.pixels[:, :].astype(int) - cat).mean() < 1.5
    for suffix in (".png", ".tif", ".jpg", ".webp", ".avif", ".bmp"):
        write_photograph(tmp_path / f"y{suffix}", photograph)
        with Image.open(tmp_path / f"y{suffix}") as image:
            if suffix != ".bmp":
                assert image.info["icc_profile"] == profile
                assert np.abs(np.asarray(image.convert("RGB")).astype(int) - wide).mean() < 4
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for carried in (srgb, b"no profile at all" * 20):
        Image.fromarray(cat).save(tmp_path / "same.png", icc_profile=carried)
        assert np.array_equal(pixels(tmp_path / "same.png"), cat), "nothing to convert"
    Image.fromarray(cat).convert("L").save(tmp_path / "grey.png", icc_profile=srgb)
    assert open_photograph(tmp_path / "grey.png").details.profile is None, "a profile of three colours for one"


def test_ink_by_its_profile_is_the_same_whoever_reads_it(tmp_path: Path, cat: Pixels) -> None:
    plain = vips.Image.new_from_array(cat, interpretation="srgb")
    plain.icc_transform("cmyk", input_profile="srgb").jpegsave(str(tmp_path / "ink.jpg"), Q=95)
    by_libvips = pixels(tmp_path / "ink.jpg")
    with Image.open(tmp_path / "ink.jpg") as image:
        assert image.mode == "CMYK"
        by_pillow = open_photograph(image).pixels[:, :].astype(np.int64)
    assert np.abs(by_libvips - by_pillow).mean() < 3


def test_metadata_can_be_left_out_and_density_stays(tmp_path: Path, cat: Pixels) -> None:
    Image.fromarray(cat).save(tmp_path / "x.jpg", exif=with_exif(6), dpi=(300, 200))
    photograph = open_photograph(tmp_path / "x.jpg")
    for keep in (True, False):
        for suffix in (".jpg", ".png", ".tif", ".bmp"):
            write_photograph(tmp_path / f"y{suffix}", photograph, Saving(metadata=keep))
            with Image.open(tmp_path / f"y{suffix}") as back:
                assert ("a cat" in dict(back.getexif()).values()) == (keep and suffix != ".bmp")
                density = (200, 200) if suffix == ".jpg" else (200, 300)  # Pillow takes the first for both there.
                assert back.info["dpi"] == pytest.approx(density, abs=1), "turned with the picture"
    with pytest.raises(UsageError, match="from 1 to 100"):
        Saving(quality=0)


@pytest.mark.parametrize("suffix", sorted({*FORMATS} - {".heic", ".heif"}))
@pytest.mark.parametrize("known", [False, True])
def test_a_signature_names_the_style_and_adds_nothing_else(
    tmp_path: Path, cat: Pixels, suffix: str, known: bool
) -> None:
    words = "gan-style 1.2.3, style <Mön&et>"
    Image.fromarray(cat).save(tmp_path / "x.jpg", exif=with_exif(6) if known else b"")
    photograph = open_photograph(tmp_path / "x.jpg")
    write_photograph(tmp_path / f"plain{suffix}", photograph)
    write_photograph(tmp_path / f"signed{suffix}", photograph, Saving(signature=words))
    with Image.open(tmp_path / f"plain{suffix}") as plain, Image.open(tmp_path / f"signed{suffix}") as made:
        assert np.array_equal(np.asarray(plain), np.asarray(made))
        assert made.info.get("dpi") == plain.info.get("dpi")
        before, after = dict(plain.getexif()), dict(made.getexif())
        if suffix in (".bmp", ".gif"):
            assert not after
        elif known:
            assert after.pop(0x0131) == "gan-style 1.2.3, style <M?n&et>"
            before.pop(0x8769, None)
            after.pop(0x8769, None)
            assert after == before
            assert made.getexif().get_ifd(0x8769)[0x9003] == plain.getexif().get_ifd(0x8769)[0x9003]
        else:
            after.pop(0x02BC, None)  # A TIFF's XMP packet.
            assert after == before
            assert "<xmp:CreatorTool>gan-style 1.2.3, style &lt;Mön&amp;et&gt;<" in xmp_of(made)
            assert xmp_of(plain) == ""


def xmp_of(image: Image.Image) -> str:
    """The XMP packet as text, of any format."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or getattr(image, "tag_v2", {}).get(700, "")
    # Pillow takes a PNG's for Latin-1.
    return (packet if isinstance(packet, bytes) else packet.encode("latin-1")).decode()


@given(st.dictionaries(st.sampled_from([0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298]), st.text("abc", min_size=1)))
def test_signing_changes_nothing_else_in_an_exif_block(values: dict[int, str]) -> None:
    exif = Image.Exif()
    for tag, value in values.items():
        exif[tag] = value
    for again in (exif.tobytes(), with_software(exif.tobytes(), "somebody else's long name")):
        made = Image.Exif()
        made.load(with_software(again, "us all"))
        assert dict(made) == {**values, 0x0131: "us all"}


@given(st.binary(max_size=300))
def test_a_broken_exif_block_is_signed_or_left(junk: bytes) -> None:
    for block in (b"Exif\0\0II*\0\x08\0\0\0" + junk, junk):
        made = with_software(block, "us all")
        assert made == block or b"us all\0" in made


def test_thumbnails_of_the_photograph_do_not_go_out(cat: Pixels) -> None:
    stream = io.BytesIO()
    Image.fromarray(cat[:50, :50]).save(stream, "JPEG")
    exif = Image.Exif()
    exif[0x010E] = "a cat"
    block = bytearray(exif.tobytes())
    end = len(block) - 6
    block[6 + 8 + 2 + 12 : 6 + 8 + 2 + 16] = end.to_bytes(4, "big" if block[6:8] == b"MM" else "little")
    order = "big" if block[6:8] == b"MM" else "little"
    second = (2).to_bytes(2, order)  # type: ignore[arg-type]
    for tag, value in ((0x0201, end + 2 + 24 + 4), (0x0202, len(stream.getvalue()))):
        second += b"".join(n.to_bytes(k, order) for n, k in ((tag, 2), (4, 2), (1, 4), (value, 4)))  # type: ignore[arg-type]
    block += second + bytes(4) + stream.getvalue()
    made = upright(bytes(block), (3, 4))
    assert made is not None
    assert stream.getvalue()[:200] in bytes(block)
    assert stream.getvalue()[:200] not in made
    assert len(made) < len(block)
    kept = Image.Exif()
    kept.load(made)
    assert kept[0x010E] == "a cat"


@given(st.binary(max_size=300), st.integers(1, 65535))
@settings(max_examples=300, deadline=None)
def test_a_broken_exif_block_costs_no_more_than_itself(junk: bytes, side: int) -> None:
    for block in (b"Exif\0\0II*\0\x08\0\0\0" + junk, junk):
        assert 1 <= orientation_of(block) <= 8
        made = upright(block, (side, side))
        assert made is None or len(made) <= len(block) + 6
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(stream, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + junk)
    photograph = open_photograph(stream.getvalue())
    assert photograph.size == (8, 8)
    encode(photograph, FORMATS[".jpg"], Saving())


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_every_frame_comes_in_and_goes_out(tmp_path: Path, cat: Pixels, suffix: str) -> None:
    frames = [Image.fromarray(cat[top : top + 40, :60]) for top in (0, 40, 80)]
    options: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    path = tmp_path / f"x{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 200, 50], loop=3, **options)
    photograph = open_photograph(path)
    assert photograph.size == (60, 40)
    assert photograph.animation == Animation((100, 200, 50), 4 if suffix == ".gif" else 3), "a GIF counts repeats"
    for index, frame in enumerate(frames):
        assert np.abs(photograph.frame(index)[:, :][..., :3].astype(int) - np.asarray(frame)).mean() < 12
    for out in (".gif", ".webp", ".png"):
        write_photograph(tmp_path / f"y{out}", photograph)
        again = open_photograph(tmp_path / f"y{out}")
        assert again.animation == photograph.animation, out
        assert np.abs(again.pixels[:, :][..., :3].astype(int) - photograph.pixels[:, :][..., :3]).mean() < 12
    write_photograph(tmp_path / "y.jpg", photograph)
    assert open_photograph(tmp_path / "y.jpg").size == (60, 40)
    with pytest.raises(PictureError, match="max-pixels 7200"):
        open_photograph(path, max_pixels=7000)


def test_of_several_pages_the_first_is_taken_and_said(tmp_path: Path, cat: Pixels) -> None:
    pages = [Image.fromarray(cat[:40, :60]), Image.fromarray(cat[40:90, :60])]
    pages[0].save(tmp_path / "x.tif", save_all=True, append_images=pages[1:])
    photograph = open_photograph(tmp_path / "x.tif")
    assert np.array_equal(photograph.pixels[:, :], cat[:40, :60])
    assert "has 2 pages; only the first is painted" in photograph.remark


def test_formats_say_beforehand_what_they_cannot_hold(tmp_path: Path) -> None:
    check_fits(FORMATS[".png"], (100_000, 2), "x")
    for name in ("x.webp", "x.jpg"):
        with pytest.raises(PictureError, match="use PNG"):
            check_fits(format_of(tmp_path / name), (100_000, 2), name)


def test_long_names_can_be_written(tmp_path: Path, cat: Pixels) -> None:
    path = tmp_path / ("\u6c34" * 80 + ".png")
    write_pixels(path, cat[:4, :4])
    assert path.exists()


def test_pixels_on_disk_are_the_same_as_in_memory(cat: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    image = vips.Image.new_from_array(cat, interpretation="srgb")
    for limit in (0, 2**30):
        monkeypatch.setattr(canvas_module, "IN_MEMORY", limit)
        copy = Canvas.of(image)
        assert (copy.array is None) == (limit == 0)
        painted = Canvas((50, 60, 3), np.float16)
        painted[10:20, 5:60] = np.full((10, 55, 3), 0.5)
        assert painted[12:13, 7:9].tolist() == [[[0.5] * 3] * 2]
        assert np.array_equal(copy[:, :], cat)
        assert np.array_equal(copy[3:7, 10:20], cat[3:7, 10:20])
        assert np.array_equal(Rows(copy, 100, 50)[5:10, :], cat[105:110])
        assert np.array_equal(copy.image().numpy(), cat)
    monkeypatch.setattr(canvas_module, "IN_MEMORY", 0)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Canvas, "write_at", full)
    with pytest.raises(ResourceError, match="set TMPDIR"):
        Canvas.of(image)
    with pytest.raises(ResourceError, match="No space left"):
        Canvas((5, 5, 3), np.uint8)[0:1, 0:1] = np.zeros((1, 1, 3))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_in_blocks_is_turning(cat: Pixels, monkeypatch: pytest.MonkeyPatch, orientation: int) -> None:
    way = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}.get(orientation)
    image = Image.fromarray(cat)
    expected = np.asarray(image if way is None else image.transpose(Image.Transpose(way)))
    monkeypatch.setattr(canvas_module, "BLOCK", 64)
    for limit in (0, 2**30):
        monkeypatch.setattr(canvas_module, "IN_MEMORY", limit)
        assert np.array_equal(oriented(of(cat).pixels, orientation)[:, :], expected)


def test_a_photograph_keeps_its_alpha_in_other_colours(cat: Pixels) -> None:
    layers = np.dstack([cat, cat[..., 0]])
    photograph = Photograph(of(layers).pixels, Details())
    painted = photograph.painted(of(255 - cat).pixels)
    assert np.array_equal(painted.pixels[:, :], np.dstack([255 - cat, cat[..., 0]]))
