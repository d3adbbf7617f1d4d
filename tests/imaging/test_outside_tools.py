"""Files that other programs have made, and what these programs say of what we make of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gan_style.imaging.encoding import write_photograph
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.types import Pixels
from gan_style.inference.options import StylizeOptions
from gan_style.inference.style import load_style

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(
        not all(map(shutil.which, ("convert", "identify", "exiftool", "ffmpeg", "ffprobe"))),
        reason="needs ImageMagick, ExifTool and FFmpeg",
    ),
]
Paint = Callable[[str, str], Path]


def call(*command: object) -> str:
    """Run a program."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def tags(path: Path) -> dict[str, Any]:
    """What ExifTool reads, without the file's own name and dates."""
    found: dict[str, Any] = json.loads(call("exiftool", "-json", "-n", path))[0]
    return found


def described(path: Path, *properties: str) -> list[str]:
    """What ImageMagick says of the first picture in a file."""
    return call("identify", "-quiet", "-format", "|".join(properties), f"{path}[0]").split("|")


@pytest.fixture
def paint(tmp_path: Path, style_path: Path, cat: Pixels) -> Paint:
    """Paint a file that lies in the folder into another, with a tiny style."""
    style = load_style(style_path)
    Image.fromarray(cat[:120, :160]).save(tmp_path / "cat.png")

    def painted(source: str, target: str) -> Path:
        write_photograph(
            tmp_path / target, style.paint_photograph(open_photograph(tmp_path / source), StylizeOptions())
        )
        return tmp_path / target

    return painted


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cmyk.jpg", ["-colorspace", "CMYK"]),
        ("grey.jpg", ["-colorspace", "Gray"]),
        ("full.jpg", ["-sampling-factor", "4:4:4"]),
        ("progressive.jpg", ["-interlace", "JPEG"]),
        ("bit.png", ["-monochrome", "-depth", "1"]),
        ("four.png", ["-colors", "12", "-depth", "4", "-type", "Palette"]),
        ("interlaced.png", ["-interlace", "PNG"]),
        ("gamma.png", ["-set", "gamma", "0.7"]),
        ("tiled.tif", ["-define", "tiff:tile-geometry=64x64"]),
        ("packed.tif", ["-compress", "RLE"]),
        ("fax.tif", ["-monochrome", "-compress", "Group4"]),
        ("big.tif", ["-endian", "MSB"]),
        ("old.bmp", []),
        ("plain.gif", []),
        ("lossless.webp", ["-define", "webp:lossless=true"]),
    ],
)
def test_every_kind_is_painted_at_its_size(tmp_path: Path, paint: Paint, name: str, options: list[str]) -> None:
    call("convert", tmp_path / "cat.png", *options, tmp_path / name)
    assert described(paint(name, f"out-{name}"), "%w", "%h") == ["160", "120"]
    assert described(paint(name, "out.png"), "%w", "%h", "%[channels]")[:2] == ["160", "120"]


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_depth_stays(tmp_path: Path, paint: Paint, name: str) -> None:
    call("convert", tmp_path / "cat.png", "-depth", "16", "-evaluate", "multiply", "0.777", tmp_path / name)
    assert described(tmp_path / name, "%z") == ["16"]
    for target in ("y.png", "y.tif"):
        assert described(paint(name, target), "%z") == ["16"]
    assert described(paint(name, "y.jpg"), "%z") == ["8"]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_metadata_goes_along_and_is_true(tmp_path: Path, paint: Paint, orientation: int) -> None:
    call("convert", tmp_path / "cat.png", "-density", "240", "-units", "PixelsPerInch", tmp_path / "x.jpg")
    call("convert", tmp_path / "cat.png", "-resize", "40x40", tmp_path / "small.jpg")
    written = {
        "Artist": "Zoë",
        "Make": "Canon",
        "GPSLatitude": 48.1,
        "GPSLatitudeRef": "N",
        "DateTimeOriginal": "2026:01:02 03:04:05",
        "XMP-dc:Title": "Cup",
        "IPTC:City": "Paris",
        "Orientation#": orientation,
        "ExifImageWidth": 160,
        "ExifImageHeight": 120,
        "XMP-tiff:Orientation#": orientation,
    }
    changes = [f"-{key}={value}" for key, value in written.items()]
    call("exiftool", "-q", "-overwrite_original", "-codedcharacterset=utf8", *changes, tmp_path / "x.jpg")
    call("exiftool", "-q", "-overwrite_original", f"-ThumbnailImage<={tmp_path / 'small.jpg'}", tmp_path / "x.jpg")
    size = [160, 120] if orientation == 3 else [120, 160]
    for target in ("y.jpg", "y.png", "y.tif", "y.webp", "y.avif"):
        found = tags(paint("x.jpg", target))
        assert [found["ImageWidth"], found["ImageHeight"]] == size, target
        assert [found["ExifImageWidth"], found["ExifImageHeight"]] == size, target
        assert found.get("Orientation", 1) == 1, target
        assert "ThumbnailImage" not in found, target
        assert (found["Artist"], found["Make"], found["Title"]) == ("Zoë", "Canon", "Cup"), target
        assert found["GPSLatitude"] == pytest.approx(48.1), target
        assert found["DateTimeOriginal"] == "2026:01:02 03:04:05", target
        if target in ("y.jpg", "y.tif"):
            assert found["City"] == "Paris", target
        if target != "y.avif":
            assert found["XResolution"] == pytest.approx(240, abs=1), target


