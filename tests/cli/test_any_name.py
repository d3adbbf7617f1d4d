"""Names of every kind, streams that are closed, and files that cannot be read, as the command line meets them."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from gan_style.cli.streams import allow_any_file_name, write_all
from gan_style.errors import GanStyleError
from gan_style.imaging.formats import FORMATS, HEIC
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.types import Pixels
from tests.cli.conftest import Run

if TYPE_CHECKING:
    from typing_extensions import Buffer

ODD = os.fsdecode(b"\xe9t\xe9")
"""In the encoding of another time."""


@pytest.fixture
def odd_folder(tmp_path: Path, cat: Pixels) -> Path:
    """A folder in the file system's own bytes, with pictures of every format, and one that is cut off."""
    folder = tmp_path / ODD / ODD
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    for suffix in (suffix for suffix, form in FORMATS.items() if form is not HEIC):
        Image.fromarray(cat[:24, :32]).save(folder / f"{ODD}{suffix}")
    for suffix in (".jpg", ".tif", ".avif"):  # Libraries name the file in what they say of it.
        (folder / f"0{ODD}{suffix}").write_bytes((folder / f"{ODD}{suffix}").read_bytes()[:300])
    return folder


def test_names_that_are_no_text(run: Run, odd_folder: Path, style_path: Path, tmp_path: Path) -> None:
    style = style_path.rename(tmp_path / f"{ODD}.safetensors")
    output = tmp_path / f"out{ODD}"
    done = run("stylize", odd_folder.parent, "--style", style, "-o", output, "--name", "{name}{folder}", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["state"] for line in lines[:3]] == 3 * ["failed"]
    assert {line["state"] for line in lines if not Path(line["source"]).name.startswith("0")} == {"painted"}
    assert len(lines) == 14
    for line in lines:
        assert Path(line["source"]).is_file(), "JSON leads to the file"
        if line["state"] == "painted":
            assert line["target"] == str(output / ODD / f"{ODD}{ODD}{Path(line['source']).suffix}")
            assert open_photograph(Path(line["target"])).size == (32, 24)
    assert r"0\xe9t\xe9.jpg is damaged" in done.error
    assert "utf-8" not in done.error


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_names_in_a_locale_that_knows_ascii_only(cat: Pixels, style_path: Path, tmp_path: Path) -> None:
    Image.fromarray(cat[:24, :32]).save(tmp_path / "été.png")
    style_path.rename(tmp_path / "café.safetensors")
    command = [
        sys.executable,
        "-m",
        "gan_style",
        "stylize",
        "été.png",
        "né.png",
        "--style",
        "café.safetensors",
        "--json",
    ]
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | locale, capture_output=True, check=False)
    assert [json.loads(line)["target"] for line in done.stdout.splitlines()] == ["été-café.png", "né-café.png"]
    assert done.stderr.decode().startswith("gan-style: né.png does not exist")
    assert (tmp_path / "été-café.png").is_file()


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("ascii", "é漢".encode() + b"\xe9"), ("utf-8", "é漢".encode() + b"\xe9"), ("latin-1", b"\xe9\\u6f22\xe9")],
)
def test_no_letter_stops_a_stream(encoding: str, written: bytes) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    allow_any_file_name(stream)
    stream.write("é漢\udce9")
    stream.flush()
    assert stream.buffer.getvalue() == written


def test_errors_name_bytes_that_are_no_text() -> None:
    assert str(GanStyleError("caf\udce9 and caf\udcc3\udca9")) == "caf\\xe9 and café"


