"""Style files from strangers who mean harm."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_style.checkpoints.bundled import resolve_style
from gan_style.checkpoints.header import FILE_LIMIT, METADATA_KEY, has_description
from gan_style.checkpoints.style_file import StyleFile, read_style, write_style
from gan_style.errors import StyleError
from gan_style.models.generator import Generator, GeneratorConfig

Make = Callable[[Path, bytes], object]


def safetensors(header: object, rest: bytes = b"") -> bytes:
    """A file with a header."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + rest


def largest() -> dict[str, Any]:
    """The header of the largest network that may be described, all of it consistent."""
    config = GeneratorConfig(512, 32, 256, 32, 64)
    header: dict[str, Any] = {}
    place = 0
    for name, shape in config.shapes().items():
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [place, place + size]}
        place += size
    about = {"schema": 1, "generator": vars(config), "size": 256}
    return {"__metadata__": {METADATA_KEY: json.dumps(about)}, **header}


def sparse(path: Path, size: int, start: bytes = b"") -> None:
    """A file of a size that takes no room."""
    path.write_bytes(start)
    os.truncate(path, size)


CASES: dict[str, tuple[Make, str]] = {
    "a hundred megabytes of metadata": (
        lambda path, _: path.write_bytes(safetensors({"__metadata__": {METADATA_KEY: "x" * 100_000_000}})),
        "larger than 32 MiB",
    ),
    "thirty megabytes of metadata": (
        lambda path, _: path.write_bytes(safetensors({"__metadata__": {METADATA_KEY: "x" * 30_000_000}})),
        "not a safetensors file",
    ),
    "a header of 2**63 bytes": (lambda path, _: path.write_bytes(b"\xff" * 7 + b"\x7f{"), "not a safetensors file"),
    "a network larger than its file": (lambda path, _: path.write_bytes(safetensors(largest())), "is truncated"),
    "a gigabyte of zeros": (lambda path, _: sparse(path, 1 << 30), "larger than 32 MiB"),
    "as large as may be": (lambda path, _: sparse(path, FILE_LIMIT, safetensors(largest())), "is truncated"),
    "more than its tensors": (lambda path, good: sparse(path, FILE_LIMIT, good), "has trailing data"),
    "a pipe": (lambda path, _: os.mkfifo(path), "not a regular file"),
    "a device": (lambda path, _: path.symlink_to("/dev/zero"), "not a regular file"),
    "a folder": (lambda path, _: path.mkdir(), "cannot be read|not a regular file"),
    "a link to nothing": (lambda path, _: path.symlink_to("nowhere"), "cannot be read"),
    "a link to itself": (lambda path, _: path.symlink_to(path), "cannot be read"),
    "nothing": (lambda path, _: path.touch(), "not a safetensors file"),
    "deep nesting": (
        lambda path, _: path.write_bytes((500_000).to_bytes(8, "little") + b'{"a":' * 100_000),
        "damaged header",
    ),
    "a million digits": (
        lambda path, _: path.write_bytes((500_000).to_bytes(8, "little") + b'{"a":' + b"9" * 499_994 + b"}"),
        "damaged header",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_at_once_in_a_sentence_and_in_little_memory(tmp_path: Path, style_path: Path, case: str) -> None:
    make, words = CASES[case]
    path = tmp_path / "hostile.safetensors"
    make(path, style_path.read_bytes())
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(StyleError, match=words):
        read_style(path)
    assert time.process_time() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # Kilobytes.
    has_description(path)


@pytest.mark.parametrize("case", ["a pipe", "a device", "a folder", "a link to nothing"])
def test_a_word_that_names_a_special_file(
    tmp_path: Path, style_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    path = tmp_path / "hostile"
    CASES[case][0](path, style_path.read_bytes())
    with pytest.raises(StyleError):
        resolve_style(str(path))


def test_a_link_to_a_style_is_a_style(tmp_path: Path, style_path: Path) -> None:
    (tmp_path / "link.safetensors").symlink_to(style_path)
    assert read_style(tmp_path / "link.safetensors").size == 256


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / f"any-{os.getpid()}.safetensors"
    header = data.draw(st.recursive(st.none() | st.integers() | st.text(max_size=9), st.lists, max_leaves=9))
    whole = safetensors({"__metadata__": {METADATA_KEY: json.dumps(header)}}, data.draw(st.binary(max_size=40)))
    path.write_bytes(data.draw(st.sampled_from([whole, whole[:-1], whole[8:]])) + data.draw(st.binary(max_size=9)))
    with pytest.raises(StyleError):
        read_style(path)


@pytest.mark.parametrize(
    "edit",
    [
        {"generator": {"\x1b[31mRED\x1b]0;owned\x07\nline": 1}},
        {"generator": {"x" * 500_000: 1}},
        {"generator": {"\ud800": 1}},
        {"generator": {"channels": "9" * 300_000}},
        {"schema": 10**4000},
        {"size": "9" * 300_000},
    ],
)
def test_what_a_file_says_reaches_nobody_s_terminal(tmp_path: Path, edit: dict[str, Any]) -> None:
    path = tmp_path / "\x1b]0;owned\x07.safetensors"
    about = {"schema": 1, "generator": vars(GeneratorConfig()), "size": 256, **edit}
    path.write_bytes(safetensors({"__metadata__": {METADATA_KEY: json.dumps(about)}}))
    with pytest.raises(StyleError) as caught:
        read_style(path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 3000


def test_a_large_network_with_one_number_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    config = GeneratorConfig(channels=384, blocks=6)
    style = StyleFile(Generator(config), 256)
    path = tmp_path / "large.safetensors"
    write_style(path, style)
    assert 30_000_000 < path.stat().st_size < FILE_LIMIT
    with path.open("r+b") as stream:
        stream.seek(-2, os.SEEK_END)
        stream.write(b"\xff\xff")  # Not a number, in half precision.
    del style
    start = time.process_time()
    with pytest.raises(StyleError, match="not finite"):
        read_style(path)
    assert time.process_time() - start < 1


def test_a_number_beyond_all_bounds_is_no_json(tmp_path: Path) -> None:
    text = json.dumps({"schema": 1, "generator": vars(GeneratorConfig()), "size": 256, "metrics": {"a": 5}})
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors({"__metadata__": {METADATA_KEY: text.replace("5}", "1e999}")}}))
    with pytest.raises(StyleError, match="damaged style description"):
        read_style(path)


FUZZ = """
import sys, tempfile
from pathlib import Path
import atheris
with atheris.instrument_imports(include=["gan_style.checkpoints"]):
    from gan_style.checkpoints.style_file import read_style
from gan_style.errors import StyleError

path = Path(tempfile.mkdtemp()) / "x.safetensors"

def one(data):
    path.write_bytes(data)
    try:
        read_style(path)
    except StyleError:
        pass

atheris.Setup(sys.argv, one)
atheris.Fuzz()
"""


@pytest.mark.fuzz
def test_coverage_guided_fuzzing_finds_nothing(tmp_path: Path, style_path: Path) -> None:
    pytest.importorskip("atheris", reason="needs Atheris")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "good").write_bytes(style_path.read_bytes())
    (corpus / "short").write_bytes(style_path.read_bytes()[:3000])
    options = ["-runs=3000", "-max_len=40000", "-timeout=2", "-rss_limit_mb=1000", "-seed=1"]
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, str(corpus), *options], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Done 3000 runs" in done.stderr
