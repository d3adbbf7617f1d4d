"""A training as a page: how good the painter was when, what happened, and how its pictures changed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_style.pages.page import template, write_page
from gan_style.text import counted, duration
from gan_style.training.run.config import RunConfig
from gan_style.training.run.history import read_history
from gan_style.training.run.verdict import caution, subject

WIDTH, HEIGHT = 400.0, 150.0
"""Of the area of a chart, in units of its view box."""


@dataclass(frozen=True)
class Line:
    """One curve of a chart.

    Attributes:
        name: what it shows.
        points: x,y pairs as SVG wants them.
        band: the outline of its intervals likewise, or empty.
        last: the last value, written out.
        end: x and y of that.
    """

    name: str
    points: str
    band: str
    last: str
    end: tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """Curves over the time trained.

    Attributes:
        title: what they show.
        lines: the curves.
        top: largest value of the axis, written out.
        bottom: smallest value, likewise: 0, or less where something is negative, as some objectives are.
        end: time at its right end, written out.
    """

    title: str
    lines: list[Line]
    top: str
    bottom: str
    end: str


CHARTS: tuple[tuple[str, dict[str, str], int], ...] = (
    ("Share of the style gap closed", {"held_closed": "pictures {aside}"}, 2),
    ("Content: self-similarity distance", {"held_content": "photographs {photos}", "content": "training"}, 3),
    ("Adversarial losses", {"discriminator": "discriminator", "generator": "generator"}, 2),
    ("Weight of the content term", {"content_weight": "weight"}, 2),
    ("Noise: error of reading it from the painting, guessing = 1", {"noise": "training"}, 2),
    ("Gram matrices, distance as a share", {"gram": "training"}, 3),
    ("Lattice, photographs or paintings = 1", {"held_lattice": "photographs {photos}"}, 2),
    ("Saturation", {"held_saturation": "what is painted"}, 3),
    ("Overfitting of the discriminator", {"held_overfit": "1: knows its paintings by heart"}, 2),
    ("Learning rate, as a share of the highest", {"learning_rate_factor": "both networks"}, 2),
)
"""Title, keys of the history with their names, and decimals; in braces where the pictures of examinations are from."""


def write_run_page(config: RunConfig, *, going_on: bool) -> Path:
    """Write index.html into the folder of a run; it shows previews that lie beside it.

    Args:
        config: of the run.
        going_on: whether there is more to come: the page then loads itself anew every minute.

    Raises:
        ResourceError: it cannot be written.
        OSError: the history cannot be read.
    """
    lines = read_history(config.folder)
    previews = sorted((config.folder / "previews").glob("*.jpg"), reverse=True)
    html = template("run.html").render(
        title=f"Learning {config.output.stem}",
        going_on=going_on,
        summary=summary(lines),
        charts=charts(lines),
        examined=examined_on(lines),
        events=[(time_of(line), line["event"]) for line in lines if "event" in line],
        previews=[(path.name, counted(int(path.stem), "step")) for path in previews],
        settings=json.dumps(dataclasses.asdict(config), indent=2, ensure_ascii=False, default=str),
    )
    return write_page(html, config.folder)


def summary(lines: Sequence[dict[str, Any]]) -> str:
    """Where the training stands, in a sentence."""
    if not lines:
        return "Nothing has been learnt yet."
    measured = [line for line in lines if line.get("held_closed") is not None]
    words = f"{counted(lines[-1]['step'], 'step')} in {time_of(lines[-1])}."
    if measured:
        last = measured[-1]
        words += (
            f" At step {last['step']}, {100 * last['held_closed']:.0f} ± {100 * last['held_closed_margin']:.0f} % of "
            "the style gap were closed."
        )
    return words


def examined_on(lines: Sequence[dict[str, Any]]) -> str:
    """What the painter was examined on, in a sentence; empty where that is not known."""
    known = [line["held_on"] for line in lines if "held_on" in line]
    return f"Examined on {subject(known[-1])}{caution(known[-1])}." if known else ""


def places(lines: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Where the pictures of examinations are from: of photographs, and of both kinds."""
    known = [line["held_on"]["kept_aside"] for line in lines if "held_on" in line]
    if not known:
        return dict.fromkeys(("photos", "aside"), "examined")
    photos, paintings = known[-1]["photos"], known[-1]["paintings"]
    words = {True: "kept aside", False: "learnt from"}
    return {"photos": words[photos], "aside": words[photos] if photos == paintings else "examined"}


def time_of(line: dict[str, Any]) -> str:
    """Time trained."""
    return duration(line["seconds"])


def charts(lines: Sequence[dict[str, Any]]) -> list[Chart]:
    """Whatever there is to be shown."""
    end = max((line["seconds"] for line in lines), default=0.0)
    where, result = places(lines), []
    for title, names, digits in CHARTS:
        series = {key: [line for line in lines if line.get(key) is not None] for key in names}
        values = [line[key] + line.get(f"{key}_margin", 0) for key, some in series.items() for line in some]
        if not any(values):
            continue
        top = max(*values, 1e-9, 1.0 if digits == 2 and max(values) <= 1 else 0.0)
        # Only what was measured without a margin goes below the axis: shares of a gap are clearest from zero on.
        plain = [line[key] for key, some in series.items() for line in some if f"{key}_margin" not in line]
        bottom = min([0.0, *plain])
        curves = [
            curve(names[key].format(**where), key, some, (end, bottom, top), digits)
            for key, some in series.items()
            if some
        ]
        lowest = f"{bottom:.{digits}f}" if bottom else "0"
        result.append(Chart(title, curves, f"{top:.{digits}f}", lowest, duration(end)))
    return result


def curve(name: str, key: str, lines: Sequence[dict[str, Any]], axes: tuple[float, float, float], digits: int) -> Line:
    """One curve with its band, where there are margins; ``axes`` are the last moment, and the values at both ends."""
    end, bottom, top = axes

    def spot(seconds: float, value: float) -> tuple[float, float]:
        x, y = WIDTH * seconds / max(end, 1e-9), HEIGHT * (1 - min(max((value - bottom) / (top - bottom), 0.0), 1.0))
        return round(x, 1), round(y, 1)

    def place(seconds: float, value: float) -> str:
        return "{:.1f},{:.1f}".format(*spot(seconds, value))

    points = " ".join(place(line["seconds"], line[key]) for line in lines)
    margins = [line.get(f"{key}_margin") for line in lines]
    band = ""
    if all(margin is not None for margin in margins):
        wide = end / 100 if len(lines) == 1 else 0.0  # Or a single interval would be as thin as nothing.
        both = [
            (line["seconds"] + aside, line[key], line[f"{key}_margin"]) for line in lines for aside in {-wide, wide}
        ]
        both.sort(key=lambda one: one[0])
        upper = [place(seconds, value + margin) for seconds, value, margin in both]
        lower = [place(seconds, value - margin) for seconds, value, margin in reversed(both)]
        band = " ".join(upper + lower)
    last = lines[-1]
    return Line(name, points, band, f"{last[key]:.{digits}f}", spot(last["seconds"], last[key]))
