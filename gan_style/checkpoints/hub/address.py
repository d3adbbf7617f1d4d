"""Hub addresses in the --style argument."""

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
    # A revision may contain slashes; before a file it must be a single word or a pull request.
    rf"(@(?P<before>refs/[^@/]+/[^@/]+|[^@/]+)(?=/[^@]+{re.escape(SUFFIX)}\Z))?"
    r"(/(?P<file>[^@]+?))?(@(?P<after>[^@]+))?\Z",
    re.ASCII,
)
SHORT = re.compile(rf"(?P<repository>{PART}/{PART})(@(?P<after>[^@]+))?\Z", re.ASCII)
FILE_NAME = re.compile(r"\.[A-Za-z]\w{1,10}\Z")
COMMIT = re.compile(r"[0-9a-f]{40}\Z")

NEWEST = "main"
"""The default revision."""


@dataclass(frozen=True)
class Address:
    """A style on the Hub.

    Attributes:
        repository: owner and name, with a slash between them.
        file: path in the repository; empty if it has a single style.
        revision: branch, tag or commit; empty for the cached revision, or else the latest.
    """

    repository: str
    file: str = ""
    revision: str = ""

    def __str__(self) -> str:
        """Format as a --style argument."""
        return SCHEME + "/".join(filter(None, (self.repository, self.file))) + (self.revision and f"@{self.revision}")


def hub_address(word: str) -> Address | None:
    """Parse a --style argument as a Hub address; None if it is not one.

    Without ``hf://`` only ``owner/repo`` and ``owner/repo@revision`` are addresses, and only if there is no local
    folder ``owner`` and the name has no file extension, so that a mistyped path is not sent to the Hub.

    Raises:
        StyleError: it starts with ``hf://`` but is malformed, or names a file that is not a safetensors file.
    """
    if word.startswith(SCHEME):
        match = ADDRESS.match(word.removeprefix(SCHEME))
        if not match or (match["before"] and match["after"]):
            raise StyleError(
                f"{word} is not a valid address; use hf://owner/repo or hf://owner/repo/file{SUFFIX}@revision."
            )
        if match["file"] and not match["file"].endswith(SUFFIX):
            raise StyleError(
                f"{word} is not a {SUFFIX} file, the only type that is downloaded; give the address of one."
            )
        if match["file"] and not {"", ".", ".."}.isdisjoint(match["file"].split("/")):
            raise StyleError(f"{word} is not a file in a repository; use hf://owner/repo/file{SUFFIX}.")
        return Address(match["repository"], match["file"] or "", match["before"] or match["after"] or "")
    match = SHORT.match(word)
    if not match or Path(match["repository"]).parent.is_dir() or FILE_NAME.search(match["repository"]):
        return None
    return Address(match["repository"], "", match["after"] or "")
