"""Sums of style files, and what a file says of itself."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from gan_style.checkpoints import bundled
from gan_style.checkpoints.bundled import bundled_styles, resolve_style
from gan_style.checkpoints.hub.fetching import ProgressCallback
from gan_style.checkpoints.integrity import BUNDLED, split_pin
from gan_style.cli.app import main
from gan_style.errors import StyleError
from gan_style.inference.style import load_style


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
    with pytest.raises(StyleError, match="reinstall gan-style"):
        resolve_style("monet")


def test_any_file_can_be_pinned(style_path: Path) -> None:
    digest = hashlib.sha256(style_path.read_bytes()).hexdigest()
    assert resolve_style(f"{style_path}@sha256:{digest}") == style_path
    assert resolve_style(f"{style_path}@sha256:{digest.upper()}") == style_path
    assert resolve_style(f"monet@sha256:{BUNDLED['monet']}") == bundled_styles()["monet"]
    with pytest.raises(StyleError, match="not the pinned file"):
        resolve_style(f"{style_path}@sha256:{'0' * 64}")
    with pytest.raises(StyleError, match="64 hexadecimal digits"):
        resolve_style(f"{style_path}@sha256:{digest[:10]}")
    assert split_pin("a@b") == ("a@b", "")


def test_what_is_checked_is_what_paints(style_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody exchanges the file between the moment when it is found and the moment when it is read."""
    digest = hashlib.sha256(style_path.read_bytes()).hexdigest()
    word = f"{style_path}@sha256:{digest}"
    assert load_style(word).file.sha256 == digest
    found = bundled.find_style

    def exchange(word: str, progress: ProgressCallback | None = None) -> Path:
        path = found(word, progress)
        shutil.copy(bundled_styles()["monet"], path)
        return path

    monkeypatch.setattr(bundled, "find_style", exchange)
    with pytest.raises(StyleError, match="not the pinned file"):
        load_style(word)


def test_a_pin_of_a_file_too_large_for_a_style_is_refused_unread(tmp_path: Path) -> None:
    huge = tmp_path / "huge.safetensors"
    huge.touch()
    os.truncate(huge, 1 << 34)
    with pytest.raises(StyleError, match="larger than"):
        resolve_style(f"{huge}@sha256:{'0' * 64}")


def test_names_that_no_file_can_have() -> None:
    with pytest.raises(StyleError, match="cannot be read"):
        resolve_style("x" * 300)


def test_what_lies_beside_the_bundled_styles_is_not_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("monet", "evil"):
        shutil.copy(bundled_styles()["monet"], tmp_path / f"{name}.safetensors")
    monkeypatch.setattr(bundled, "FOLDERS", (tmp_path,))
    assert list(bundled_styles()) == ["monet"]


def test_a_style_of_one_s_own_may_have_a_full_stop_in_its_name(
    style_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_STYLE_WEIGHTS", str(style_path.parent))
    other = style_path.rename(style_path.with_name("a.b.safetensors"))
    assert resolve_style("a.b") == resolve_style("a.b.safetensors") == other


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
    assert "379 paintings" in lines["monet"]
    assert lines["tiny"].endswith(str(style_path))
    assert "CC0-1.0" in lines["tiny"]
    assert "broken.safetensors is not a safetensors file" in error
    assert run("--list-styles")[1] == out
    changed = style_path.parent / "weights"
    changed.mkdir()
    for path in bundled_styles().values():
        (changed / path.name).write_bytes(path.read_bytes().replace(b": 1158,", b": 1159,"))
    with monkeypatch.context() as patch:
        patch.setattr(bundled, "FOLDERS", (changed,))
        _, listed, error = run("--list-styles")
        assert "monet" not in {line.split()[0] for line in listed.splitlines()}
        assert "reinstall gan-style" in error
    code, out, _ = run("stylize", "--style", "tiny", "--info")
    about = json.loads(out)
    assert (code, about["licence"], about["training"]) == (0, "CC0-1.0", {"steps": 3})
    assert about["sha256"] == hashlib.sha256(style_path.read_bytes()).hexdigest()
    assert run("stylize", "--style", "none", "--info")[0] == 4
