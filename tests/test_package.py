"""The wheel, as people get it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from PIL import Image

from gan_style.checkpoints.bundled import bundled_styles
from gan_style.imaging.types import Pixels

ROOT = Path(__file__).resolve().parent.parent


def run(*command: object, cwd: Path, path: Path | None = None) -> str:
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    words = [str(word) for word in command]
    result = subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=environment, check=False, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_built_wheel_paints(tmp_path: Path, cat: Pixels) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"gan_style/weights/{name}.safetensors" for name in bundled_styles()} <= names
    assert not any(name.startswith(("tests", "weights", "docs")) for name in names)

    # What it depends on is here already; that nothing is missing is seen where it is installed as the README says.
    site = tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, wheel, cwd=tmp_path)
    Image.fromarray(cat).save(tmp_path / "cat.png")
    program = (sys.executable, "-m", "gan_style")
    run(*program, "stylize", "cat.png", "--style", "monet.ckpt", "-o", "out.png", cwd=tmp_path, path=site)
    with Image.open(tmp_path / "out.png") as painting:
        assert painting.size == (451, 300)
    where = run(sys.executable, "-c", "import gan_style; print(gan_style.__file__)", cwd=tmp_path, path=site)
    assert str(site) in where, "the installed package, not the checkout, has painted"
