"""HTML report of an evaluation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gan_style.evaluation.phrases import SHORT_NAMES, figures, number, scales, summary
from gan_style.evaluation.results import Evaluation, Example
from gan_style.metrics.distances import Estimate
from gan_style.pages.page import Plot, embedded, interval_plot, template, write_page

THUMBNAIL, QUALITY = 384, 85
"""Longest side in pixels and JPEG quality of the report's pictures."""


@dataclass(frozen=True)
class EmbeddedExample:
    """A photograph and its painting as data URLs."""

    name: str
    content: float
    photo: str
    painting: str


def write_report(result: Evaluation, folder: Path) -> Path:
    """Write index.html to a folder, which is created if missing.

    Returns:
        Path of the page.

    Raises:
        ResourceError: the page cannot be written.
    """
    return write_page(render(result), folder)


def render(result: Evaluation) -> str:
    """Render the report as HTML."""
    style = result.settings["style"]
    return template("report.html").render(
        result=result,
        title=f"Evaluation of {style['name'] if style else result.settings['outputs']}",
        summary=summary(result),
        number=number,
        plots=plots(result),
        figures=figures(result),
        examples=[embed_example(one) for one in result.examples],
        farthest=[embed_example(one) for one in result.extremes["farthest"]],
        closest=[embed_example(one) for one in result.extremes["closest"]],
        settings=json.dumps(result.settings, indent=2, ensure_ascii=False),
    )


def plots(result: Evaluation) -> list[Plot]:
    """Create the plots of kernel distance, patch distances per scale, and diversity."""
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


def embed_example(example: Example) -> EmbeddedExample:
    """Convert an example's pictures to data URLs."""
    pictures = (embedded(rgb, THUMBNAIL, QUALITY) for rgb in (example.photo, example.painting))
    return EmbeddedExample(example.name, example.content, *pictures)
