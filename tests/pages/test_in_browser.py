"""The pages in a real browser: Chromium without a window, wherever one is installed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from gan_style.checkpoints.style_file import StyleFile, write_style
from gan_style.evaluation.evaluate import evaluate
from gan_style.evaluation.ratings import tally, write_tally
from gan_style.evaluation.report import write_report
from gan_style.evaluation.study import StudyConfig, write_study
from gan_style.training.loop.schedule import Limit
from gan_style.training.recipe import Recipe
from gan_style.training.run.config import RunConfig
from gan_style.training.run.page import write_run_page
from tests.conftest import TINY, lively_generator, photo, save_crops
from tests.evaluation.conftest import quick_evaluation

playwright = pytest.importorskip("playwright.sync_api")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Scheme = Literal["light", "dark"]
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as start:
        browser = start.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return save_crops(tmp_path / "photos", "chelsea.png", 12)


def opened(context: BrowserContext, page: Path) -> tuple[Page, list[str]]:
    """The page, and everything that went wrong on it: errors, and requests for anything but itself."""
    faults: list[str] = []
    tab = context.new_page()
    tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("request", lambda one: None if one.url.startswith(("file:", "data:", "blob:")) else faults.append(one.url))
    tab.goto(page.as_uri())
    return tab, faults


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an evaluation."""
    folder = tmp_path_factory.mktemp("report")
    photos, paintings = (save_crops(folder / name, f"{name}.png", 12) for name in ("chelsea", "coffee"))
    write_style(folder / "tiny.safetensors", StyleFile(lively_generator(TINY), size=256))
    with pytest.MonkeyPatch.context() as patch:
        quick_evaluation(patch)
        result = evaluate(photos, paintings, style=folder / "tiny.safetensors", features="lite0")
    return write_report(result, folder / "report")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_and_its_sliders_obey_keys(
    browser: Browser, report: Path, size: ViewportSize, scheme: Scheme
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)
    tab, faults = opened(context, report)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    whole = "[...document.querySelectorAll('.wide')].every((one) => one.scrollWidth <= one.clientWidth)"
    assert tab.evaluate(whole), "no column is cut off"
    assert tab.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    brightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]"
    assert (tab.evaluate(brightness) > 128) == (scheme == "light")

    for _ in range(3):  # A table that is too wide for a phone takes the focus first, to be scrolled by keys.
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.type") == "range":
            break
    cut = "getComputedStyle(document.querySelector('.pair')).getPropertyValue('--cut')"
    assert tab.evaluate(cut) == "50%"
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    assert tab.evaluate(cut) == "55%"
    assert faults == []
    context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_of_a_run_shows_its_curves_and_previews(
    browser: Browser, tmp_path: Path, photos: Path, size: ViewportSize
) -> None:
    plan = RunConfig(photos, photos, tmp_path / "a <b>.safetensors", Recipe(), Limit())
    (plan.folder / "previews").mkdir(parents=True)
    for steps in (0, 250):
        photo("chelsea.png").save(plan.folder / "previews" / f"{steps:09}.jpg")
    lines = [
        {"step": 100, "seconds": 30, "content": 0.1, "discriminator": 3.0, "generator": 4.0, "content_weight": 2.0},
        {"step": 250, "seconds": 70, "held_closed": 0.3, "held_closed_margin": 0.2, "held_overfit": None},
        {"step": 250, "seconds": 90, "event": "A lattice is showing, at step 400: back to step 250"},
        {"step": 500, "seconds": 140, "held_closed": 0.6, "held_closed_margin": 0.1, "held_content": 0.12},
    ]
    (plan.folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    context = browser.new_context(viewport=size)
    tab, faults = opened(context, write_run_page(plan, going_on=False))
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.locator("img").last.scroll_into_view_if_needed()
    tab.wait_for_function("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    assert tab.locator("h1").inner_text() == "Learning a <b>"
    assert "60 ± 10 %" in tab.locator(".lead").inner_text()
    assert "back to step 250" in tab.locator("li").inner_text()
    gap = tab.locator("svg").first
    assert gap.locator("polyline").get_attribute("points") == "200.0,105.0 400.0,60.0"
    assert gap.locator("polygon").count() == 1
    assert faults == []
    context.close()


def best(tab: Page) -> str:
    """The side on which the painter "tiny" is, or in a catch trial whatever is not spoilt."""
    side: str = tab.evaluate(
        """() => {
            const one = order[state.answers.length];
            if (one.kind === "catch") return one.left.painter === "(spoilt)" ? "right" : "left";
            return one.left.painter === "tiny" ? "left" : "right";
        }"""
    )
    return side


@pytest.mark.parametrize("way", ["clicks", "keys", "touch"])
def test_a_whole_session(browser: Browser, tmp_path: Path, photos: Path, style_path: Path, way: str) -> None:
    other = save_crops(tmp_path / "other", "coffee.png", 12)
    study = write_study([style_path, other], photos, tmp_path / "study", StudyConfig(trials=12))
    context = browser.new_context(viewport=PHONE if way == "touch" else DESKTOP, has_touch=way == "touch")
    tab, faults = opened(context, study.page)

    def begin() -> None:
        if way == "keys":
            tab.keyboard.press("Enter")
        else:
            tab.click("#go")

    def answer(side: str) -> None:
        tab.wait_for_timeout(160)
        if way == "keys":
            tab.keyboard.press("ArrowLeft" if side == "left" else "ArrowRight")
        elif way == "touch":
            tab.tap(f"#{side}")
        else:
            tab.click(f"#{side}")

    begin()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for side in ("left", "right"):
        box = tab.locator(f"#{side} img").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= tab.evaluate("innerHeight")
    total = 12 + 4 + 8
    for _ in range(7):
        answer(best(tab))
    wrong = "left" if best(tab) == "right" else "right"
    answer(wrong)
    if way == "keys":
        tab.keyboard.press("Backspace")
    else:
        tab.click("#undo")
    assert tab.locator("#done").inner_text() == f"8 of {total}"

    tab.close()  # And somebody comes back later.
    tab, more = opened(context, study.page)
    begin()
    assert tab.locator("#done").inner_text() == f"8 of {total}"
    for _ in range(7, total):
        answer(best(tab))
    assert tab.locator("#end").is_visible()
    with tab.expect_download() as download:
        tab.click("#end .save")
    download.value.save_as(tmp_path / "answers.json")
    assert faults + more == []
    context.close()

    result = tally([tmp_path / "answers.json"])
    assert (result.answers, result.steady, result.warnings) == (12, 1.0, [])
    assert [(one.painter, one.won, one.shown) for one in result.ratings] == [("tiny", 12, 12), ("other", 0, 12)]
    assert result.left == 0.5  # Whoever always prefers the same painter chooses either side as often.
    page = write_tally(result, tmp_path / "people")
    context = browser.new_context(viewport=PHONE)
    tab, faults = opened(context, page)
    assert tab.get_by_text("tiny").first.is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults == []
    context.close()


def test_raters_see_other_orders_and_both_sides(
    browser: Browser, tmp_path: Path, photos: Path, style_path: Path
) -> None:
    other = save_crops(tmp_path / "other", "coffee.png", 12)
    study = write_study([style_path, other], photos, tmp_path / "study", StudyConfig(trials=12))
    orders = []
    for rater in ("ann", "ben", "ann"):
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"{study.page.as_uri()}?rater={rater}")
        orders.append(tab.evaluate("order.map((one) => [one.trial, one.kind, one.left.painter, one.right.painter])"))
        context.close()
    assert orders[0] == orders[2] != orders[1]
    for order in orders:
        assert sorted(kind for _, kind, *_ in order) == ["catch"] * 8 + ["rating"] * 12 + ["repeat"] * 4
        for place, (trial, kind, *sides) in enumerate(order):
            if kind == "repeat":
                before = next(one for one in order[:place] if one[0] == trial)
                assert before[2:] == sides[::-1]
    tab = browser.new_page()
    tab.goto(study.page.as_uri())  # Few raters draw an order whose first half is nearly all catch trials.
    kinds = "(n) => [...Array(n).keys()].map((i) => plan(`r${i}`).map((one) => one.kind))"
    for order in tab.evaluate(kinds, 3000):
        assert sorted(order) == ["catch"] * 8 + ["rating"] * 12 + ["repeat"] * 4
    tab.close()
