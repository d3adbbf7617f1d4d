from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_style.errors import DataError
from gan_style.evaluation.bradley_terry import bradley_terry, rank
from gan_style.evaluation.ratings import tally, write_tally
from gan_style.evaluation.study import DEGRADED, FORMAT, VERSION

STRENGTHS = {"good": 0.9, "fair": 0.1, "poor": -1.0}


def rating(trial: int, chosen: str, other: str, kind: str = "rating") -> dict[str, Any]:
    return {"trial": trial, "kind": kind, "photo": "p", "left": chosen, "right": other, "chosen": chosen}


def file_of(path: Path, answers: list[dict[str, Any]], /, **changes: object) -> Path:
    content = {
        "format": FORMAT,
        "version": VERSION,
        "study": "s",
        "question": "Which?",
        "painters": list(STRENGTHS),
        "rater": path.stem,
        "answers": answers,
    }
    path.write_text(json.dumps(content | changes))
    return path


def simulated(random: np.random.Generator, trials: int) -> list[tuple[str, str]]:
    """(winner, loser) by the model."""
    answers = []
    for one, two in itertools.islice(itertools.cycle(itertools.combinations(STRENGTHS, 2)), trials):
        likes = 1 / (1 + np.exp(STRENGTHS[two] - STRENGTHS[one]))
        answers.append((one, two) if random.random() < likes else (two, one))
    return answers


def test_known_strengths_are_recovered() -> None:
    random = np.random.default_rng(0)
    result = rank(list(STRENGTHS), [simulated(random, 60) for _ in range(50)])
    assert [one.painter for one in result] == ["good", "fair", "poor"]
    for one in result:
        assert one.strength.value == pytest.approx(STRENGTHS[one.painter], abs=0.12)
        low, high = one.strength.interval
        assert low < STRENGTHS[one.painter] < high
        assert high - low < 0.5
        assert one.won < one.shown == 2000


def test_intervals_cover_at_least_as_often_as_they_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_style.evaluation.bradley_terry.RESAMPLES", 200)
    random = np.random.default_rng(1)
    covered = []
    for _ in range(60):
        for one in rank(list(STRENGTHS), [simulated(random, 45) for _ in range(12)]):
            low, high = one.strength.interval
            covered.append(low < STRENGTHS[one.painter] < high)
    assert np.mean(covered) > 0.9


@given(st.lists(st.integers(0, 30), min_size=12, max_size=12))
def test_strengths_are_most_likely(counts: list[int]) -> None:
    """At the maximum every painter has won as often as the model expects, with half an answer added each way."""
    wins = np.zeros((4, 4))
    wins[~np.eye(4, dtype=bool)] = counts
    strengths = bradley_terry(wins, rounds=20_000)
    games = wins + wins.T + 1 - np.eye(4)
    expected = (games / (1 + np.exp(strengths[None] - strengths[:, None]))).sum(1)
    assert expected == pytest.approx(wins.sum(1) + 1.5, abs=1e-3)
    assert strengths.mean() == pytest.approx(0, abs=1e-9)


def test_those_who_do_not_look_are_left_out_and_the_steady_counted(tmp_path: Path) -> None:
    fine = [rating(0, "good", "poor"), rating(1, "fair", "poor"), rating(0, "good", "poor", "repeat")]
    fine += [rating(10 + number, "good", DEGRADED, "catch") for number in range(8)]
    blind = [rating(0, "poor", "good")] + [rating(10 + number, DEGRADED, "good", "catch") for number in range(2)]
    files = [file_of(tmp_path / "fine.json", fine), file_of(tmp_path / "blind.json", blind)]
    result = tally(files)
    assert (result.raters, result.answers, result.steady, result.left) == (1, 2, 1.0, 1.0)
    assert result.ratings[0].painter == "good"
    assert any("blind missed 2 of 2" in sentence for sentence in result.warnings)
    longer = file_of(tmp_path / "again.json", [*fine, rating(2, "good", "fair")], rater="fine")
    again = tally([*files, longer])
    assert (again.raters, again.answers) == (1, 3)
    assert json.loads(json.dumps(again.as_json()))["ratings"][0]["strength"]["interval_95"]
    with pytest.raises(DataError, match="No rater is left"):
        tally(files[1:])


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"format": "else"}, "contains no answers"),
        ({"version": 99}, "another version"),
        ({"answers": [rating(0, "good", "stranger")]}, "damaged"),
        ({"answers": [rating(0, "good", "poor") | {"chosen": "fair"}]}, "damaged"),
        ({"answers": [rating(0, "good", "poor"), rating(0, "good", "poor")]}, "damaged"),
        ({"answers": 3}, "damaged"),
        ({"answers": [{"trial": {}}]}, "damaged"),
        ({"painters": ["one"]}, "damaged"),
        ({"painters": ["good", "poor", "\x1b[2J"]}, "damaged"),
        ({"question": "\ud800"}, "damaged"),
        ({"answers": [rating(0, "good", "poor", "catch")]}, "damaged"),
        ({"answers": [rating(0, "good", "poor")] * 3000}, "damaged"),
        ({"study": "another"}, "different studies"),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, changes: dict[str, object], word: str) -> None:
    fine = file_of(tmp_path / "fine.json", [rating(0, "good", "poor")])
    odd = file_of(tmp_path / "odd.json", [rating(0, "good", "poor")], **changes)
    with pytest.raises(DataError, match=word):
        tally([fine, odd])


def test_files_that_hold_no_json_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\x00")
    (tmp_path / "b.json").write_text("[" * 100_000)
    for name, word in (("a.json", "not JSON"), ("b.json", "not JSON"), ("c.json", "cannot be read")):
        with pytest.raises(DataError, match=word):
            tally([tmp_path / name])
    with pytest.raises(DataError, match="no answers"):
        tally([])


def test_the_table_goes_into_a_report_once_or_onto_a_page_of_its_own(tmp_path: Path) -> None:
    answers = [rating(0, "good", "<b>poor</b>")]
    result = tally([file_of(tmp_path / "r.json", answers, painters=["good", "<b>poor</b>"])])
    page = write_tally(result, tmp_path / "own")
    assert "&lt;b&gt;poor&lt;/b&gt;" in page.read_text()
    assert "<b>poor" not in page.read_text()
    write_tally(result, tmp_path / "own")
    assert page.read_text().count("Human ratings") == 1
    page.write_text("a page of somebody's")
    with pytest.raises(DataError, match="not a report"):
        write_tally(result, tmp_path / "own")
