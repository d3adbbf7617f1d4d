from __future__ import annotations

import contextlib
import dataclasses
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from gan_style.checkpoints.bundled import bundled_styles, find_style, resolve_style
from gan_style.checkpoints.header import METADATA_KEY, PICKLE_MAGIC, read_header
from gan_style.checkpoints.style_file import StyleFile, describe, read_style, write_style
from gan_style.errors import StyleError
from gan_style.models.generator import Generator, GeneratorConfig
from gan_style.models.refiner import Refiner
from gan_style.training.recipe import Recipe
from tests.conftest import TINY, lively, lively_generator

Edit = Callable[[dict[str, Any]], None]


@given(
    channels=st.integers(4, 24),
    blocks=st.integers(0, 3),
    refine=st.integers(4, 16),
    finish=st.integers(0, 2),
    noise=st.integers(0, 4),
    simplify=st.integers(0, 16),
    streaks=st.integers(0, 32),
    seed=st.integers(0, 9),
)
@settings(max_examples=15, deadline=None)
def test_any_generator_round_trips(
    tmp_path_factory: pytest.TempPathFactory,
    channels: int,
    blocks: int,
    refine: int,
    finish: int,
    noise: int,
    simplify: int,
    streaks: int,
    seed: int,
) -> None:
    path = tmp_path_factory.mktemp("style") / "x.ckpt"
    generator = lively_generator(GeneratorConfig(channels, blocks, refine, finish, noise, simplify, streaks), seed)
    write_style(path, StyleFile(generator, 256, "MIT", {"steps": 7}, {"gap": 0.5}))
    back = read_style(path)
    assert back.generator.config == generator.config
    assert (back.size, back.licence, back.training, back.metrics) == (256, "MIT", {"steps": 7}, {"gap": 0.5})
    for name, value in generator.state_dict().items():
        torch.testing.assert_close(back.generator.state_dict()[name], value, rtol=1e-3, atol=1e-6)


def test_the_default_style_is_at_most_four_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "default.safetensors"
    write_style(path, StyleFile(Generator(Recipe().generator), 256))
    assert path.stat().st_size <= 4 * 10**6