def test_transparency_is_the_same(tmp_path: Path, paint: Paint) -> None:
    call("convert", tmp_path / "cat.png", "-alpha", "set", "-channel", "A", "-fx", "i/w", tmp_path / "x.png")
    for target in ("y.png", "y.tif", "y.webp"):
        made = paint("x.png", target)
        for path, out in ((tmp_path / "x.png", "a.png"), (made, "b.png")):
            call("convert", path, "-alpha", "extract", "-depth", "8", tmp_path / out)
        difference = subprocess.run(
            ["compare", "-metric", "AE", str(tmp_path / "a.png"), str(tmp_path / "b.png"), "null:"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert float(difference.stderr.split()[0]) == 0, target


@pytest.mark.parametrize("name", ["x.gif", "x.webp", "x.apng"])
def test_films_keep_their_frames_and_times(tmp_path: Path, paint: Paint, name: str) -> None:
    film = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=0.5"]
    call("ffmpeg", "-y", "-loglevel", "error", *film, *(["-plays", "0", "-f", "apng"] if name == "x.apng" else []),
         *(["-loop", "0"] if name != "x.apng" else []), tmp_path / name)  # fmt: skip
    (tmp_path / name).rename(tmp_path / name.replace(".apng", ".png"))
    source = name.replace(".apng", ".png")
    for target in ("y.gif", "y.webp", "y.png", "y.avif"):
        again = open_photograph(paint(source, target))
        assert again.size == (64, 48)
        assert again.animation is not None
        assert sum(again.animation.delays) == pytest.approx(500, abs=20)
        assert again.animation.loop == 0
    count = call("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0",
                 tmp_path / "y.gif")  # fmt: skip
    assert int(count.strip().strip(",")) == 5


@pytest.mark.parametrize("target", ["y.jpg", "y.png", "y.webp", "y.avif"])
def test_nothing_is_said_that_the_photograph_did_not_say(tmp_path: Path, paint: Paint, target: str) -> None:
    call("convert", tmp_path / "cat.png", "-strip", "+set", "density", tmp_path / "x.jpg")
    assert "ExifVersion" not in tags(tmp_path / "x.jpg")
    found = tags(paint("x.jpg", target))
    assert "ExifVersion" not in found
    assert "XResolution" not in found
    assert found.get("PixelUnits", 0) == 0, "the shape of pixels, and not how many there are on paper"
