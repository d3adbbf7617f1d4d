from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gan_style.errors import PictureError
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_come_in_upright(tmp_path: Path, cat: Pixels, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    image = Image.fromarray(cat)
    if orientation > 1:
        image = image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a cat"
    image.save(tmp_path / "x.png", exif=exif)
    picture = read_picture(tmp_path / "x.png")
    assert np.array_equal(picture.rgb, cat)
    assert picture.size == (451, 300)


def test_all_that_people_hand_over_is_understood(tmp_path: Path, cat: Pixels) -> None:
    path = tmp_path / "cat.png"
    Image.fromarray(cat).save(path)
    sources = (path, str(path), path.read_bytes(), Image.open(path), cat, cat / 255.0)
    assert all(np.array_equal(read_picture(source).rgb, cat) for source in sources)
    grey = read_picture(cat[..., 0])
    assert grey.rgb.shape == cat.shape
    deep = Image.fromarray(cat[..., 0].astype(np.uint16) * 257)
    assert np.array_equal(read_picture(deep).rgb, grey.rgb)
    for mode in ("1", "L", "P", "CMYK", "LA", "RGBA", "YCbCr", "I", "F"):
        assert read_picture(Image.fromarray(cat).convert("L").convert(mode) if mode in "IF" else
                            Image.fromarray(cat).convert(mode)).rgb.shape == cat.shape  # fmt: skip
    for array in (
        np.zeros(5),
        np.zeros((4, 4, 2)),
        np.zeros((0, 4, 3)),
        np.full((4, 4), np.nan),
        np.zeros((4, 4), int),
    ):
        with pytest.raises(PictureError, match="is not a picture"):
            read_picture(array)
    with pytest.raises(PictureError, match="divide it by 255"):
        read_picture(cat.astype(np.float32))
    assert read_picture(cat / 200.0).rgb.max() == 255, "what resizing overshoots is cut off"
    with pytest.raises(PictureError, match="NoneType is not a picture"):
        read_picture(None)  # type: ignore[arg-type]


def test_shrinking_keeps_the_shape_and_orientation(tmp_path: Path, cat: Pixels) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(cat).save(tmp_path / "x.jpg", exif=exif)
    assert read_picture(tmp_path / "x.jpg", short_side=100).size == (100, 150)
    assert read_picture(tmp_path / "x.jpg", short_side=1000).size == (300, 451)


def test_what_cannot_be_read_is_said_in_a_sentence(
    tmp_path: Path, cat: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.BytesIO()
    Image.fromarray(cat).save(stream, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(stream.getvalue()[:2000])
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "whole.jpg").write_bytes(stream.getvalue())
    cases = {"cut.jpg": "damaged", "text.png": "not a picture", "none.png": "does not exist", ".": "cannot be read"}
    for name, message in cases.items():
        with pytest.raises(PictureError, match=message) as caught:
            read_picture(tmp_path / name)
        assert "\n" not in str(caught.value)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(PictureError, match="megapixels"):
        read_picture(tmp_path / "whole.jpg")


def test_pictures_are_found_by_content_in_a_fixed_order(tmp_path: Path, cat: Pixels) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    Image.fromarray(cat).save(tmp_path / "b" / "c" / "x.png")
    for name in ("z", "a.txt", ".dot", "b/k.dat", ".hidden/x"):
        (tmp_path / name).write_bytes((tmp_path / "b" / "c" / "x.png").read_bytes())
    (tmp_path / "fake.doc").write_text("no picture")
    (tmp_path / "fake.JPG").write_text("no picture, though its name says so: to be reported, not passed over")
    found = [path.relative_to(tmp_path).as_posix() for path in find_pictures(tmp_path)]
    assert found == ["a.txt", "fake.JPG", "z", "b/k.dat", "b/c/x.png"]
    with pytest.raises(OSError, match="missing"):
        list(find_pictures(tmp_path / "missing"))


def test_transparency_of_every_kind_is_kept(tmp_path: Path, cat: Pixels) -> None:
    small = Image.fromarray(cat[:20, :20])
    small.save(tmp_path / "rgb.png", transparency=tuple(int(value) for value in cat[3, 4]))
    small.quantize(16).save(tmp_path / "palette.png", transparency=0)
    for name in ("rgb.png", "palette.png"):
        alpha = read_picture(tmp_path / name).alpha
        assert alpha is not None
        assert set(np.unique(alpha)) == {0, 255}


def test_pictures_of_many_bits(tmp_path: Path, cat: Pixels) -> None:
    grey = np.asarray(Image.fromarray(cat).convert("L"))
    Image.fromarray((grey / 255).astype(np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    for name in ("float.tif", "deep.png"):
        assert np.abs(read_picture(tmp_path / name).rgb[..., 0].astype(int) - grey).max() <= 1


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_shrinking_turns_upright_in_every_format(tmp_path: Path, cat: Pixels, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    Image.fromarray(cat).save(tmp_path / f"x{suffix}", exif=exif)
    assert read_picture(tmp_path / f"x{suffix}", short_side=60).size == (60, 90)
    assert read_picture(tmp_path / f"x{suffix}").size == (300, 451)


@pytest.mark.filterwarnings("ignore")  # Pillow's remarks on the junk.
@given(st.binary(min_size=1, max_size=200))
@settings(max_examples=100, deadline=None)
def test_a_broken_exif_block_costs_no_more_than_itself(junk: bytes) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(stream, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + junk)
    assert read_picture(stream.getvalue()).rgb.shape == (8, 8, 3)
