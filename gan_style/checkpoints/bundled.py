"""Bundled styles, and resolution of the --style argument."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gan_style.checkpoints.header import SUFFIX
from gan_style.checkpoints.hub.address import SCHEME, hub_address
from gan_style.checkpoints.hub.cache import source_of
from gan_style.checkpoints.hub.fetching import ProgressCallback, fetch
from gan_style.checkpoints.integrity import BUNDLED, Pin, sha256_of, split_pin
from gan_style.defaults import START
from gan_style.errors import GanStyleError, StyleError

logger = logging.getLogger(__name__)

PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = (PACKAGE / "weights", PACKAGE.parent / "weights")
"""The weights are inside the package in a wheel, and next to it in a checkout."""

MIN_SIMILARITY = 0.66
"""Minimum similarity, 0 to 1, of a suggested name."""

WEIGHTS_VARIABLE = "GAN_STYLE_WEIGHTS"
"""Environment variable with a folder of styles that take precedence over the bundled ones."""


def named_styles() -> dict[str, Path]:
    """Map each style name to its file: styles of ``GAN_STYLE_WEIGHTS`` and bundled styles."""
    own = os.environ.get(WEIGHTS_VARIABLE)
    found = {path.stem.lower(): path for path in sorted(Path(own).glob(f"*{SUFFIX}"))} if own else {}
    return bundled_styles() | found


def bundled_styles() -> dict[str, Path]:
    """Map each bundled style name to its file; other files in the folder are ignored."""
    for folder in FOLDERS:
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}")) if path.stem in BUNDLED}
    return {}


@dataclass(frozen=True)
class Located:
    """A located style file.

    Attributes:
        path: the file.
        pin: the required SHA-256, for a bundled style or a pinned argument.
    """

    path: Path
    pin: Pin | None = None


def locate(word: str, progress: ProgressCallback | None = None) -> Located:
    """Locate the file of a --style argument: an existing file, else a named style (extension ignored), else on the Hub.

    The argument may end in ``@sha256:`` and the required SHA-256; bundled styles always have a required SHA-256.
    The code that reads the file verifies it, not this function.

    Args:
        word: the --style argument.
        progress: receives download progress.

    Raises:
        StyleError: there is no such style.
        ResourceError: the Hub cannot be reached.
    """
    word, pinned = split_pin(word)
    path = find_style(word, progress)
    if not pinned:
        return Located(path, bundled_pin(path))
    newest = "; use owner/repo@main for the latest version" if source_of(path) else ""
    return Located(path, Pin(pinned, f"it is not the pinned file{newest}."))


def bundled_pin(path: Path) -> Pin | None:
    """The required SHA-256 of a bundled style; None for other files."""
    bundled = path.parent in FOLDERS and path.stem in BUNDLED
    return (
        Pin(BUNDLED[path.stem], "the bundled style is damaged or modified; reinstall gan-style.") if bundled else None
    )


def resolve_style(word: str, progress: ProgressCallback | None = None) -> Path:
    """Locate the file of a --style argument and verify its SHA-256.

    Args:
        word: as for :func:`locate`.
        progress: receives download progress.

    Raises:
        StyleError: there is no such style, or its SHA-256 differs.
        ResourceError: the Hub cannot be reached.
    """
    found = locate(word, progress)
    if found.pin:
        found.pin.check(found.path, sha256_of(found.path))
    return found.path


def find_style(word: str, progress: ProgressCallback | None = None) -> Path:
    """Locate the file of a --style argument without ``@sha256:``.

    Raises:
        StyleError: there is no such style.
        ResourceError: the Hub cannot be reached.
    """
    if not word:
        raise StyleError("The style name is empty; --style takes a style file or the name of a bundled style.")
    path = Path(word)
    try:
        is_file, is_folder, exists = path.is_file(), path.is_dir(), path.exists()
    except OSError as error:
        raise StyleError(f"{word} cannot be read ({error.strerror}); check the path and its permissions.") from None
    if is_file:
        return path
    known = named_styles()
    names = ", ".join(name for name in known if name != START)
    if path.name == word:
        if word.lower() in known:
            return known[word.lower()]
        if path.stem.lower() in known:
            return fall_back(word, known[path.stem.lower()])
    near = did_you_mean(word, known)
    if is_folder:
        raise StyleError(f"{word} is a folder; --style takes a style file or one of: {names}.")
    if exists:
        raise StyleError(f"{word} is not a regular file; use a style written by gan-style train.")
    address = hub_address(word)
    if address:
        try:
            return fetch(address, progress)
        except GanStyleError as error:
            if word.startswith(SCHEME):
                raise
            raise type(error)(f"There is no file {word}{near}; {error}") from None
    if "://" in word:
        raise StyleError(f"{word} is a URL; download the file and give its path, or use {SCHEME}owner/repo.")
    raise StyleError(
        f"There is no style {word}{near}: no such file, and the named styles are: {names or 'none'}; "
        f"for a style on the Hub use {SCHEME}owner/repo."
    )


def fall_back(word: str, path: Path) -> Path:
    """Fall back to a named style for a missing file, with a warning."""
    what = "the bundled style" if path in bundled_styles().values() else f"the style of {WEIGHTS_VARIABLE}:"
    logger.warning("%s does not exist; using %s %s.", word, what, path.stem)
    return path


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the most similar style; empty if none is similar.

    Style files in the folder of the given path count, so that typos and missing extensions are found.
    """
    path = Path(word)
    try:
        files = [one.name for one in path.parent.iterdir() if one.suffix == SUFFIX]
    except OSError:
        files = []
    # Map lower-case stems to the original spelling. A shared extension would make all names similar.
    there = {Path(one).stem.lower(): str(path.with_name(one)) for one in files}
    if path.name == word.removeprefix("./"):
        there |= {name: name for name in known}
    for asked in (path.name.lower(), path.stem.lower()):
        for near in difflib.get_close_matches(asked, there, n=1, cutoff=MIN_SIMILARITY):
            return f" (did you mean {there[near]}?)"
    return ""
