"""Where paintings go, and how they are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_style.defaults import NAME
from gan_style.errors import UsageError
from gan_style.inference.naming import Naming
from gan_style.inference.planning import plan
from gan_style.names import LONGEST, encodable, path_text, shortened_name, text_path

NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]) | st.sampled_from("\udce9\udcff"), max_size=300
)


def touched(folder: Path, *names: str) -> list[Path]:
    """Files that exist."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [folder / name for name in names]


def planned(inputs: list[Path], output: Path, template: str = NAME, form: str = "") -> list[str]:
    """The paintings of some inputs, below the output folder."""
    return [job.target.relative_to(output).as_posix() for job in plan(inputs, output, Naming("s", template, form))]


def test_equal_names_of_several_folders_keep_their_tree(tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = touched(tmp_path, "dcim/100/a.jpg", "dcim/101/a.jpg", "dcim/101/b.jpg")
    tree = ["100/a-s.jpg", "101/a-s.jpg", "101/b-s.jpg"]
    assert planned(files, out) == tree
    assert planned([tmp_path / "dcim" / "100", tmp_path / "dcim" / "101"], out) == tree
    assert planned([tmp_path / "dcim" / "*" / "*.jpg"], out) == tree
    assert planned([*files, files[0].parent / "." / ".." / "100" / "a.jpg"], out) == tree, "one file is painted once"


def test_names_that_differ_stay_as_short_as_they_were(tmp_path: Path) -> None:
    out = tmp_path / "out"
    one, other = touched(tmp_path, "x/a.jpg", "y/sub/b.jpg")
    assert planned([one, other], out) == ["a-s.jpg", "b-s.jpg"]
    assert planned([one, tmp_path / "y"], out) == ["a-s.jpg", "sub/b-s.jpg"]


def test_pictures_that_differ_in_their_extension_keep_it_where_the_format_is_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = touched(tmp_path, "x/a.jpg", "x/a.png", "x/b.png")
    for path in files:
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert planned(files, out, form="webp") == ["a.jpg-s.webp", "a.png-s.webp", "b-s.webp"]
    assert planned([tmp_path / "x"], out, form="webp") == ["a.jpg-s.webp", "a.png-s.webp", "b-s.webp"]
    assert planned(files, out) == ["a-s.jpg", "a-s.png", "b-s.png"]
    with pytest.raises(UsageError, match="both be painted"):
        plan([*files, *touched(tmp_path, "x/a.jpg.jpg")], out, Naming("s", form="webp"))


def test_a_name_may_hold_that_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = touched(tmp_path, "x/a.jpg", "y/a.jpg")
    assert planned(files, tmp_path / "out", "{folder} {name}") == ["x a.jpg", "y a.jpg"]
    monkeypatch.chdir(tmp_path / "x")
    (job,) = plan([Path("a.jpg")], None, Naming("s", "{folder} {name}"))
    assert job.target == Path("x a.jpg")


@pytest.mark.parametrize("template", [NAME, "{style} {name} {name}", "{name}" + 240 * "x", 250 * "x" + "{name}"])
def test_names_that_become_too_long_are_shortened(tmp_path: Path, template: str) -> None:
    names = [f"{stem}.jpg" for stem in ("a", 250 * "b", 249 * "b" + "c", 83 * "漢", 82 * "漢" + "é", "b" + 124 * "é")]
    files = touched(tmp_path / "photos", *names)
    seeds = (None,) if template != NAME else (1, 2)
    jobs = plan(files, tmp_path / "out", Naming("monet", template), seeds)
    assert len({job.target for job in jobs}) == len(files) * len(seeds)
    (tmp_path / "out").mkdir()
    for job in jobs:
        job.target.touch()  # The file system takes it.
        assert job.target.suffix == ".jpg"
        assert str(job.target).encode().decode() == str(job.target), "cut between letters"
    assert jobs == plan(files, tmp_path / "out", Naming("monet", template), seeds), "the same once it is there"


def test_the_style_and_the_seed_stay_readable_in_shortened_names(tmp_path: Path) -> None:
    (photo,) = touched(tmp_path, 250 * "b" + ".jpg")
    (job,) = plan([photo], tmp_path / "out", Naming("monet"), (7,))
    assert job.target.name.startswith(200 * "b")
    assert job.target.name.endswith("-monet-7.jpg")
    several = plan([photo], tmp_path / f"{250 * 'c'}.png", Naming("monet"), (7, 8))
    assert [len(job.target.name) <= LONGEST for job in several] == [True, True]


@given(NAMES)
def test_any_name_fits_and_comes_through_text(stem: str) -> None:
    made = shortened_name(lambda text: f"{text}-monet.jpg", encodable(stem), Path("/"))
    assert len(os.fsencode(made)) <= LONGEST
    assert made == f"{stem}-monet.jpg" or "~" in made
    assert os.fsencode(text_path(path_text(f"x/{stem}"))) == os.fsencode(Path(f"x/{stem}"))
