"""Pictures, and a disk that takes no more of them."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gan_style.data.loading import PixelStore
from gan_style.errors import NoSpaceError, PictureError, ResourceError
from gan_style.files import is_full
from gan_style.imaging.canvas import Canvas
from gan_style.imaging.encoding import FAILURES, Saving, encode, save, write_photograph
from gan_style.imaging.formats import FORMATS, HEIC
from gan_style.imaging.photograph import Photograph
from gan_style.imaging.plugins import heic_available

SUFFIXES = [suffix for suffix, form in FORMATS.items() if form is not HEIC or heic_available()]


@pytest.fixture(scope="module")
def noise() -> Photograph:
    """What no format makes small."""
    canvas = Canvas((100, 100, 3), np.uint8)
    canvas[:, :] = np.random.default_rng(0).integers(0, 256, canvas.shape, np.uint8)
    return Photograph(canvas)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("cannot mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_that_does_not_fit_is_not_written(suffix: str, noise: Photograph, small: Path) -> None:
    whole = len(encode(noise, FORMATS[suffix], Saving()))
    space = os.statvfs(small)
    room = whole // space.f_bsize  # A block less than it needs: whoever ignores a short write takes it for whole.
    (small / "rest").write_bytes(bytes((space.f_bavail - room) * space.f_bsize))
    with pytest.raises(NoSpaceError, match=r"The disk that holds .*small is full; free some space"):
        write_photograph(small / f"x{suffix}", noise)
    assert os.listdir(small) == ["rest"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix not in (".tif", ".tiff")])
def test_every_library_tells_a_full_disk(suffix: str, noise: Photograph) -> None:
    with pytest.raises(FAILURES) as failure:
        save(Path("/dev/full"), noise, FORMATS[suffix], Saving())
    assert is_full(failure.value)


def test_temporary_files_without_room_are_a_sentence(noise: Photograph, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> object:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("TemporaryFile", "TemporaryDirectory"):
        monkeypatch.setattr(f"tempfile.{name}", full)
    with pytest.raises(ResourceError, match="set TMPDIR"):
        encode(noise, FORMATS[".png"], Saving())
    with pytest.raises(ResourceError, match="set TMPDIR"):
        Canvas((10_000, 10_000, 3), np.uint8)
    with pytest.raises(ResourceError, match="So many pictures need more temporary space"):
        PixelStore(0).add(np.zeros((4, 4, 3), np.uint8))


def test_another_failure_is_no_full_disk(noise: Photograph, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="No such file or directory"):
        write_photograph(tmp_path / "none" / "x.png", noise)
    with pytest.raises(PictureError, match="File name too long"):
        write_photograph(tmp_path / f"{300 * 'x'}.png", noise)
    assert list(tmp_path.iterdir()) == []
