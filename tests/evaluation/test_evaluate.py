from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_style.checkpoints.backbone import PUBLISHED
from gan_style.errors import DataError, ResourceError, UsageError
from gan_style.evaluation.evaluate import evaluate
from gan_style.evaluation.examples import ExampleSelection
from gan_style.evaluation.report import write_report
from gan_style.evaluation.results import Example
from gan_style.inference.style import load_style
from gan_style.metrics.features import choose_features
from tests.conftest import save_crops

COUNT = 12

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return save_crops(tmp_path / "photos", "chelsea.png", COUNT)


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    return save_crops(tmp_path / "paintings", "coffee.png", COUNT)


def test_pictures_of_another_program_are_judged(tmp_path: Path, photos: Path, paintings: Path) -> None:
    """Real paintings under the photographs' names close the gap; the photographs themselves close nothing."""
    perfect = save_crops(tmp_path / "perfect", "coffee.png", COUNT, 81)
    result = evaluate(photos, paintings, outputs=perfect, features="lite0")
    closed = result.painted.closed
    assert closed is not None
    assert closed.value > 0.9
    untouched = evaluate(photos, paintings, outputs=photos, features="lite0")
    assert untouched.painted.closed is not None
    assert untouched.painted.closed.value == pytest.approx(0, abs=1e-9)
    assert untouched.content.distance.value == 0
    assert untouched.content.similarity.value == pytest.approx(1)
    assert untouched.cost is None
    assert result.content.distance.value > untouched.content.distance.value


