"""``--list-styles`` and ``--info``: list the available styles, and print the metadata of one."""

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

CURRENT_FOLDER, WEIGHTS_FOLDER = "this folder", "GAN_STYLE_WEIGHTS"

MAX_FIELD = 60
"""Characters of a license, and of the name of a start, to print on a line."""


def list_styles(*, as_json: bool = False) -> None:
    """Print the styles that ``--style`` finds by name, in the Hub's cache or in the current folder.

    Each line gives name, license, size, training data and location; JSON has the same fields as ``--info``.
    """
    from gan_style.checkpoints.style_file import describe
    from gan_style.cli.display import print_result, warn

    found = []
    for word, (path, where, pin) in known_styles().items():
        try:
            found.append({"name": word, "where": where, **describe(path, pin)})
        except StyleError as error:  # noqa: PERF203
            if where != CURRENT_FOLDER:  # Other programs write safetensors files, too.
                warn(str(error))
    if as_json:
        print_result(json.dumps(found, indent=1))
        return
    for about in found:
        license_name = about["licence"][:MAX_FIELD] or "license unknown"
        where = about["file"] if about["where"] == WEIGHTS_FOLDER else about["where"]
        size = f"{about['bytes'] / 1e6:.1f} MB"
        origin = format_origin(about["training"], about["name"])
        print_result(printable(f"{about['name']}  {license_name}  {size}  {origin}  {where}"))


def known_styles() -> dict[str, tuple[Path, str, Pin | None]]:
    """Map each word that ``--style`` accepts to its file, location and, for bundled styles, required checksum."""
    from gan_style.checkpoints.bundled import bundled_pin, bundled_styles, named_styles
    from gan_style.checkpoints.hub.cache import cached_styles
    from gan_style.cli.display import warn

    bundled = set(bundled_styles().values())
    named = {
        name: (path, "bundled" if path in bundled else WEIGHTS_FOLDER, bundled_pin(path))
        for name, path in sorted(named_styles().items())
    }
    cached = {}
    try:
        cached = {str(source): (path, "cached", None) for source, path in cached_styles().items()}
    except ResourceError as error:
        warn(str(error))
    elsewhere = {path.resolve() for path, *_ in named.values()}
    here = {
        path.name: (path, CURRENT_FOLDER, bundled_pin(path))
        for path in sorted(Path().glob(f"*{SUFFIX}"))
        if path.is_file() and path.resolve() not in elsewhere
    }
    return {**named, **cached, **here}


def format_origin(training: dict[str, Any], name: str) -> str:
    """Describe a style's training data and steps; omits what is missing or not a number.

    Also names the style that the training started from, unless it is an earlier one with the same name.
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
        after = f" from {start[:MAX_FIELD]}" if start not in ("", SCRATCH, START, name) else ""
        parts.append(f"{counted(training['steps'], 'step')}{after}")
    return ", ".join(parts) or "origin unknown"


def show_info(word: str) -> None:
    """Print the metadata of a style file as JSON, with its source on the Hub if any.

    Raises:
        StyleError: the style does not exist.
        ResourceError: the Hub is unreachable.
    """
    from gan_style.cli.display import phase_progress, print_result

    with phase_progress() as show:
        from gan_style.checkpoints.bundled import locate
        from gan_style.checkpoints.hub.cache import source_of
        from gan_style.checkpoints.style_file import describe

        found = locate(word, show)
        source = source_of(found.path)
        about = describe(found.path, found.pin)
    print_result(json.dumps({**about, "source": str(source) if source else None}, indent=1))
