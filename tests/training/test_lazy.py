"""Folders too large to be decoded before training."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_style.checkpoints.style_file import read_style
from gan_style.data.loading import load_pictures, open_pictures
from gan_style.data.prefetch import DiskCache, PictureStore
from gan_style.data.reading import decode_picture
from gan_style.data.sampler import Sampler
from gan_style.errors import DataError
from gan_style.files import retry_transient
from gan_style.imaging.finding import find_pictures
from gan_style.models.discriminator import DiscriminatorConfig
from gan_style.training.api import check, resume, train
from gan_style.training.loop.schedule import Limit
from gan_style.training.recipe import Recipe
from gan_style.training.run.listener import Silent, Status
from tests.conftest import TINY

RECIPE = Recipe(
    size=64, batch_size=2, generator=TINY, discriminator=DiscriminatorConfig(head_channels=8, patch_channels=4)
)


def test_pictures_decoded_when_needed_are_those_decoded_before(photo_folder: Path) -> None:
    paths = list(find_pictures(photo_folder))
    before, needed = load_pictures(paths, 64), open_pictures(photo_folder, paths, 64)
    for part in (range(30), [3, 1, 29]):
        one, other = before.part(part), needed.part(part)
        assert len(one) == len(other)
        assert all(np.array_equal(a, b) for a, b in zip(one.pictures, other.pictures, strict=True))
    samplers = [Sampler(one, one, 4, slice(None), 0) for one in (before, needed)]
    for _ in range(20):
        crops = [sampler.next() for sampler in samplers]
        assert crops[0] == crops[1]
        assert torch.equal(before.cut(crops[0][0], 32), needed.cut(crops[1][0], 32))


def test_a_sampler_goes_on_where_it_stood(photo_folder: Path) -> None:
    pictures = load_pictures(find_pictures(photo_folder), 64)
    first, second = (Sampler(pictures, pictures, 3, slice(None), seed) for seed in (1, 2))
    for _ in range(5):
        first.next()
    second.next()
    second.state = first.state
    assert [first.next() for _ in range(20)] == [second.next() for _ in range(20)]


@given(
    bound=st.integers(100, 900),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_the_disk_cache_is_bounded_and_never_wrong(bound: int, sizes: list[int]) -> None:
    cache, arrays = DiskCache(bound), {}
    for key, size in enumerate(sizes):
        arrays[key] = np.full((size, 1), key % 251, np.uint8)
        cache.put(key, arrays[key])
        if size <= bound:
            assert cache.get(key) is not None
        for old, array in arrays.items():
            found = cache.get(old)
            assert found is None or np.array_equal(found, array)
    assert cache.file is None or os.fstat(cache.file.fileno()).st_size <= bound


def test_memory_is_bounded_and_what_gave_way_comes_from_disk(photo_folder: Path) -> None:
    paths, decoded = list(find_pictures(photo_folder)), list[Path]()

    def decode(path: Path) -> np.ndarray | str:
        decoded.append(path)
        return decode_picture(path, 64, 0, False)

    store = PictureStore(paths, decode, [], memory=5 * 64 * 64 * 3, disk=2**20)
    for _ in range(3):
        for place in range(30):
            store.expect([place, (place + 1) % 30])
            assert np.array_equal(store.get(place), decode_picture(paths[place], 64, 0, False))
            assert sum(one.nbytes for one in store.kept.values()) == store.size <= 5 * 64 * 64 * 3
    assert len(decoded) <= 31, "each is decoded once; one at the end may not have been asked for"


def test_a_full_disk_is_done_without(photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gan_style.data.prefetch.tempfile.TemporaryFile", full)
    pictures = open_pictures(photo_folder, list(find_pictures(photo_folder)), 64)
    assert len([one.shape for one in pictures.pictures]) == 30


def test_unusable_files_are_named_once_and_replaced(photo_folder: Path) -> None:
    for name in ("003.png", "004.png"):
        (photo_folder / name).write_bytes(b"nothing")
    pictures = open_pictures(photo_folder, list(find_pictures(photo_folder)), 64)
    for _ in range(2):
        assert np.array_equal(pictures.pictures[3], pictures.pictures[5])
    assert len(pictures.failures) == 2
    assert "003.png" in pictures.failures[0]
    for path in photo_folder.iterdir():
        path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="no readable pictures"):
        open_pictures(photo_folder, list(find_pictures(photo_folder)), 64).pictures[0]


def test_hiccups_of_a_network_are_waited_for() -> None:
    left = [errno.ESTALE, errno.EIO]

    def work() -> str:
        if left:
            raise OSError(left.pop(), "hiccup")
        return "done"

    assert retry_transient(work, (0.0, 0.0, 0.0)) == "done"
    left[:] = [errno.EIO] * 9
    with pytest.raises(OSError, match="hiccup"):
        retry_transient(work, (0.0, 0.0))
    assert len(left) == 6
    left[:] = [errno.ENOENT, errno.ENOENT]
    with pytest.raises(OSError, match="hiccup"):
        retry_transient(work, (0.0, 0.0))
    assert len(left) == 1, "what does not pass is not waited for"


def test_a_picture_is_read_again_after_a_hiccup(photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, failing, path = Path.read_bytes, [1], photo_folder / "000.png"

    def flaky(self: Path) -> bytes:
        if failing:
            failing.pop()
            raise OSError(errno.EIO, "Input/output error")
        return whole(self)

    expected = decode_picture(path, 64, 0, False)
    monkeypatch.setattr(Path, "read_bytes", flaky)
    monkeypatch.setattr("gan_style.files.time.sleep", lambda _: None)
    assert np.array_equal(decode_picture(path, 64, 0, False), expected)
    assert not failing


class Cut(Exception):  # noqa: N818 - no error
    """A power cut."""


class Ear(Silent):
    """Keeps what it is told and pulls the plug after a step."""

    def __init__(self, cut: int = 0) -> None:
        self.cut, self.warnings = cut, list[str]()

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    def status(self, status: Status) -> None:
        if self.cut and status.steps == self.cut:
            raise Cut


def test_a_training_on_a_large_folder_is_the_same_and_resumes(
    photo_folder: Path, painting_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan_style.training.loop.loop.SAVE_SECONDS", 0.0)
    before = torch.get_num_threads()
    torch.set_num_threads(1)

    def learn(name: str, cut: int = 0) -> Ear:
        ear = Ear(cut)
        output = tmp_path / f"{name}.safetensors"
        train(photo_folder, painting_folder, output, recipe=RECIPE, limit=Limit(steps=4), device="cpu", listener=ear)
        return ear

    learn("small")
    monkeypatch.setattr("gan_style.training.datasets.AT_ONCE", 20)
    learn("large")
    weights = [read_style(tmp_path / f"{name}.safetensors").generator.state_dict() for name in ("small", "large")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    with pytest.raises(Cut):
        learn("cut", 2)
    resume(tmp_path / "cut-run")
    assert (tmp_path / "cut.safetensors").read_bytes() == (tmp_path / "large.safetensors").read_bytes()
    torch.set_num_threads(before)
    (photo_folder / "001.png").write_bytes(b"nothing")
    ear = learn("broken")
    assert [sentence for sentence in ear.warnings if "001.png" in sentence] == [
        sentence for sentence in ear.warnings if sentence.startswith("Skipped")
    ]
    assert len([sentence for sentence in ear.warnings if "--size" not in sentence]) == 1
    assert check(photo_folder, painting_folder, recipe=RECIPE).counts["photographs"] == 29


def test_a_large_folder_is_listed_without_opening_its_pictures(
    photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photo_folder / "unnamed").write_bytes((photo_folder / "000.png").read_bytes())
    (photo_folder / "deep").mkdir()
    (photo_folder / "deep" / "note.txt").write_text("no picture")
    (photo_folder / ".hidden.png").write_text("hidden")
    opened, whole = list[Path](), Path.open

    def counting(self: Path, mode: str) -> IO[Any]:
        opened.append(self)
        return whole(self, mode)

    monkeypatch.setattr(Path, "open", counting)
    began = time.monotonic()
    found = list(find_pictures(photo_folder))
    assert time.monotonic() - began < 5
    assert len(found) == 31
    assert {path.name for path in opened} == {"unnamed", "note.txt"}
