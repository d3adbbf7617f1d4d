"""The wheel, as people get it."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from PIL import Image

from gan_style.checkpoints.bundled import bundled_styles
from gan_style.imaging.decoding import Pixels

ROOT = Path(__file__).resolve().parent.parent


def run(*command: object, cwd: Path) -> str:
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=cwd, check=False, timeout=1500)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_built_wheel_paints_in_an_empty_environment(tmp_path: Path, cat: Pixels) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"gan_style/weights/{name}.safetensors" for name in bundled_styles()} <= names
    assert not any(name.startswith(("tests", "weights", "docs")) for name in names)

    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)
    Image.fromarray(cat).save(tmp_path / "cat.png")
    program = python.parent / "gan-style"
    run(program, "stylize", "cat.png", "--style", "monet.ckpt", "-o", "out.png", cwd=tmp_path)
    with Image.open(tmp_path / "out.png") as painting:
        assert painting.size == (451, 300)
    where = run(python, "-c", "import gan_style; print(gan_style.__file__)", cwd=tmp_path)
    assert str(tmp_path) in where, "the installed package, not the checkout, has painted"
