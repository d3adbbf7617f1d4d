"""Labels and formatted figures shared by the command line and the report."""

from __future__ import annotations

from gan_style.evaluation.results import Evaluation
from gan_style.metrics.distances import Estimate
from gan_style.text import counted

SHORT_NAMES = ("photographs", "color transfer", "half of paintings", "painted photographs")
"""Short names of the rows, for tables and plots."""


def scales(count: int) -> list[str]:
    """Return the names of pyramid levels, finest first."""
    return ["finest", *(f"1/{2**level}" for level in range(1, count - 1)), "coarsest"]


def number(estimate: Estimate | None, factor: float = 1.0, unit: str = "", digits: int = 1) -> str:
    """Format an estimate with its interval."""
    if estimate is None:
        return ""
    return f"{factor * estimate.value:.{digits}f}{unit} ± {factor * estimate.margin:.{digits}f}"


def summary(result: Evaluation) -> str:
    """Summarize the main result in one sentence."""
    closed, recolored = result.painted.closed, result.rows[1].closed
    return (
        f"{result.painted.pictures} painted photographs close {number(closed, 100, ' %')} of the style gap to "
        f"{result.settings['paintings']['count']} real paintings in {result.settings['features']['network']} features; "
        f"color transfer alone closes {number(recolored, 100, ' %')}."
    )


def seams(result: Evaluation) -> str:
    """Format the difference between painting in tiles and as a whole, with the precision of each figure."""
    health = result.health
    rounded = "" if health.seam_rounded is None else f"; {health.seam_rounded} / 255 in bf16"
    return f"{health.seam} / 255 in fp32{rounded}"


def figures(result: Evaluation) -> list[tuple[str, str]]:
    """Return all results except the distances, as rows of a name and a value."""
    content, health, nearness, cost = result.content, result.health, result.nearness, result.cost
    diverse = result.diversity
    rows = [
        ("content: feature distance from the photograph", number(content.distance, digits=3)),
        ("content: structural similarity of luminance", number(content.similarity, digits=3)),
        ("(1 + content) x (1 + FID)", f"{content.combined:.2f}"),
        ("lattice at 2 and 4 px, real paintings = 1", f"{health.lattice[0]:.2f}, {health.lattice[1]:.2f}"),
        ("saturation; of real paintings", f"{health.saturation[0]:.3f}; {health.saturation[1]:.3f}"),
        ("drained of color; light and dark inverted", f"{health.drained}; {health.inverted}"),
        ("nearest real painting; among real paintings", f"{nearness.to_paintings:.3f}; {nearness.among_paintings:.3f}"),
        ("diversity: mean distance between two paintings", number(diverse.painted, digits=3)),
        ("diversity of the photographs", number(diverse.photographs, digits=3)),
        ("diversity of real paintings", number(diverse.paintings, digits=3)),
    ]
    if health.seam is not None and health.flicker is not None:
        rows += [
            ("tiles against whole, largest difference", seams(result)),
            ("flicker if the photograph shifts by one pixel", f"{health.flicker:.2f} / 255"),
        ]
    if cost is not None:
        rows += [
            ("parameters; MACs for 256x256", f"{cost.parameters:,}; {cost.macs / 1e9:.2f} G"),
            ("time for 256x256", f"{cost.milliseconds:.0f} ms ({cost.device}, {counted(cost.threads, 'thread')})"),
        ]
        if cost.peak_bytes is not None:
            rows.append(("peak memory of this evaluation", f"{cost.peak_bytes / 2**30:.2f} GiB"))
    return rows