def test_a_style_is_judged_and_says_with_what(photos: Path, paintings: Path, style_path: Path, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    result = evaluate(photos, paintings, style=style_path, progress=lambda *step: steps.append(step))
    assert [row.pictures for row in result.rows] == [COUNT, COUNT, COUNT // 2, COUNT]
    assert result.rows[0].kid.value > result.rows[2].kid.value
    assert result.health.seam is not None
    assert result.health.seam <= 1
    assert result.health.seam_rounded is None or result.cost is not None
    assert result.cost is not None
    generator = load_style(style_path).painter.generator
    assert result.cost.parameters == sum(parameter.numel() for parameter in generator.parameters())
    assert ("photographs", COUNT, COUNT) in steps
    plain = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert plain["settings"]["features"]["network"] == "EfficientNet-Lite2"
    assert len(plain["settings"]["features"]["sha256"]) == 64
    assert plain["rows"][3]["closed"]["interval_95"][0] < plain["rows"][3]["closed"]["value"]
    assert any("biased" in sentence for sentence in result.warnings)
    again = evaluate(photos, paintings, style=style_path)
    assert again.rows == result.rows

    page = write_report(result, tmp_path / "report").read_text()
    assert page.count("data:image/jpeg;base64,") == 2 * (COUNT + 5 + 5)
    assert "http" not in page.replace("http://www.w3.org", "")


def test_the_backbone_of_training_is_named_as_partial(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = dataclasses.replace(PUBLISHED["lite2"], package="no_such_package_anywhere")
    monkeypatch.setitem(PUBLISHED, "lite2", absent)
    assert "biased in favor" in choose_features("auto").note
    with pytest.raises(UsageError, match="lite2"):
        choose_features("vgg")


def test_a_gap_that_is_none_is_not_closed(tmp_path: Path, photos: Path) -> None:
    """Photographs of one kind on both sides: a share of nothing is not given, and the reader is told why."""
    others = save_crops(tmp_path / "others", "chelsea.png", COUNT, 90)
    result = evaluate(photos, others, outputs=photos, features="lite0")
    assert result.painted.closed is None
    assert any("no gap" in sentence for sentence in result.warnings)
    json.dumps(result.as_json(), allow_nan=False)
    assert "no gap" in write_report(result, tmp_path / "report").read_text()


def test_of_a_huge_folder_a_part_is_looked_at(photos: Path, paintings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_style.evaluation.evaluator.MAX_PICTURES", COUNT - 1)
    result = evaluate(photos, paintings, outputs=photos, features="lite0")
    assert [row.pictures for row in result.rows[:2]] == [COUNT - 1, COUNT - 1]
    assert len([sentence for sentence in result.warnings if "a random sample" in sentence]) == 2


def test_what_cannot_be_used_is_named_and_the_rest_counted(tmp_path: Path, photos: Path, paintings: Path) -> None:
    outputs = save_crops(tmp_path / "outputs", "coffee.png", COUNT)
    (outputs / "003.png").unlink()
    (photos / "004.png").write_bytes(b"no picture")
    (paintings / "005.png").write_bytes((paintings / "005.png").read_bytes()[:500])
    result = evaluate(photos, paintings, outputs=outputs, features="lite0")
    assert result.painted.pictures == COUNT - 2
    assert len(result.failures) == 3
    for name in ("003.png", "004.png", "005.png"):
        assert any(name in sentence for sentence in result.failures)


def test_too_few_equal_or_missing_folders_get_a_sentence(tmp_path: Path, photos: Path, paintings: Path) -> None:
    few = save_crops(tmp_path / "few", "coffee.png", 9)
    with pytest.raises(DataError, match="at least 10"):
        evaluate(photos, few, outputs=photos, features="lite0")
    with pytest.raises(DataError, match="at least 10"):
        evaluate(few, paintings, outputs=few, features="lite0")
    with pytest.raises(DataError, match="among the photographs and the paintings"):
        evaluate(tmp_path, paintings, outputs=photos, features="lite0")
    twin = shutil.copytree(photos, tmp_path / "twin")
    with pytest.raises(DataError, match="the same pictures"):
        evaluate(photos, twin, outputs=photos, features="lite0")
    with pytest.raises(DataError, match="cannot be read"):
        evaluate(tmp_path / "nowhere", paintings, outputs=photos, features="lite0")
    for style, outputs in ((None, None), ("monet", photos)):
        with pytest.raises(UsageError, match="either"):
            evaluate(photos, paintings, style=style, outputs=outputs)


def test_outputs_of_another_size_are_brought_to_the_photographs(tmp_path: Path, photos: Path, paintings: Path) -> None:
    large = tmp_path / "large"
    large.mkdir()
    for path in photos.iterdir():
        with Image.open(path) as image:
            image.resize((160, 160), Image.Resampling.LANCZOS).save(large / f"{path.stem}.jpg", quality=98)
    result = evaluate(photos, paintings, outputs=large, features="lite0")
    assert result.painted.pictures == COUNT
    assert result.content.similarity.value > 0.9


def test_names_that_clash_and_pictures_too_small_are_named(tmp_path: Path, photos: Path, paintings: Path) -> None:
    outputs = save_crops(photos / "painted", "coffee.png", COUNT)
    shutil.copy(outputs / "000.png", outputs / "001.webp")
    shutil.copy(photos / "002.png", photos / "002.x.png")
    (outputs / "001.png").rename(outputs / "001.jpg")
    Image.new("RGB", (300, 8)).save(photos / "003.png")
    shutil.copy(photos / "004.png", photos / os.fsdecode(b"caf\xe9 [b].png"))
    result = evaluate(photos, paintings, outputs=outputs, features="lite0")
    assert result.painted.pictures == COUNT - 2
    words = ("could both be the painting of 001.png", "contains no painting of 002.x.png", "300x8 pixels", "[b].png")
    assert len(result.failures) == len(words)
    for word in words:
        assert any(word in sentence for sentence in result.failures), word
    page = write_report(result, tmp_path / "report")
    assert "[b].png" in page.read_text()
    page.write_text("<title>Mine</title>")
    with pytest.raises(ResourceError, match="not replaced"):
        write_report(result, tmp_path / "report")


def test_examples_stay_bounded_and_extremes_are_found() -> None:
    nothing = np.zeros((4, 4, 3), np.uint8)
    shown = ExampleSelection()
    for index in range(1000):
        shown.add(Example(str(index), nothing, nothing, (index * 617 % 1000) / 1000))
    assert len(shown.spread) == 24
    places = [int(one.name) for one in shown.spread]
    assert places[0] == 0
    assert places[-1] > 900
    assert max(np.diff(places)) < 100
    assert [one.content for one in shown.closest] == [0.0, 0.001, 0.002, 0.003, 0.004]
    assert [one.content for one in shown.farthest] == [0.999, 0.998, 0.997, 0.996, 0.995]