def test_a_style_may_be_read_by_those_who_may_read_any_new_file(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain", tmp_path / "x.safetensors"
    plain.touch()
    write_style(path, StyleFile(lively_generator(GeneratorConfig(4, 0, 4)), 256))
    assert path.stat().st_mode == plain.stat().st_mode


def tamper(path: Path, edit: Edit) -> Path:
    """Rewrite a style with its description edited."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    about = json.loads(header["__metadata__"][METADATA_KEY])
    edit(about)
    save_file(load_file(path), path, {METADATA_KEY: json.dumps(about)})
    return path


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda about: about.update(schema=99), "upgrade gan-style"),
        (lambda about: about.update(schema="1"), "damaged style description"),
        (lambda about: about.update(size=0), "invalid training size"),
        (lambda about: about.update(size=10**12), "invalid training size"),
        (lambda about: about.pop("generator"), "invalid generator config"),
        (lambda about: about["generator"].update(channels=10**9), "invalid generator config"),
        (lambda about: about["generator"].update(surprise=1), "invalid generator config"),
        (lambda about: about["generator"].update(blocks=3), "does not match the config"),
        (lambda about: about["generator"].update(channels=12), "does not match the config"),
    ],
)
def test_a_false_description_is_refused(style_path: Path, edit: Edit, message: str) -> None:
    with pytest.raises(StyleError, match=message):
        read_style(tamper(style_path, edit))


def with_header(path: Path, edit: Callable[[str], str]) -> Path:
    """Rewrite a style with the text of its header edited."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = edit(data[8 : 8 + length].decode()).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + length :])
    return path


def test_what_readers_could_understand_differently_is_refused(style_path: Path) -> None:
    whole = style_path.read_bytes()
    twice = with_header(style_path, lambda header: header.replace('"stem.bias"', '"head.bias"'))
    with pytest.raises(StyleError, match="damaged header"):
        read_style(twice)
    style_path.write_bytes(whole)
    about = with_header(style_path, lambda header: header.replace('\\"steps\\": 3', '\\"steps\\": 3, \\"steps\\": 4'))
    assert style_path.read_bytes() != whole
    with pytest.raises(StyleError, match="damaged style description"):
        read_style(about)
    style_path.write_bytes(whole)
    nan = with_header(style_path, lambda header: header.replace('\\"steps\\": 3', '\\"steps\\": NaN'))
    with pytest.raises(StyleError, match="damaged style description"):
        read_style(nan)


def test_tensors_that_share_bytes_are_refused(style_path: Path) -> None:
    data = style_path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    alike = [name for name, entry in header.items() if name != "__metadata__" and entry["shape"] == [8]]
    assert len(alike) > 1

    def overlap(text: str) -> str:
        entries = json.loads(text)
        entries[alike[0]]["data_offsets"] = entries[alike[1]]["data_offsets"]
        return json.dumps(entries)

    with pytest.raises(StyleError, match="damaged or truncated"):
        read_style(with_header(style_path, overlap))


def test_numbers_that_are_not_finite_are_neither_read_nor_written(style_path: Path, tiny_generator: Generator) -> None:
    tiny_generator.stem.weight[0, 0, 0, 0] = float("nan")
    before = style_path.read_bytes()
    with pytest.raises(StyleError, match="was not written"):
        write_style(style_path, StyleFile(tiny_generator, 64))
    assert style_path.read_bytes() == before
    style_path.write_bytes(before[:-2] + b"\xff\xff")
    with pytest.raises(StyleError, match="not finite"):
        read_style(style_path)


def test_a_pickle_is_refused_by_name_and_never_run(tmp_path: Path) -> None:
    zipped, plain = tmp_path / "zipped.ckpt", tmp_path / "plain.safetensors"
    torch.save({"weight": torch.zeros(3)}, zipped)
    plain.write_bytes(pickle.dumps({"a": 1}))
    for path in (zipped, plain):
        with pytest.raises(StyleError, match="pickle"):
            read_style(path)


def test_a_header_whose_length_looks_like_a_pickle_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    for padding in range(0, 1500, 8):
        write_style(path, StyleFile(lively_generator(GeneratorConfig(4, 0, 4)), 64, "x" * padding))
        if path.read_bytes()[:2] in PICKLE_MAGIC:
            break
    else:
        pytest.fail("no length begins like a pickle")
    assert read_style(path).licence == "x" * padding


def test_other_safetensors_and_other_files_are_refused(tmp_path: Path) -> None:
    other, text, empty = tmp_path / "other.safetensors", tmp_path / "readme.txt", tmp_path / "empty"
    save_file({"weight": torch.zeros(3)}, other)
    text.write_text("hello, this is no style at all")
    empty.write_bytes(b"")
    for path, message in ((other, "not a gan-style style"), (text, "not a safetensors"), (empty, "not a safetensors")):
        with pytest.raises(StyleError, match=message):
            read_style(path)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_refused_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("style") / "x.safetensors"
    write_style(path, StyleFile(lively_generator(GeneratorConfig(4, 0, 4)), 64))
    whole = path.read_bytes()
    length = 8 + int.from_bytes(whole[:8], "little")
    cut = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:cut])
    with pytest.raises(StyleError):
        read_style(path)
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, length - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(broken))
    with contextlib.suppress(StyleError):  # Nothing else may come out; a changed letter of a licence does no harm.
        read_style(path)


