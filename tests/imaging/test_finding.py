"""What is found in a folder: whatever paints when it is named, and what only its name calls a picture."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from gan_style.data.reading import decode_picture
from gan_style.errors import PictureError
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.plugins import heic_available
from gan_style.imaging.types import Pixels
from gan_style.inference.style import is_picture

needs_heic = pytest.mark.skipif(not heic_available(), reason="needs the plugin for HEIC")


def found(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in find_pictures(folder)}


def saved(pixels: Pixels, form: str, mode: str = "RGB", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, form, **options)
    return stream.getvalue()


def fits(*cards: str) -> bytes:
    lines = ["SIMPLE  =                    T", "BITPIX  =                    8", *cards, "END"]
    return "".join(line.ljust(80) for line in lines).encode().ljust(2880) + bytes(range(64))


RARE: dict[str, Callable[[Pixels], bytes]] = {
    "x.ppm": lambda cat: saved(cat, "PPM"),
    "x.pgm": lambda cat: saved(cat, "PPM", "L"),
    "x.tga": lambda cat: saved(cat, "TGA"),
    "x.j2k": lambda cat: saved(cat, "JPEG2000", no_jp2=True),
    "x.jp2": lambda cat: saved(cat, "JPEG2000"),
    "x.ico": lambda cat: saved(cat, "ICO"),
    "x.icns": lambda cat: saved(np.ascontiguousarray(np.resize(cat, (64, 64, 3))), "ICNS"),
    "x.dds": lambda cat: saved(cat, "DDS"),
    "x.pcx": lambda cat: saved(cat, "PCX"),
    "x.sgi": lambda cat: saved(cat, "SGI"),
    "x.spider": lambda cat: saved(cat, "SPIDER", "F"),
    "x.xbm": lambda cat: saved(cat, "XBM", "1"),
    "x.qoi": lambda _: b"qoif" + struct.pack(">IIBB", 2, 1, 3, 0) + bytes([254, 1, 2, 3, 254, 9, 8, 7, *bytes(7), 1]),
    "x.psd": lambda _: b"8BPS\0\1" + struct.pack(">6xHIIHH12xH", 3, 4, 5, 8, 3, 0) + bytes(60),
    "x.fits": lambda _: fits(
        *(f"{word:8}= {8 if word[-1:] != 'S' else 2:>20}" for word in ("NAXIS", "NAXIS1", "NAXIS2"))
    ),
}


@pytest.mark.parametrize("name", RARE)
def test_whatever_paints_when_named_is_found(tmp_path: Path, cat: Pixels, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(RARE[name](cat[:64, :64]))
    assert open_photograph(path).size[0] > 1
    assert read_picture(path).size[0] > 1
    assert is_picture(path)
    assert found(tmp_path) == {name}
    if name not in ("x.tga", "x.spider"):  # These have no signature.
        path.rename(tmp_path / "nameless")
        assert found(tmp_path) == {"nameless"}


@needs_heic
@pytest.mark.parametrize("brand", [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"])
def test_heic_of_every_brand_is_read_and_found(tmp_path: Path, cat: Pixels, brand: bytes) -> None:
    content = saved(cat[:64, :64], "HEIF")
    path = tmp_path / "x.bin"
    path.write_bytes(content[:8] + brand + content[12:])
    assert open_photograph(path).size == (64, 64)
    assert decode_picture(path, 64, 32, trim=False) is not None
    assert found(tmp_path) == {"x.bin"}


@needs_heic
def test_heic_that_moves_is_said_to(cat: Pixels) -> None:
    content = saved(cat[:64, :64], "HEIF")
    film = struct.pack(">I4s", 16, b"moov") + struct.pack(">I4s", 8, b"trak")
    photograph = open_photograph(content + film, name="x.heic")
    assert photograph.remark == "x.heic is an HEVC animation, which is not supported; its still picture is painted."
    for read in (open_photograph, read_picture):
        with pytest.raises(PictureError, match="HEVC animation"):
            read(b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc" + film)


def test_heic_is_read_whatever_is_written(tmp_path: Path, cat: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    if heic_available():
        (tmp_path / "x.heic").write_bytes(saved(cat[:64, :64], "HEIF"))
    else:
        (tmp_path / "x.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    monkeypatch.setattr("gan_style.imaging.refusing.heic_available", lambda: False)
    for read in (open_photograph, read_picture):
        with pytest.raises(PictureError, match=r"gan-style\[heic\]"):
            read(tmp_path / "x.heic")


def test_what_only_its_name_calls_a_picture_is_reported_and_nothing_else(tmp_path: Path) -> None:
    promised = {"a.heic", "b.HEIC", "c.jxl", "d.psd", "e.tga", "f.ppm", "g.avif", "h.j2k", "i.cr3", "j.jpeg"}
    for name in promised:
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic" if name.endswith("heic") else b"nothing")
    others = {
        "notes.txt": b"P1 is a priority, P6 is not\n",
        "header.h": b"#define width 3\n#define height 4\n",
        "cars.txt": b"BMW and others",
        "table.fits": fits("NAXIS   =                    0"),
        "cut.im": b"Image type: RGB\r\n",
        "data.csv": b"a,b\n1,2\n",
        "letter.pdf": b"%PDF-1.4\n",
        "logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "film.mp4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
        "film.mpg": b"\0\0\1\xb3" + bytes(range(200)),
        "empty": b"",
        "archive.zip": b"PK\3\4" + bytes(60),
        "data.h5": b"\x89HDF\r\n\x1a\n" + bytes(100),
        ".hidden.jpg": b"nothing",
    }
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
    assert found(tmp_path) == promised


def raw(cat: Pixels, tags: dict[int, Any]) -> bytes:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        info[tag] = value
    return saved(cat[:32, :48], "TIFF", tiffinfo=info)


def test_a_preview_in_a_raw_file_is_not_taken_for_the_photograph(tmp_path: Path, cat: Pixels) -> None:
    contents = {
        "nikon.nef": raw(cat, {254: 1, 330: 8}),
        "adobe.dng": raw(cat, {254: 1, 50706: b"\1\4\0\0"}),
        "fuji.raf": b"FUJIFILMCCD-RAW 0201" + bytes(99),
        "canon.cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        "canon.cr2": b"II*\0\x10\0\0\0CR\2\0" + bytes(99),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        for source in (tmp_path / name, content):
            for read in (open_photograph, read_picture):
                with pytest.raises(PictureError, match="raw file; convert it"):
                    read(source)
    assert found(tmp_path) == set(contents)
    # A smaller one beside a whole picture is no raw file.
    assert open_photograph(raw(cat, {254: 0, 330: 8})).size == (48, 32)
    for name in ("nikon.JPG", "Canon.jpg"):
        (tmp_path / name).write_bytes(saved(cat[:8, :8], "JPEG"))
    assert found(tmp_path) == {"nikon.JPG", "Canon.jpg", "adobe.dng", "fuji.raf"}, "developed ones stand for theirs"


def test_postscript_without_its_program_is_not_called_damaged(cat: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.EpsImagePlugin.has_ghostscript", lambda: False)
    with pytest.raises(PictureError, match="needs Ghostscript"):
        open_photograph(saved(cat[:8, :8], "EPS"))
