from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from gan_style.data.duplicates import find_distinct, find_duplicates, fingerprint
from gan_style.data.loading import load_pictures
from gan_style.data.margins import Margins, find_margins, is_grayscale
from gan_style.data.misplaced import find_misplaced
from gan_style.imaging.types import Pixels
from gan_style.training.api import check
from tests.conftest import photo, save_crops


def small(name: str, side: int = 256) -> Image.Image:
    image = photo(name)
    return ImageOps.fit(image, (side, side))


@given(
    st.sampled_from(["coffee.png", "chelsea.png"]),
    st.tuples(*[st.integers(6, 50)] * 4),
    st.sampled_from([(255, 255, 255), (0, 0, 0), (238, 230, 205), (120, 60, 160)]),
)
@settings(max_examples=40, deadline=None)
def test_margins_of_any_depth_and_colour_are_found(
    name: str, depths: tuple[int, int, int, int], colour: tuple[int, int, int]
) -> None:
    left, top, right, bottom = depths
    margins = find_margins(np.asarray(ImageOps.expand(small(name), (left, top, right, bottom), colour)))
    found = (margins.left, margins.top, margins.right, margins.bottom)
    # A dark picture may begin a little later than its black margin ends.
    assert all(have <= one <= have + 12 for have, one in zip(depths, found, strict=True))
    assert not margins.marked


def test_frames_and_captions_are_found_and_pictures_left_alone() -> None:
    for name in ("coffee.png", "chelsea.png", "astronaut.png"):
        assert not find_margins(np.asarray(small(name)))
    framed = ImageOps.expand(ImageOps.expand(small("coffee.png"), 5, (90, 60, 20)), 15, (190, 150, 70))
    assert find_margins(np.asarray(framed)).top in range(15, 22)
    page = ImageOps.expand(small("chelsea.png"), (10, 10, 10, 60), (245, 240, 228))
    ImageDraw.Draw(page).text((50, 280), "Fig. 12. The cat Chelsea. Photograph", fill=(20, 20, 20))
    margins = find_margins(np.asarray(page))
    assert margins.marked
    assert margins.bottom == 60
    below = ImageOps.expand(small("chelsea.png"), (0, 0, 0, 60), (255, 255, 255))
    ImageDraw.Draw(below).text((50, 280), "Fig. 12. The cat Chelsea. Photograph", fill=(20, 20, 20))
    assert find_margins(np.asarray(below)) == Margins(bottom=60, marked=True)


def test_pictures_without_colours_are_told_from_others() -> None:
    for name in ("coffee.png", "chelsea.png", "astronaut.png"):
        colours = small(name)
        grey = colours.convert("L")
        old = ImageOps.colorize(grey, (30, 15, 0), (250, 235, 200))
        assert [is_grayscale(np.asarray(one.convert("RGB"))) for one in (colours, grey, old)] == [False, True, True]
    sunset = np.zeros((64, 64, 3), np.uint8)
    sunset[..., 0] = np.linspace(120, 255, 64, dtype=np.uint8)[:, None]
    sunset[..., 1] = sunset[..., 0] // 2
    assert not is_grayscale(sunset)


def crops(count: int, seed: int = 0) -> list[Pixels]:
    image, random = np.asarray(photo("astronaut.png")), np.random.default_rng(seed)
    places = random.integers(0, 380, (count, 2))
    return [image[top : top + 128, left : left + 128] for top, left in places]


def test_copies_are_found_however_they_were_saved(tmp_path: Path) -> None:
    pictures = crops(20)
    copy = Image.fromarray(pictures[4]).resize((91, 88))
    copy.save(tmp_path / "copy.jpg", quality=40)
    with Image.open(tmp_path / "copy.jpg") as again:
        pictures.append(np.asarray(again))
    lighter = np.clip(pictures[7].astype(int) + 20, 0, 255).astype(np.uint8)
    pictures += [lighter, np.full((50, 50, 3), 200, np.uint8), np.full((50, 50, 3), 200, np.uint8)]
    prints = [fingerprint(one) for one in pictures]
    assert find_duplicates(prints) == [[4, 20], [7, 21]]
    assert find_distinct(prints) == [*range(20)]
    assert find_distinct(prints[-2:]) == [0], "something is left where all are blank"


def test_what_is_in_the_wrong_set_is_found() -> None:
    random = np.random.default_rng(0)
    photos, paintings = random.normal(0, 1, (60, 12)), random.normal(1.5, 1, (30, 12))
    like_paintings, like_photos = find_misplaced(
        np.vstack([photos, random.normal(1.5, 0.3, (1, 12))]), np.vstack([paintings, random.normal(0, 0.3, (2, 12))])
    )
    assert like_paintings == [60]
    assert sorted(like_photos) == [30, 31]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("sets")
    photos = save_crops(folder / "photos", "chelsea.png", 30, 96)
    paintings = save_crops(folder / "paintings", "coffee.png", 30, 96)
    shutil.copy(photos / "003.png", paintings / "copied.png")
    shutil.copy(paintings / "005.png", paintings / "twice.png")
    with Image.open(paintings / "006.png") as image:
        image.convert("L").save(paintings / "grey.png")
        ImageOps.expand(image.convert("RGB"), 12, (255, 255, 255)).save(paintings / "margin.png")
    Image.new("RGB", (96, 96), (20, 20, 24)).save(photos / "lens-cap.png")
    return photos, paintings


def test_every_planted_fault_is_named(folders: tuple[Path, Path]) -> None:
    photos, paintings = folders
    inspection = check(photos, paintings)
    found = {remark.kind: remark for remark in inspection.remarks}
    assert paintings / "grey.png" in found["grey"].paths
    assert paintings / "margin.png" in found["margin"].paths
    assert {paintings / "twice.png"} & {*found["duplicate"].paths}
    assert found["shared"].paths == (photos / "003.png",)
    assert any(paintings / "copied.png" in one.paths for one in inspection.remarks if one.kind == "misplaced")
    assert found["blank"].paths == (photos / "lens-cap.png",), "and it is not said to have no colours"
    assert not {*found["blank"].paths} & {*found["grey"].paths}
    assert inspection.counts == {"photographs": 31, "paintings": 34}
    assert all(str(one.paths[0]) in one.sentence for one in inspection.remarks)


def test_trimming_leaves_the_picture(folders: tuple[Path, Path]) -> None:
    path = folders[1] / "margin.png"
    whole, trimmed = (load_pictures([path], 64, trim=trim).pictures[0] for trim in (False, True))
    assert (whole[:4] > 250).all()
    assert trimmed.shape == (64, 64, 3)
    assert not find_margins(trimmed)
    with Image.open(folders[1] / "006.png") as image:
        expected = np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(expected - trimmed).mean() < 12
