"""What styles there are, and what a style file says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_style.checkpoints.header import SUFFIX
from gan_style.defaults import SCRATCH, START
from gan_style.errors import ResourceError, StyleError, printable
from gan_style.text import counted

if TYPE_CHECKING:
    from gan_style.checkpoints.integrity import Pin

HERE, OWN_FOLDER = "this folder", "GAN_STYLE_WEIGHTS"

ROOM = 60
"""Letters of a license, and of the name of a start, that a line has room for."""


def list_styles(*, as_json: bool = False) -> None:
    """Print every style that ``--style`` knows by name, has in the Hub's cache, or finds in this folder.

    A line holds name, license, size, what it learnt from, and where it lies; JSON holds what ``--info`` says of each.
    """
    from gan_style.checkpoints.style_file import describe
    from gan_style.cli.display import say, warn

    found = []
    for word, (path, where, pin) in known_styles().items():
        try:
            found.append({"name": word, "where": where, **describe(path, pin)})
        except StyleError as error:  # noqa: PERF203
            if where != HERE:  # Other programs write such files, too.
                warn(str(error))
    if as_json:
        say(json.dumps(found, indent=1))
        return
    for about in found:
        licence = about["licence"][:ROOM] or "no license given"
        where = about["file"] if about["where"] == OWN_FOLDER else about["where"]
        size = f"{about['bytes'] / 1e6:.1f} MB"
        learnt = origin(about["training"], about["name"])
        say(printable(f"{about['name']}  {licence}  {size}  {learnt}  {where}"))


def known_styles() -> dict[str, tuple[Path, str, Pin | None]]:
    """What ``--style`` accepts without being told a path elsewhere: file, where it lies, and the sum it must have."""
    from gan_style.checkpoints.bundled import bundled_pin, bundled_styles, named_styles
    from gan_style.checkpoints.hub.cache import cached_styles
    from gan_style.cli.display import warn

    bundled = set(bundled_styles().values())
    named = {
        name: (path, "bundled" if path in bundled else OWN_FOLDER, bundled_pin(path))
        for name, path in sorted(named_styles().items())
    }
    cached = {}
    try:
        cached = {str(source): (path, "cached", None) for source, path in cached_styles().items()}
    except ResourceError as error:
        warn(str(error))
    elsewhere = {path.resolve() for path, *_ in named.values()}
    here = {
        path.name: (path, HERE, bundled_pin(path))
        for path in sorted(Path().glob(f"*{SUFFIX}"))
        if path.is_file() and path.resolve() not in elsewhere
    }
    return {**named, **cached, **here}


def origin(training: dict[str, Any], name: str) -> str:
    """What a style of some name learnt from, in words; what is missing or no number is left out.

    The style that it began as is not named where that is an earlier one of the same name.
    """
    parts = []
    for what in ("paintings", "photos"):
        part = training.get(what)
        count = part.get("count") if isinstance(part, dict) else None
        if isinstance(count, int):
            parts.append(counted(count, "photograph" if what == "photos" else "painting"))
    if isinstance(training.get("steps"), int):
        start = training.get("start")
        start = start.removesuffix(SUFFIX) if isinstance(start, str) else ""
        after = f" from {start[:ROOM]}" if start not in ("", SCRATCH, START, name) else ""
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