def test_a_name_that_is_too_long_does_not_end_the_batch(
    run: Run, cat: Pixels, style_path: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a", 250 * "b", "c"):
        Image.fromarray(cat[:24, :32]).save(photos / f"{name}.png")
    first = run("stylize", photos, "--style", style_path, "-o", tmp_path / "out", "--json")
    assert (first.code, first.error) == (0, "")
    assert [Path(json.loads(line)["target"]).is_file() for line in first.out.splitlines()] == 3 * [True]
    again = run("stylize", photos, "--style", style_path, "-o", tmp_path / "out", "--json", "--skip-existing")
    assert {json.loads(line)["state"] for line in again.out.splitlines()} == {"skipped"}
    several = run("stylize", photos / f"{300 * 'd'}.png", photos / "a.png", "--style", style_path, "-o", tmp_path / "x")
    assert (several.code, several.out) == (1, f"{tmp_path / 'x' / 'a-tiny.png'}\n")
    assert "cannot be read (File name too long)" in several.error
    asked = run("stylize", photos / "a.png", "--style", style_path, "-o", tmp_path / f"{300 * 'd'}.png")
    assert (asked.code, asked.error.count("\n")) == (3, 1)
    assert "cannot be written (File name too long)" in asked.error


@pytest.mark.parametrize(
    ("arguments", "stream", "code", "words"),
    [
        (("-", "-o", "x.png"), "stdin", 3, "Standard input is closed"),
        (("-",), "stdin", 3, "Standard input is closed"),
        (("--from-file", "-", "-o", "x"), "stdin", 2, "standard input is closed"),
        (("a.png", "-o", "-"), "stdout", 2, "Standard output is closed"),
    ],
)
def test_closed_streams_are_a_sentence(
    run: Run,
    cat: Pixels,
    style_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    stream: str,
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(cat[:24, :32]).save("a.png")
    monkeypatch.setattr(sys, stream, None)  # As Python has one that is closed.
    done = run("stylize", *arguments, "--style", style_path)
    assert (done.code, done.error.count("\n")) == (code, 1)
    assert words in done.error
    assert not (tmp_path / "x.png").exists()


def test_what_cannot_be_read_is_left_to_each_command(
    run: Run, cat: Pixels, style_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(cat[:24, :32]).save(tmp_path / "a.png")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # As it says to people without permission.
    for arguments in (
        ("stylize", tmp_path / "a.png", "--style", style_path, "-o", tmp_path),
        ("stylize", "--from-file", tmp_path / "a.png", "--style", style_path),
        ("train", tmp_path, tmp_path / "a.png", "-o", tmp_path),
        ("train", "--resume", tmp_path),
        ("eval", "--photos", tmp_path, "--paintings", tmp_path, "--outputs", tmp_path, "-o", tmp_path),
        ("push", style_path, "a/b", "--preview", tmp_path / "a.png"),
    ):
        assert "readable" not in run(*arguments).error


def test_a_batch_goes_on_past_what_cannot_be_read(run: Run, cat: Pixels, style_path: Path, tmp_path: Path) -> None:
    Image.fromarray(cat[:24, :32]).save(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    inputs: list[Path] = [tmp_path / "empty", tmp_path / "loop.png", tmp_path / "a.png"]
    (tmp_path / "loop.png").symlink_to("loop.png")
    words = ["empty contains no pictures", "loop.png cannot be read"]
    if os.geteuid() != 0:  # Root reads everything.
        for name in ("closed", "closed.png"):
            shutil.copytree(tmp_path / "empty", tmp_path / name) if name == "closed" else (tmp_path / name).touch()
            (tmp_path / name).chmod(0)
            inputs.append(tmp_path / name)
            words.append(f"{name} cannot be read (Permission denied)")
    done = run("stylize", *inputs, "--style", style_path, "-o", tmp_path / "out")
    assert (done.code, done.out) == (1, f"{tmp_path / 'out' / 'a-tiny.png'}\n")
    assert all(word in done.error for word in words)
    (tmp_path / "photos").mkdir()
    (tmp_path / "loop.png").rename(tmp_path / "photos" / "loop.png")
    (tmp_path / "a.png").rename(tmp_path / "photos" / "a.png")
    folder = run("stylize", tmp_path / "photos", "--style", style_path, "-o", tmp_path / "all")
    assert (folder.code, folder.out) == (1, f"{tmp_path / 'all' / 'a-tiny.png'}\n")
    into_itself = run(
        "stylize", tmp_path / "photos" / "a.png", "--style", style_path, "-o", tmp_path / "photos/loop.png"
    )
    assert (into_itself.code, into_itself.error.count("\n")) == (3, 1)


def test_what_has_no_buffer_gets_all_of_a_picture() -> None:
    class Sip(io.BytesIO):
        """Takes a few bytes at a time, as a file without a buffer may."""

        def write(self, data: Buffer) -> int:
            return super().write(memoryview(data)[:7])

    stream = Sip()
    write_all(stream, bytes(range(100)))
    assert stream.getvalue() == bytes(range(100))
