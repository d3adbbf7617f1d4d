"""The styles that come with the package, and what a --style word means."""

from __future__ import annotations

import os
from pathlib import Path

from gan_style.checkpoints.header import SUFFIX
from gan_style.checkpoints.hub import SCHEME, Count, fetch, hub_address
from gan_style.checkpoints.integrity import BUNDLED, check_sum, unpinned
from gan_style.defaults import START
from gan_style.errors import GanStyleError, StyleError

PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = (PACKAGE / "weights", PACKAGE.parent / "weights")
"""A wheel carries the weights inside the package; a checkout, editable or not, has them beside it."""

OWN = "GAN_STYLE_WEIGHTS"
"""Environment variable that names a folder of styles which come before the bundled ones."""


def named_styles() -> dict[str, Path]:
    """Name and file of every style that has a name: those of ``GAN_STYLE_WEIGHTS``, and the bundled ones."""
    own = os.environ.get(OWN)
    found = {path.stem.lower(): path for path in sorted(Path(own).glob(f"*{SUFFIX}"))} if own else {}
    return bundled_styles() | found


def bundled_styles() -> dict[str, Path]:
    """Name and file of every bundled style."""
    for folder in FOLDERS:
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}
    return {}


def resolve_style(word: str, progress: Count | None = None) -> Path:
    """The file that a --style word means: an existing one, else a style by name, any extension ignored, else the Hub's.

    A word may end in ``@sha256:`` and the sum that the file must have; bundled styles must have theirs in any case.

    Args:
        word: what is wanted.
        progress: told of a download.

    Raises:
        StyleError: none of them exists, or the sum is another.
        ResourceError: it is on the Hub, and that is out of reach.
    """
    word, pinned = unpinned(word)
    path = find_style(word, progress)
    if pinned:
        check_sum(path, pinned, "it is not the file that was pinned.")
    elif path.parent in FOLDERS and path.stem in BUNDLED:
        check_sum(path, BUNDLED[path.stem], "it was damaged or changed: install gan-style again.")
    return path


def find_style(word: str, progress: Count | None = None) -> Path:
    """The file that a word without a sum means.

    Raises:
        StyleError: there is none.
        ResourceError: it is on the Hub, and that is out of reach.
    """
    if not word:
        raise StyleError("The style has no name; --style takes a style file or the name of a bundled style.")
    path = Path(word)
    if path.is_file():
        return path
    bundled = named_styles()
    names = ", ".join(name for name in bundled if name != START)
    if path.name == word and path.stem.lower() in bundled:
        return bundled[path.stem.lower()]
    if path.is_dir():
        raise StyleError(f"{word} is a folder; --style takes a style file or one of: {names}.")
    if path.exists():
        raise StyleError(f"{word} is no ordinary file, so it is not a style.")
    address = hub_address(word)
    if address:
        try:
            return fetch(address, progress)
        except GanStyleError as error:
            if word.startswith(SCHEME):
                raise
            raise type(error)(f"There is no file {word}; {error}") from None
    raise StyleError(
        f"There is no style {word}: no such file, and the styles with a name are: {names or 'none'}; "
        f"one on the Hub is written {SCHEME}owner/repo."
    )
