"""The HTML page of a run: charts, events and previews."""

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
"""Size of the plot area of a chart, in units of its view box."""


@dataclass(frozen=True)
class Line:
    """One curve of a chart.

    Attributes:
        name: label.
        points: x,y pairs in SVG syntax.
        band: outline of the confidence band in SVG syntax, or empty.
        last: the last value, as text.
        end: x and y of the last point.
    """

    name: str
    points: str
    band: str
    last: str
    end: tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """Curves over training time.

    Attributes:
        title: heading.
        lines: the curves.
        top: largest value of the axis, as text.
        bottom: smallest value of the axis, as text: 0, or less if a value is negative, as with some objectives.
        end: time at the right end, as text.
    """

    title: str
    lines: list[Line]
    top: str
    bottom: str
    end: str


CHARTS: tuple[tuple[str, dict[str, str], int], ...] = (
    ("Share of the style gap closed", {"held_closed": "{aside} pictures"}, 2),
    ("Content: self-similarity distance", {"held_content": "{photos} photographs", "content": "batches"}, 3),
    ("Adversarial losses", {"discriminator": "discriminator", "generator": "generator"}, 2),
    ("Weight of the content term", {"content_weight": "weight"}, 2),
    ("Latent regression error, guessing = 1", {"noise": "batches"}, 2),
    ("Relative distance of Gram matrices", {"gram": "batches"}, 3),
    ("Lattice energy, photographs or paintings = 1", {"held_lattice": "{photos} photographs"}, 2),
    ("Saturation", {"held_saturation": "painted photographs"}, 3),
    ("Overfitting of the discriminator", {"held_overfit": "1 = memorized"}, 2),
    ("Learning rate, as a share of its peak", {"learning_rate_factor": "both networks"}, 2),
)
"""Title, history keys with their labels, and decimals; braces name the set on which validation ran."""


def write_run_page(config: RunConfig, *, going_on: bool) -> Path:
    """Write index.html into the run folder, with previews from the same folder.

    Args:
        config: settings of the run.
        going_on: whether training continues, so that the page reloads every minute.

    Raises:
        ResourceError: the page cannot be written.
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
    """Summarize the progress in a sentence."""
    if not lines:
        return "Training has not started yet."
    measured = [line for line in lines if line.get("held_closed") is not None]
    words = f"{counted(lines[-1]['step'], 'step')} in {time_of(lines[-1])}."
    if measured:
        last = measured[-1]
        words += (
            f" At step {last['step']}, {100 * last['held_closed']:.0f} ± {100 * last['held_closed_margin']:.0f} % of "
            "the style gap was closed."
        )
    return words


def examined_on(lines: Sequence[dict[str, Any]]) -> str:
    """Describe the pictures used for validation in a sentence; empty if unknown."""
    known = [line["held_on"] for line in lines if "held_on" in line]
    return f"Validated on {subject(known[-1])}{caution(known[-1])}." if known else ""


def places(lines: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return which set validation ran on: of photographs, and of both kinds."""
    known = [line["held_on"]["kept_aside"] for line in lines if "held_on" in line]
    if not known:
        return dict.fromkeys(("photos", "aside"), "validation")
    photos, paintings = known[-1]["photos"], known[-1]["paintings"]
    words = {True: "held-out", False: "training"}
    return {"photos": words[photos], "aside": words[photos] if photos == paintings else "validation"}


def time_of(line: dict[str, Any]) -> str:
    """Format the training time of an entry."""
    return duration(line["seconds"])


def charts(lines: Sequence[dict[str, Any]]) -> list[Chart]:
    """Build all charts for which there is data."""
    end = max((line["seconds"] for line in lines), default=0.0)
    where, result = places(lines), []
    for title, names, digits in CHARTS:
        series = {key: [line for line in lines if line.get(key) is not None] for key in names}
        values = [line[key] + line.get(f"{key}_margin", 0) for key, some in series.items() for line in some]
        if not any(values):
            continue
        top = max(*values, 1e-9, 1.0 if digits == 2 and max(values) <= 1 else 0.0)
        # Values with a margin are clipped at zero: shares of a gap are clearest from zero up.
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
    """Build one curve, with a band if it has margins; ``axes`` are the end time, and the values at both ends."""
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
        wide = end / 100 if len(lines) == 1 else 0.0  # Otherwise a single interval would have no width.
        both = [
            (line["seconds"] + aside, line[key], line[f"{key}_margin"]) for line in lines for aside in {-wide, wide}
        ]
        both.sort(key=lambda one: one[0])
        upper = [place(seconds, value + margin) for seconds, value, margin in both]
        lower = [place(seconds, value - margin) for seconds, value, margin in reversed(both)]
        band = " ".join(upper + lower)
    last = lines[-1]
    return Line(name, points, band, f"{last[key]:.{digits}f}", spot(last["seconds"], last[key]))
