"""Sums of style files, and what a file says of itself."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from gan_style.checkpoints import bundled
from gan_style.checkpoints.bundled import bundled_styles, resolve_style
from gan_style.checkpoints.integrity import BUNDLED, unpinned
from gan_style.cli.app import main
from gan_style.errors import StyleError


def test_bundled_styles_have_the_sums_that_the_package_knows() -> None:
    sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in bundled_styles().items()}
    assert sums == BUNDLED


def test_a_changed_bundled_style_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "monet.safetensors"
    shutil.copy(bundled_styles()["monet"], path)
    monkeypatch.setattr(bundled, "FOLDERS", (tmp_path,))
    assert resolve_style("monet") == path
    with path.open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\0")
    with pytest.raises(StyleError, match="install gan-style again"):
        resolve_style("monet")


def test_any_file_can_be_pinned(style_path: Path) -> None:
    digest = hashlib.sha256(style_path.read_bytes()).hexdigest()
    assert resolve_style(f"{style_path}@sha256:{digest}") == style_path
    assert resolve_style(f"{style_path}@sha256:{digest.upper()}") == style_path
    assert resolve_style(f"monet@sha256:{BUNDLED['monet']}") == bundled_styles()["monet"]
    with pytest.raises(StyleError, match="not the file that was pinned"):
        resolve_style(f"{style_path}@sha256:{'0' * 64}")
    with pytest.raises(StyleError, match="64 hexadecimal digits"):
        resolve_style(f"{style_path}@sha256:{digest[:10]}")
    assert unpinned("a@b") == ("a@b", "")


def test_styles_are_listed_and_described(
    style_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GAN_STYLE_WEIGHTS", str(style_path.parent))
    (style_path.parent / "broken.safetensors").write_text("no style")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gan-style", *arguments])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return (code, *capsys.readouterr())

    code, out, error = run("stylize", "--list-styles")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert set(lines) == {*BUNDLED, "tiny"}
    assert lines["monet"].endswith("bundled")
    assert "175 paintings" in lines["monet"]
    assert lines["tiny"].endswith(str(style_path))
    assert "CC0-1.0" in lines["tiny"]
    assert "broken.safetensors is not a safetensors file" in error
    assert run("--list-styles")[1] == out
    code, out, _ = run("stylize", "--style", "tiny", "--info")
    about = json.loads(out)
    assert (code, about["licence"], about["training"]) == (0, "CC0-1.0", {"steps": 3})
    assert about["sha256"] == hashlib.sha256(style_path.read_bytes()).hexdigest()
    assert run("stylize", "--style", "none", "--info")[0] == 4
