"""An evaluation as one page that needs nothing else: no network, no server, no other file."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from gan_style.errors import ResourceError
from gan_style.evaluation.distances import Estimate
from gan_style.evaluation.results import Evaluation, Example
from gan_style.evaluation.words import figures, number, summary
from gan_style.files import replacing
from gan_style.imaging.decoding import Pixels

LEFT, RIGHT = 190.0, 340.0
"""Where a plot's axis begins and ends, in units of its view box."""

THUMBNAIL, QUALITY = 384, 85
"""Longest side in pixels, and JPEG quality, of a picture on the page."""


@dataclass(frozen=True)
class Mark:
    """One figure of a plot: its name, its place on the axis, and what is written beside it."""

    name: str
    low: float
    middle: float
    high: float
    label: str
    colour: str


@dataclass(frozen=True)
class Plot:
    """Figures of all sets on one axis from zero."""

    title: str
    marks: list[Mark]


@dataclass(frozen=True)
class Shown:
    """A photograph and its painting as data addresses."""

    name: str
    content: float
    photo: str
    painting: str


def write_report(result: Evaluation, folder: Path) -> Path:
    """Write index.html into a folder, which is made if it does not exist.

    Returns:
        The page.

    Raises:
        ResourceError: it cannot be written.
    """
    page = folder / "index.html"
    html = render(result)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(page) as temporary:
            temporary.write_text(html, encoding="utf-8")
    except OSError as error:
        raise ResourceError(f"{page} cannot be written ({error.strerror}); choose another place with -o.") from None
    return page


def render(result: Evaluation) -> str:
    """The page."""
    environment = Environment(
        loader=PackageLoader("gan_style", "evaluation"), autoescape=True, undefined=StrictUndefined
    )
    style = result.settings["style"]
    html: str = environment.get_template("report.html").render(
        result=result,
        title=f"How good is {style['name'] if style else result.settings['outputs']}?",
        summary=summary(result),
        number=number,
        plots=plots(result),
        figures=figures(result),
        examples=[shown(one) for one in result.examples],
        farthest=[shown(one) for one in result.extremes["farthest"]],
        closest=[shown(one) for one in result.extremes["closest"]],
        settings=json.dumps(result.settings, indent=2, ensure_ascii=False),
    )
    return html


def plots(result: Evaluation) -> list[Plot]:
    """Kernel distance, patches scale by scale, and spread."""
    names = [row.name for row in result.rows]
    scales = len(result.painted.patches)
    words = ["finest", *(f"1/{2**level}" for level in range(1, scales - 1)), "coarsest"]
    return [
        interval_plot("KID x 1000", names, [row.kid for row in result.rows], 1000, 0),
        *(
            interval_plot(f"Patches, {words[level]} scale", names, [row.patches[level] for row in result.rows], 1, 3)
            for level in range(scales)
        ),
        interval_plot(
            "Spread between pictures",
            ["painted photographs", "real paintings"],
            [Estimate(result.nearness.spread, 0), Estimate(result.nearness.spread_paintings, 0)],
            1,
            3,
        ),
    ]


def interval_plot(title: str, names: Sequence[str], figures: Sequence[Estimate], factor: float, digits: int) -> Plot:
    """Place figures on an axis from zero to the largest end of an interval."""
    largest = max(max(one.interval[1] for one in figures), 1e-9)

    def place(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(max(value / largest, 0.0), 1.0), 1)

    marks = [
        Mark(
            name="colours moved" if "colours" in name else "half of paintings" if name.startswith("half") else name,
            low=place(one.interval[0]),
            middle=place(one.value),
            high=place(one.interval[1]),
            label=f"{factor * one.value:.{digits}f}",
            colour="var(--mark)" if name.startswith("painted") else "var(--ink)",
        )
        for name, one in zip(names, figures, strict=True)
    ]
    return Plot(title, marks)


def shown(example: Example) -> Shown:
    """An example with its pictures inside the page."""
    return Shown(example.name, example.content, embedded(example.photo), embedded(example.painting))


def embedded(rgb: Pixels) -> str:
    """A picture as a data address."""
    image = Image.fromarray(rgb)
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
