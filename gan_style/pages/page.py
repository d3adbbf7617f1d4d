"""Rendering and writing of self-contained HTML pages, which need no network or server."""

from __future__ import annotations

import base64
import functools
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from PIL import Image

from gan_style.errors import NoSpaceError, ResourceError, readable
from gan_style.files import atomic_path, exists, is_full
from gan_style.imaging.types import Pixels
from gan_style.metrics.distances import Estimate, Range

MARK = b'<meta name="generator" content="gan-style">'
"""Marks pages that gan-style wrote and may replace."""

LEFT, RIGHT = 190.0, 340.0
"""Start and end of a plot's axis in view box units."""

MAX_NAME = 27
"""Characters that fit to the left of the axis."""


@dataclass(frozen=True)
class Mark:
    """One value of a plot: its name, position and interval on the axis, label and color."""

    name: str
    low: float
    middle: float
    high: float
    label: str
    color: str


@dataclass(frozen=True)
class Plot:
    """Values on a common axis from zero."""

    title: str
    marks: list[Mark]


def template(name: str) -> Template:
    """Load a template; values are escaped when rendered."""
    return environment().get_template(name)


@functools.cache
def environment() -> Environment:
    """Return the Jinja environment, which compiles each template once; training rewrites its page repeatedly."""
    loader = PackageLoader("gan_style", "pages/templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def write_page(html: str, folder: Path) -> Path:
    """Write index.html to a folder, which is created if missing.

    Returns:
        Path of the page.

    Raises:
        NoSpaceError: the disk is full.
        ResourceError: the page cannot be written, or would replace a page that gan-style did not write.
    """
    page = folder / "index.html"
    check_page(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(page) as temporary:
            temporary.write_text(readable(html), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        if is_full(error):
            raise NoSpaceError(folder, "make room or choose another folder with -o") from None
        raise ResourceError(f"{page} cannot be written ({error.strerror}); choose another folder with -o.") from None
    return page


def check_page(folder: Path) -> None:
    """Check early that the page can be written and replaces only a page of gan-style.

    Raises:
        ResourceError: there is a page that gan-style did not write, or the folder is not writable.
    """
    page = folder / "index.html"
    existing = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if exists(parent))
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise ResourceError(f"{page} cannot be written; choose another folder with -o.")
    try:
        with page.open("rb") as stream:
            known = MARK in stream.read(1024)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ResourceError(f"{page} cannot be read ({error.strerror}); choose another folder with -o.") from None
    if not known:
        raise ResourceError(f"{page} was not written by gan-style and is not replaced; choose another folder with -o.")


def interval_plot(
    title: str,
    names: Sequence[str],
    figures: Sequence[Estimate | Range],
    *,
    factor: float,
    digits: int,
    bold: Sequence[str] = (),
) -> Plot:
    """Lay out values on an axis from zero to the largest upper bound; values named in ``bold`` are highlighted."""
    largest = max(max(one.interval[1] for one in figures), 1e-9)

    def position(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(max(value / largest, 0.0), 1.0), 1)

    marks = [
        Mark(
            name=name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…",
            low=position(one.interval[0]),
            middle=position(one.value),
            high=position(one.interval[1]),
            label=f"{factor * one.value:.{digits}f}",
            color="var(--mark)" if name in bold else "var(--ink)",
        )
        for name, one in zip(names, figures, strict=True)
    ]
    return Plot(title, marks)


def embedded(rgb: Pixels, longest: int, quality: int) -> str:
    """Encode a picture as a JPEG data URL, resized to at most ``longest`` pixels a side."""
    image = Image.fromarray(rgb)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
