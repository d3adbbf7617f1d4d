"""The scripts in ``examples``, each run on small real pictures."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gan_style
from gan_style.checkpoints.style_file import StyleFile, read_style, write_style
from gan_style.imaging.types import Pixels
from gan_style.models.generator import GeneratorConfig
from tests.conftest import lively_generator, save_crops
from tests.evaluation.conftest import quick_evaluation
from tests.training.conftest import quicken

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

Script = Callable[..., int]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Runs a script in this process, as ``python examples/NAME`` would, and returns its exit code."""

    def call(name: str, *arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        try:
            runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        return 0

    return call


@pytest.fixture
def photo(tmp_path: Path, cat: Pixels) -> Path:
    """A photograph of 60x40 pixels."""
    path = tmp_path / "photo.png"
    Image.fromarray(cat[:40, :60]).save(path)
    return path


def pixels(path: Path) -> Pixels:
    """A picture as an array."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def seeded_style(path: Path, seed: int) -> Path:
    """A small style that paints in several variations."""
    config = GeneratorConfig(channels=8, blocks=1, refine_channels=8, noise=2)
    write_style(path, StyleFile(lively_generator(config, seed), size=256))
    return path


def test_a_photograph_is_painted(
    script: Script, photo: Path, style_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    painting = tmp_path / "painting.png"
    assert script("paint_photo.py", photo, painting, "--style", style_path, "--strength", "0.7") == 0
    assert capsys.readouterr().out == f"tiny: 60x40 pixels in {painting}\n"
    expected = gan_style.load_style(style_path).paint(photo, strength=0.7)
    assert np.array_equal(pixels(painting), np.asarray(expected))
    assert not np.array_equal(pixels(painting), pixels(photo))


def test_errors_become_exit_codes(
    script: Script, photo: Path, style_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    painting = tmp_path / "painting.png"
    assert script("paint_photo.py", tmp_path / "missing.jpg", painting, "--style", style_path) == 3
    assert "missing.jpg does not exist" in capsys.readouterr().err
    assert script("paint_photo.py", photo, painting, "--style", "no such style") == 4
    assert not painting.exists()


def test_variations_stand_side_by_side(script: Script, photo: Path, tmp_path: Path) -> None:
    style = seeded_style(tmp_path / "seeded.safetensors", 0)
    assert script("variations.py", photo, tmp_path / "sheet.png", "--style", style, "--count", "3") == 0
    sheet = pixels(tmp_path / "sheet.png")
    assert sheet.shape == (40, 180, 3)
    parts = [sheet[:, start : start + 60] for start in (0, 60, 120)]
    for seed, part in enumerate(parts):
        assert np.array_equal(part, np.asarray(gan_style.load_style(style).paint(photo, seed=seed)))
    assert not np.array_equal(parts[0], parts[1])


def test_a_painter_is_trained_and_paints(
    script: Script, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quicken(monkeypatch)
    photos = save_crops(tmp_path / "photos", "chelsea.png", 6)
    paintings = save_crops(tmp_path / "paintings", "coffee.png", 4)
    style, painting = tmp_path / "mine.safetensors", tmp_path / "painting.png"
    settings = ("--steps", "2", "--size", "64", "--batch-size", "1")
    assert script("train_painter.py", photos, paintings, style, *settings, "--paint", photo, painting) == 0
    said = capsys.readouterr().out
    assert re.search(rf"^2 steps in \d+ seconds: {re.escape(str(style))}$", said, re.MULTILINE)
    assert (tmp_path / "mine-run" / "index.html").is_file()
    training = read_style(style).training
    assert training["steps"] == 2
    assert training["recipe"]["batch_size"] == 1
    assert np.array_equal(pixels(painting), np.asarray(gan_style.load_style(style).paint(photo)))


def test_styles_are_compared(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quick_evaluation(monkeypatch)
    photos = save_crops(tmp_path / "photos", "chelsea.png", 10)
    paintings = save_crops(tmp_path / "paintings", "coffee.png", 10)
    styles = [seeded_style(tmp_path / f"{name}.safetensors", seed) for seed, name in enumerate(("one", "two"))]
    assert script("compare_styles.py", photos, paintings, *styles, "--features", "lite0") == 0
    _, *rows, _ = capsys.readouterr().out.splitlines()
    found = [re.fullmatch(r"(\w+) +(-?[\d.]+) \[(-?[\d.]+), (-?[\d.]+)\] +([\d.]+)", row) for row in rows]
    named = {row[1]: [float(number) for number in row.groups()[1:]] for row in found if row}
    assert set(named) == {"one", "two"}
    distances = [distance for distance, _, _, _ in named.values()]
    assert distances == sorted(distances), "the style closest to the paintings comes first"
    assert all(low < distance < high for distance, low, high, _ in named.values())


def test_a_style_is_read_without_the_package(style_path: Path) -> None:
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__'); "
        "assert not {'gan_style', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(EXAMPLES / "read_style.py"), str(style_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *layers, last = done.stdout.splitlines()
    assert first == "schema 1, license CC0-1.0, learned at 256 pixels"
    assert json.loads(second.removeprefix("generator: "))["channels"] == 8
    parameters = sum(parameter.numel() for parameter in read_style(style_path).generator.parameters())
    assert last == f"total {parameters:,} parameters"
    assert sum(int(layer.split()[1].replace(",", "")) for layer in layers) == parameters


@pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash")
def test_a_folder_is_painted_from_a_shell_script(program: Path, photo: Path, style_path: Path, tmp_path: Path) -> None:
    photos, paintings = tmp_path / "photos", tmp_path / "paintings"
    photos.mkdir()
    for name in ("a", "b"):
        shutil.copy(photo, photos / f"{name}.png")

    def call(style: Path | str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", EXAMPLES / "paint_folder.sh", photos, paintings, style],
            env=os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    first = call(style_path)
    assert (first.returncode, first.stdout, first.stderr) == (0, "painted: 2\n", "")
    assert pixels(paintings / "a-tiny.png").shape == (40, 60, 3)
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing else")
    shutil.copy(photo, photos / "c.png")
    second = call(style_path)
    assert (second.returncode, second.stdout, second.stderr.splitlines()[-1]) == (1, "painted: 1\n", "failed: 1")
    assert (paintings / "c-tiny.png").is_file()
    third = call("no such style")
    assert (third.returncode, third.stdout) == (4, "")
    assert third.stderr.endswith("no such style: no such style\n")


def test_the_list_of_examples_is_complete() -> None:
    listed = set(re.findall(r"\]\((\w+\.(?:py|sh))\)", (EXAMPLES / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".sh")}
