from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gan_style.errors import DataError, UsageError
from gan_style.evaluation.study import DEGRADED, StudyConfig, write_study
from tests.conftest import save_crops


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return save_crops(tmp_path / "photos", "chelsea.png", 6)


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="study">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_styles_and_other_programs_meet_equally_often(tmp_path: Path, photos: Path, style_path: Path) -> None:
    other = save_crops(tmp_path / "other", "coffee.png", 6, 70)
    study = write_study([style_path, other, style_path], photos, tmp_path / "study", StudyConfig(trials=18))
    assert study.painters == ["tiny", "other", "tiny (2)"]
    assert study.trials == 18
    data = data_of(study.page)
    rated = [trial for trial in data["trials"] if trial["kind"] == "rating"]
    pairs = [(trial["left"]["painter"], trial["right"]["painter"]) for trial in rated]
    assert {pairs.count(pair) for pair in set(pairs)} == {6}
    assert len({(trial["name"], *pair) for trial, pair in zip(rated, pairs, strict=True)}) == 18
    caught = [trial for trial in data["trials"] if trial["kind"] == "catch"]
    assert len(caught) == 8
    assert all(trial["right"]["painter"] == DEGRADED != trial["left"]["painter"] for trial in caught)
    for trial in data["trials"]:
        assert {trial["photo"], trial["left"]["picture"], trial["right"]["picture"]} <= data["pictures"].keys()
        assert trial["left"]["picture"] != trial["right"]["picture"] or "tiny (2)" in str(trial)
    again = data_of(write_study([style_path, other, style_path], photos, tmp_path / "b", StudyConfig(trials=18)).page)
    assert again == data


def test_other_pairs_stand_in_for_photographs_that_fail(tmp_path: Path, photos: Path, style_path: Path) -> None:
    spoilt = save_crops(tmp_path / DEGRADED, "coffee.png", 6)
    (photos / "001.png").write_bytes(b"no picture")
    painters = [style_path, spoilt, style_path]
    study = write_study(painters, photos, tmp_path / "study", StudyConfig(trials=12, catches=30))
    assert study.painters == ["tiny", f"{DEGRADED} (2)", "tiny (2)"]
    assert (study.trials, len(study.failures)) == (12, 1)
    caught = [trial["right"]["picture"] for trial in data_of(study.page)["trials"] if trial["kind"] == "catch"]
    assert len(caught) == 24
    one = write_study(painters[:2], photos, tmp_path / "study", StudyConfig(trials=1))
    caught = [trial["right"]["picture"] for trial in data_of(one.page)["trials"] if trial["kind"] == "catch"]
    assert len(caught) == len(set(caught)) == 2


def test_photographs_that_somebody_did_not_paint_are_named(tmp_path: Path, photos: Path, style_path: Path) -> None:
    other = save_crops(tmp_path / "other", "coffee.png", 6)
    (other / "002.png").unlink()
    study = write_study([style_path, other], photos, tmp_path / "study")
    assert study.trials == 5
    assert len(study.failures) == 1
    assert "002.png" in study.failures[0]
    with pytest.raises(UsageError, match="two painters"):
        write_study([style_path], photos, tmp_path / "study")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        write_study([style_path, other], tmp_path / "empty", tmp_path / "study")
    with pytest.raises(UsageError, match="trials"):
        StudyConfig(trials=0)
