"""An evaluation as a page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gan_style.evaluation.phrases import SHORT_NAMES, figures, number, scales, summary
from gan_style.evaluation.results import Evaluation, Example
from gan_style.metrics.distances import Estimate
from gan_style.pages.page import Plot, embedded, interval_plot, template, write_page

THUMBNAIL, QUALITY = 384, 85
"""Longest side in pixels, and JPEG quality, of a picture on the page."""


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
    return write_page(render(result), folder)


def render(result: Evaluation) -> str:
    """The page."""
    style = result.settings["style"]
    return template("report.html").render(
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


def plots(result: Evaluation) -> list[Plot]:
    """Kernel distance, patches scale by scale, and diversity."""
    words, diversity = scales(len(result.painted.patches)), result.diversity

    def plot(title: str, names: tuple[str, ...], values: list[Estimate], factor: float, digits: int) -> Plot:
        return interval_plot(title, names, values, factor=factor, digits=digits, bold=SHORT_NAMES[-1:])

    return [
        plot("KID x 1000", SHORT_NAMES, [row.kid for row in result.rows], 1000, 0),
        *(
            plot(f"Patches, {word} scale", SHORT_NAMES, [row.patches[level] for row in result.rows], 1, 3)
            for level, word in enumerate(words)
        ),
        plot(
            "Diversity: mean distance between two pictures",
            ("photographs", "painted photographs", "real paintings"),
            [diversity.photographs, diversity.painted, diversity.paintings],
            1,
            3,
        ),
    ]


def shown(example: Example) -> Shown:
    """An example with its pictures inside the page."""
    pictures = (embedded(rgb, THUMBNAIL, QUALITY) for rgb in (example.photo, example.painting))
    return Shown(example.name, example.content, *pictures)
