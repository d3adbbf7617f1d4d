"""The styles that come with the package, and what a --style word means."""

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
from gan_style.checkpoints.hub.fetching import Count, fetch
from gan_style.checkpoints.integrity import BUNDLED, Pin, sum_of, unpinned
from gan_style.defaults import START
from gan_style.errors import GanStyleError, StyleError

logger = logging.getLogger(__name__)

PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = (PACKAGE / "weights", PACKAGE.parent / "weights")
"""A wheel carries the weights inside the package; a checkout, editable or not, has them beside it."""

NEAR = 0.66
"""How alike two words are, from 0 to 1, of which one may be meant for the other."""

OWN = "GAN_STYLE_WEIGHTS"
"""Environment variable that names a folder of styles which come before the bundled ones."""


def named_styles() -> dict[str, Path]:
    """Name and file of every style that has a name: those of ``GAN_STYLE_WEIGHTS``, and the bundled ones."""
    own = os.environ.get(OWN)
    found = {path.stem.lower(): path for path in sorted(Path(own).glob(f"*{SUFFIX}"))} if own else {}
    return bundled_styles() | found


def bundled_styles() -> dict[str, Path]:
    """Name and file of every bundled style; what else lies beside them did not come with the package."""
    for folder in FOLDERS:
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}")) if path.stem in BUNDLED}
    return {}


@dataclass(frozen=True)
class Located:
    """What a --style word means.

    Attributes:
        path: the file.
        pin: the sum that it must have, of a bundled style or because the word says so.
    """

    path: Path
    pin: Pin | None = None


def locate(word: str, progress: Count | None = None) -> Located:
    """What a --style word means: a file that exists, else a style by name, any extension ignored, else the Hub's.

    A word may end in ``@sha256:`` and the sum that the file must have; bundled styles must have theirs in any case.
    Nothing is checked yet: whoever reads the file checks what it reads.

    Args:
        word: what is wanted.
        progress: told of a download.

    Raises:
        StyleError: none of them exists.
        ResourceError: it is on the Hub, and that is out of reach.
    """
    word, pinned = unpinned(word)
    path = find_style(word, progress)
    if not pinned:
        return Located(path, bundled_pin(path))
    newest = "; the newest of a repository is at owner/repo@main" if source_of(path) else ""
    return Located(path, Pin(pinned, f"it is not the file that was pinned{newest}."))


def bundled_pin(path: Path) -> Pin | None:
    """The sum that a file must have if it is a bundled style."""
    bundled = path.parent in FOLDERS and path.stem in BUNDLED
    return Pin(BUNDLED[path.stem], "it was damaged or changed: install gan-style again.") if bundled else None


def resolve_style(word: str, progress: Count | None = None) -> Path:
    """The file that a --style word means, which has its sum now.

    Args:
        word: as for :func:`locate`.
        progress: told of a download.

    Raises:
        StyleError: there is none, or the sum is another.
        ResourceError: it is on the Hub, and that is out of reach.
    """
    found = locate(word, progress)
    if found.pin:
        found.pin.check(found.path, sum_of(found.path))
    return found.path


def find_style(word: str, progress: Count | None = None) -> Path:
    """The file that a word without a sum means.

    Raises:
        StyleError: there is none.
        ResourceError: it is on the Hub, and that is out of reach.
    """
    if not word:
        raise StyleError("The style has no name; --style takes a style file or the name of a bundled style.")
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
            return stand_in(word, known[path.stem.lower()])
    near = did_you_mean(word, known)
    if is_folder:
        raise StyleError(f"{word} is a folder; --style takes a style file or one of: {names}.")
    if exists:
        raise StyleError(f"{word} is no ordinary file, so it is not a style; give one written by gan-style train.")
    address = hub_address(word)
    if address:
        try:
            return fetch(address, progress)
        except GanStyleError as error:
            if word.startswith(SCHEME):
                raise
            raise type(error)(f"There is no file {word}{near}; {error}") from None
    if "://" in word:
        raise StyleError(f"{word} is a web address; download the file and give its path, or {SCHEME}owner/repo.")
    raise StyleError(
        f"There is no style {word}{near}: no such file, and the styles with a name are: {names or 'none'}; "
        f"one on the Hub is written {SCHEME}owner/repo."
    )


def stand_in(word: str, path: Path) -> Path:
    """The style that is used instead of a file that is not there, which is said."""
    what = "the bundled style" if path in bundled_styles().values() else f"the style of {OWN}:"
    logger.warning("there is no file %s; using %s %s.", word, what, path.stem)
    return path


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question about the style that a word comes nearest to, or nothing where none is near.

    Files are looked for where the word leads, so that a letter too few or a forgotten extension is found.
    """
    path = Path(word)
    try:
        files = [one.name for one in path.parent.iterdir() if one.suffix == SUFFIX]
    except OSError:
        files = []
    # Lower case beside each as it is written, for what is near it but for its case.
    # By stems: an extension that all of them have makes none of them near.
    there = {Path(one).stem.lower(): str(path.with_name(one)) for one in files}
    if path.name == word.removeprefix("./"):
        there |= {name: name for name in known}
    for asked in (path.name.lower(), path.stem.lower()):
        for near in difflib.get_close_matches(asked, there, n=1, cutoff=NEAR):
            return f" (did you mean {there[near]}?)"
    return ""