def test_a_full_disk_leaves_the_old_style_whole(
    style_path: Path, tiny_generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = style_path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gan_style.checkpoints.files.save_file", full)
    with pytest.raises(OSError, match="No space left"):
        write_style(style_path, StyleFile(tiny_generator, 64))
    assert style_path.read_bytes() == before
    assert list(style_path.parent.iterdir()) == [style_path]


def test_a_word_means_a_file_first_and_then_a_bundled_style(style_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_style(str(style_path)) == style_path
    bundled = bundled_styles()["monet"]
    assert resolve_style("monet") == resolve_style("monet.ckpt") == resolve_style("monet.safetensors") == bundled
    monkeypatch.chdir(style_path.parent)
    Path("monet").write_bytes(style_path.read_bytes())
    assert resolve_style("monet") == Path("monet")
    for word, message in (("manet", "monet"), ("./no/monet", "no such file"), (str(style_path.parent), "folder")):
        with pytest.raises(StyleError, match=message):
            resolve_style(word)


def test_a_style_that_stands_in_for_a_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for word in ("monet.ckpt", "Monet.safetensors"):
        caplog.clear()
        assert resolve_style(word) == resolve_style("monet")
        assert [record.getMessage() for record in caplog.records] == [
            f"{word} does not exist; using the bundled style monet."
        ]
    Path("monet.ckpt").touch()
    caplog.clear()
    for word in ("monet.ckpt", "monet", "MONET"):
        find_style(word)
    assert not caplog.records


@given(st.data())
def test_a_slip_of_the_fingers_is_answered_with_what_was_meant(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(bundled_styles())))
    place = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from("aeox-_ "))
    slips = (
        name[:place] + name[place + 1 :],
        name[:place] + letter + name[place:],
        name[:place] + letter + name[place + 1 :],
    )
    word = data.draw(st.sampled_from(slips)) + data.draw(st.sampled_from(["", ".ckpt", ".safetensors"]))
    if Path(word).stem.lower() not in bundled_styles():
        with pytest.raises(StyleError, match=rf"no style .* \(did you mean {name}\?\)"):
            find_style(word)


@pytest.mark.parametrize("word", ["mine", "mine.safetensor", "mien.safetensors", "MINE.safetensors", "mine.ckpt"])
def test_a_file_that_is_nearly_called_so_is_named(style_path: Path, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = style_path.parent
    style_path.rename(folder / "mine.safetensors")
    with pytest.raises(StyleError, match=rf"did you mean {re.escape(str(folder / 'mine.safetensors'))}\?"):
        find_style(str(folder / word))
    monkeypatch.chdir(folder)
    with pytest.raises(StyleError, match=r"did you mean mine.safetensors\?"):
        find_style(word)
    for far in ("picasso", "/nowhere/mine", "https://example.org/mine"):
        with pytest.raises(StyleError) as caught:
            find_style(far)
        assert "did you mean" not in str(caught.value)


def test_every_bundled_style_is_sound_and_says_where_it_comes_from() -> None:
    assert bundled_styles()
    for path in bundled_styles().values():
        style = read_style(path)
        assert path.stat().st_size <= 4 * 10**6
        assert style.licence
        # Few steps are enough only to finish what had learnt before.
        least = 1000 if style.training["start"] in ("scratch", "base") else 200
        assert style.training["steps"] > least
        assert style.training["paintings"]["count"] > 0


@pytest.mark.parametrize("refined", [False, True])
def test_a_style_that_leaves_the_photograph_out_is_of_a_schema_of_its_own(refined: bool, tmp_path: Path) -> None:
    path = tmp_path / "drawn.safetensors"
    generator = lively_generator(dataclasses.replace(TINY, residual=0))
    refiner = lively(lambda: Refiner(TINY)) if refined else None
    write_style(path, StyleFile(generator, 64, refiner=refiner))
    style = read_style(path)
    assert describe(path)["schema"] == 3
    assert style.generator.config.residual == 0
    assert (style.refiner is not None) == refined
    photo = torch.rand(1, 3, 32, 32) * 2 - 1
    drawn = style.generator(photo)
    added = Generator(TINY)
    added.load_state_dict(style.generator.state_dict())
    assert torch.allclose(drawn + photo, added.eval()(photo), atol=1e-5)


def test_styles_that_add_to_the_photograph_stay_readable_for_earlier_versions(tmp_path: Path) -> None:
    path = tmp_path / "added.safetensors"
    write_style(path, StyleFile(lively_generator(TINY), 64))
    about = json.loads(read_header(path, path.read_bytes())["__metadata__"][METADATA_KEY])
    assert about["schema"] == 1
    assert {*about["generator"]} == {
        "channels", "blocks", "refine_channels", "refine_blocks", "noise", "simplify", "streaks",
    }  # fmt: skip
