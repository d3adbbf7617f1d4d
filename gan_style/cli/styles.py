"""What styles there are, and what a style file says of itself."""

from __future__ import annotations

import json
from typing import Any

from gan_style.defaults import SCRATCH, START
from gan_style.errors import ResourceError, StyleError, printable
from gan_style.words import counted

ROOM = 60
"""Letters of a licence, and of the name of a start, that a line has room for."""


def list_styles() -> None:
    """Print a line for every style with a name, and every one in the Hub's cache.

    A line holds name, licence, size, what it learnt from, and where it lies.
    """
    from gan_style.checkpoints.bundled import bundled_pin, bundled_styles, named_styles
    from gan_style.checkpoints.hub.cache import cached_styles
    from gan_style.checkpoints.style_file import describe
    from gan_style.cli.display import say, warn

    bundled = set(bundled_styles().values())
    named = {name: (path, "bundled" if path in bundled else str(path)) for name, path in sorted(named_styles().items())}
    cached = {}
    try:
        cached = {str(source): (path, "cached") for source, path in cached_styles().items()}
    except ResourceError as error:
        warn(str(error))
    for name, (path, where) in {**named, **cached}.items():
        try:
            about = describe(path, bundled_pin(path))
        except StyleError as error:
            warn(str(error))
            continue
        licence = about["licence"][:ROOM] or "no licence given"
        say(printable(f"{name}  {licence}  {about['bytes'] / 1e6:.1f} MB  {origin(about['training'])}  {where}"))


def origin(training: dict[str, Any]) -> str:
    """What a style learnt from, in words; what is missing or no number is left out."""
    parts = []
    for what in ("paintings", "photos"):
        part = training.get(what)
        count = part.get("count") if isinstance(part, dict) else None
        if isinstance(count, int):
            parts.append(counted(count, "photograph" if what == "photos" else "painting"))
    if isinstance(training.get("steps"), int):
        start = training.get("start")
        after = f" from {start[:ROOM]}" if isinstance(start, str) and start not in (SCRATCH, START) else ""
        parts.append(f"{counted(training['steps'], 'step')}{after}")
    return ", ".join(parts) or "origin unknown"


def show_info(word: str) -> None:
    """Print all that a style file says, as JSON, and where on the Hub it came from.

    Raises:
        StyleError: there is no such style.
        ResourceError: the Hub is out of reach.
    """
    from gan_style.cli.display import counting, say

    with counting() as show:
        from gan_style.checkpoints.bundled import locate
        from gan_style.checkpoints.hub.cache import source_of
        from gan_style.checkpoints.style_file import describe

        found = locate(word, show)
        source = source_of(found.path)
        about = describe(found.path, found.pin)
    say(json.dumps({**about, "source": str(source) if source else None}, indent=1))
