"""The comparison with other readers notices what is wrong, and only that."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from gan_style.errors import PictureError
from gan_style.imaging import opening
from gan_style.imaging.photograph import Photograph

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("corpus")


@pytest.fixture
def turned(tmp_path: Path) -> Path:
    """A photograph that lies on its side, and says when it was taken and how large it prints."""
    values = np.zeros((24, 32, 3), np.uint8)
    values[:8], values[..., 2] = (250, 120, 0), np.arange(32) * 8
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = 6, "2020:01:02 03:04:05"
    path = tmp_path / "turned.jpg"
    Image.fromarray(values).save(path, exif=exif, dpi=(300, 300), quality=95)
    return path


def outcome(corpus: Any, path: Path, found: bool = True) -> Any:
    *_, result = corpus.tried(path, found, paint=True)
    return result


def test_a_picture_that_comes_out_whole_is_right(corpus: Any, turned: Path) -> None:
    result = outcome(corpus, turned)
    assert (result.state, result.readers, result.faults) == ("right", ["Pillow", "libvips"], {})


def lying(photograph: Photograph) -> Photograph:
    height, width = photograph.pixels.shape[:2]
    canvas = type(photograph.pixels)((width, height, 3), np.uint8)
    canvas[:, :] = np.swapaxes(np.array(photograph.pixels[:, :]), 0, 1)
    return dataclasses.replace(photograph, pixels=canvas)


def upside_down(photograph: Photograph) -> Photograph:
    canvas = type(photograph.pixels)(photograph.pixels.shape, np.uint8)
    canvas[:, :] = np.array(photograph.pixels[:, :])[::-1]
    return dataclasses.replace(photograph, pixels=canvas)


def without(**details: None) -> Any:
    def change(photograph: Photograph) -> Photograph:
        return dataclasses.replace(photograph, details=dataclasses.replace(photograph.details, **details))

    return change


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lying, "size"),
        (upside_down, "color"),
        (without(density=None), "density:png"),
        (without(exif=None), "exif:webp"),
    ],
)
def test_what_is_wrong_is_named(
    corpus: Any, turned: Path, monkeypatch: pytest.MonkeyPatch, spoil: Any, fault: str
) -> None:
    whole = opening.open_photograph
    monkeypatch.setattr(opening, "open_photograph", lambda path: spoil(whole(path)))
    result = outcome(corpus, turned)
    assert result.state == "wrong"
    assert fault in result.faults


def test_what_is_wrongly_refused_or_accepted_is_named(
    corpus: Any, turned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(turned.read_bytes()[:-300])
    assert outcome(corpus, cut).state == "no picture"
    whole = opening.open_photograph(turned)
    monkeypatch.setattr(opening, "open_photograph", lambda _: whole)
    assert outcome(corpus, cut).state == "accepted"
    monkeypatch.undo()

    def refuse(path: Path) -> Photograph:
        raise PictureError(f"{path} is not liked.")

    monkeypatch.setattr(opening, "open_photograph", refuse)
    result = outcome(corpus, turned)
    assert (result.state, result.reasons[-1]) == ("refused", "It is not liked.")


def test_readers_that_disagree_are_judged_by_two_rules(corpus: Any) -> None:
    assert corpus
    references, differences = importlib.import_module("references"), importlib.import_module("differences")

    def seen(reader: str, red: float, opacity: float = 255.0, delays: tuple[int, ...] = ()) -> Any:
        cells = np.zeros((4, 4, 4), np.float32)
        cells[..., 0], cells[..., 3] = red, opacity
        return references.Seen(reader, "GIF", (8, 8), (cells,) * max(1, len(delays)), delays)

    bright, dark = seen("Pillow", 200.0), seen("libvips", 90.0)
    faults, disputed = differences.of_decoding(seen("gan-style", 91.0), [bright, dark])
    assert (set(faults), set(disputed)) == (set(), {"color"})
    assert set(differences.of_decoding(seen("gan-style", 140.0), [bright, dark])[0]) == {"color"}
    empty = seen("libvips", 0.0, 0.0)
    assert set(differences.of_decoding(empty, [bright, empty])[0]) == {"color", "opacity"}
    moving = seen("Pillow", 90.0, delays=(40, 80))
    assert set(differences.of_decoding(seen("gan-style", 90.0), [moving, dark])[0]) == {"frames"}
    assert differences.of_decoding(seen("gan-style", 90.0, delays=(40, 80)), [moving, dark]) == ({}, {})
    assert set(differences.of_decoding(seen("gan-style", 90.0, delays=(40, 120)), [moving, dark])[0]) == {"durations"}


@pytest.mark.parametrize(("dtype", "most"), [(np.uint32, 2**32 - 1), (np.float16, 1), (np.float32, 255)])
def test_unusual_values_are_seen_by_their_range(corpus: Any, tmp_path: Path, dtype: Any, most: float) -> None:
    assert corpus
    references = importlib.import_module("references")
    levels = np.linspace(0, 1, 32 * 32).reshape(32, 32) ** 2
    tifffile.imwrite(tmp_path / "x.tif", (levels * most).astype(dtype), photometric="minisblack")
    seen = references.by_vips(tmp_path / "x.tif", 10**6)
    assert np.abs(seen.frames[0][..., 0].mean() - 255 / 3) < 1


def test_of_several_values_beside_the_colors_none_is_opacity(corpus: Any, tmp_path: Path) -> None:
    assert corpus
    references = importlib.import_module("references")
    tifffile.imwrite(
        tmp_path / "x.tif", np.full((9, 9, 5), 90, np.uint8), photometric="minisblack", extrasamples=[0] * 4
    )
    (cells,) = references.by_vips(tmp_path / "x.tif", 10**6).frames
    assert (cells == (90, 90, 90, 255)).all()


def test_a_picture_is_read_without_a_complaint_and_is_no_preview(corpus: Any, tmp_path: Path) -> None:
    assert corpus
    readings = importlib.import_module("references").readings
    image = Image.fromarray(np.random.default_rng(0).random((64, 64)) < 0.5)
    image.save(tmp_path / "x.tif", compression="group3")
    assert len(readings(tmp_path / "x.tif", 10**6)[0]) == 2
    content = bytearray((tmp_path / "x.tif").read_bytes())
    content[100:300] = bytes(200)  # No code of a fax has so many zeros; Pillow paints on.
    (tmp_path / "y.tif").write_bytes(content)
    seen, reasons = readings(tmp_path / "y.tif", 10**6)
    assert seen == []
    assert any("Pillow: DamagedError" in reason for reason in reasons)
    for tags, count in (([(254, 4, 1, 1, True), (50706, 1, 4, (1, 4, 0, 0), True)], 0), ([(254, 4, 1, 1, True)], 2)):
        tifffile.imwrite(tmp_path / "z.tif", np.zeros((9, 9, 3), np.uint8), photometric="rgb", extratags=tags)
        assert len(readings(tmp_path / "z.tif", 10**6)[0]) == count


def test_a_png_counts_further_than_a_gif(corpus: Any) -> None:
    assert corpus
    references, differences = importlib.import_module("references"), importlib.import_module("differences")
    cells = (np.full((4, 4, 4), 255, np.float32),) * 2
    ours, once = (
        references.Seen(name, "PNG", (8, 8), cells, (40, 40), plays) for name, plays in (("", 65536), ("", 1))
    )
    assert differences.of_movement([ours], ours) == {}
    assert differences.of_movement([dataclasses.replace(ours, plays=0)], ours) == {}
    assert set(differences.of_movement([once], ours)) == {"loop"}


@pytest.fixture
def quick_worker(corpus: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A worker whose process is cheap to begin, and dies or sleeps over files called so."""
    monkeypatch.setattr(corpus, "CONTEXT", corpus.multiprocessing.get_context("fork"))

    def tried(path: Path, *_: bool) -> Iterator[Any]:
        yield corpus.Result(str(path))
        if path.name == "die":
            os._exit(1)
        while path.name == "sleep":
            pass
        yield corpus.Result(str(path), state="right")

    monkeypatch.setattr(corpus, "tried", tried)
    monkeypatch.setattr(corpus.resource, "setrlimit", lambda *_: None)
    worker = corpus.Worker(0.3, 2**32)
    yield worker
    worker.end()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_file_that_ends_or_holds_up_its_process_is_counted(quick_worker: Any) -> None:
    states = [quick_worker.tried(Path(name), True, True).state for name in ("die", "fine", "sleep", "fine")]
    assert states == ["crash", "right", "hang", "right"]


def test_everything_below_the_folders_is_tried(
    corpus: Any, turned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    log = tmp_path.parent / f"{tmp_path.name}.jsonl"
    monkeypatch.setattr(sys, "argv", ["corpus.py", str(tmp_path), "--json", str(log), "--decode-only"])
    with pytest.raises(SystemExit) as exit_code:
        corpus.main()
    assert exit_code.value.code == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {Path(line["path"]).name: line["state"] for line in lines} == {
        "notes.txt": "no picture",
        turned.name: "right",
    }
    assert capsys.readouterr().out.splitlines()[-1].split()[:4] == ["all", "2", "1", "1"]
