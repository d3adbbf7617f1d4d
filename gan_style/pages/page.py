"""What all pages have in common: they are one file each and need no network and no server."""

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
from gan_style.imaging.decoding import Pixels
from gan_style.metrics.distances import Estimate, Range

MARK = b'<meta name="generator" content="gan-style">'
"""Tells our own pages, which may be replaced, from others."""

LEFT, RIGHT = 190.0, 340.0
"""Where a plot's axis begins and ends, in units of its view box."""

NAME = 27
"""Letters that fit before the axis."""


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
    """Figures on one axis from zero."""

    title: str
    marks: list[Mark]


def template(name: str) -> Template:
    """A page's template; whatever is put into it is escaped."""
    return environment().get_template(name)


@functools.cache
def environment() -> Environment:
    """Where templates are read and compiled, each once: a training writes its page again and again."""
    loader = PackageLoader("gan_style", "pages/templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def write_page(html: str, folder: Path) -> Path:
    """Write index.html into a folder, which is made if it does not exist.

    Returns:
        The page.

    Raises:
        NoSpaceError: the disk is full.
        ResourceError: it cannot be written, or there is a page that gan-style did not write.
    """
    page = folder / "index.html"
    check_page(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(page) as temporary:
            temporary.write_text(readable(html), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        if is_full(error):
            raise NoSpaceError(folder, "make room or choose another place with -o") from None
        raise ResourceError(f"{page} cannot be written ({error.strerror}); choose another place with -o.") from None
    return page


def check_page(folder: Path) -> None:
    """Refuse early what would fail after the work: a place that cannot be written, and to replace somebody's page.

    Raises:
        ResourceError: there is a page that gan-style did not write, or the folder cannot be written.
    """
    page = folder / "index.html"
    existing = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if exists(parent))
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise ResourceError(f"{page} cannot be written; choose another place with -o.")
    try:
        with page.open("rb") as stream:
            known = MARK in stream.read(1024)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ResourceError(f"{page} cannot be read ({error.strerror}); choose another place with -o.") from None
    if not known:
        raise ResourceError(f"{page} is not a page of gan-style and is left alone; choose another place with -o.")


def interval_plot(
    title: str,
    names: Sequence[str],
    figures: Sequence[Estimate | Range],
    *,
    factor: float,
    digits: int,
    bold: Sequence[str] = (),
) -> Plot:
    """Place figures on an axis from zero to the largest end of an interval; those named bold in colour."""
    largest = max(max(one.interval[1] for one in figures), 1e-9)

    def place(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(max(value / largest, 0.0), 1.0), 1)

    marks = [
        Mark(
            name=name if len(name) <= NAME else f"{name[: NAME - 1]}…",
            low=place(one.interval[0]),
            middle=place(one.value),
            high=place(one.interval[1]),
            label=f"{factor * one.value:.{digits}f}",
            colour="var(--mark)" if name in bold else "var(--ink)",
        )
        for name, one in zip(names, figures, strict=True)
    ]
    return Plot(title, marks)


def embedded(rgb: Pixels, longest: int, quality: int) -> str:
    """A picture as a data address: JPEG, shrunk to a longest side in pixels."""
    image = Image.fromarray(rgb)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
