"""What a --style word names on the Hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gan_style.checkpoints.header import SUFFIX
from gan_style.errors import StyleError

SCHEME = "hf://"
PART = r"[A-Za-z0-9][\w.-]*"
ADDRESS = re.compile(
    rf"(?P<repository>{PART}/{PART})"
    # A revision may hold slashes; one that a file follows is a single word, or a pull request's.
    rf"(@(?P<before>refs/[^@/]+/[^@/]+|[^@/]+)(?=/[^@]+{re.escape(SUFFIX)}\Z))?"
    r"(/(?P<file>[^@]+?))?(@(?P<after>[^@]+))?\Z",
    re.ASCII,
)
SHORT = re.compile(rf"(?P<repository>{PART}/{PART})(@(?P<after>[^@]+))?\Z", re.ASCII)
FILE_NAME = re.compile(r"\.[A-Za-z]\w{1,10}\Z")
COMMIT = re.compile(r"[0-9a-f]{40}\Z")

NEWEST = "main"
"""The revision that is meant where none is named."""


@dataclass(frozen=True)
class Address:
    """A style on the Hub.

    Attributes:
        repository: owner and name, with a slash between them.
        file: path in the repository; empty for the only style in it.
        revision: branch, tag or commit; empty for the cached one, or else the newest.
    """

    repository: str
    file: str = ""
    revision: str = ""

    def __str__(self) -> str:
        """As a --style word."""
        return SCHEME + "/".join(filter(None, (self.repository, self.file))) + (self.revision and f"@{self.revision}")


def hub_address(word: str) -> Address | None:
    """What a --style word names on the Hub; None where it names nothing there.

    Without ``hf://`` only ``owner/repo`` and ``owner/repo@revision`` are addresses, and only where no such folder is
    at hand and the name ends like no file, so that a mistyped path stays on this machine.

    Raises:
        StyleError: it begins with ``hf://`` and is no address, or names another file than a safetensors file.
    """
    if word.startswith(SCHEME):
        match = ADDRESS.match(word.removeprefix(SCHEME))
        if not match or (match["before"] and match["after"]):
            raise StyleError(f"{word} is no address; write hf://owner/repo or hf://owner/repo/file{SUFFIX}@revision.")
        if match["file"] and not match["file"].endswith(SUFFIX):
            raise StyleError(f"{word} names no {SUFFIX} file, and nothing else is downloaded.")
        if match["file"] and not {"", ".", ".."}.isdisjoint(match["file"].split("/")):
            raise StyleError(f"{word} names no file inside a repository; write hf://owner/repo/file{SUFFIX}.")
        return Address(match["repository"], match["file"] or "", match["before"] or match["after"] or "")
    match = SHORT.match(word)
    if not match or Path(match["repository"]).parent.is_dir() or FILE_NAME.search(match["repository"]):
        return None
    return Address(match["repository"], "", match["after"] or "")
