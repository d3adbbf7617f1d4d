"""Whether a file is the one that is meant: sha-256 sums, of the bundled styles and of those that users pin."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from gan_style.checkpoints.header import FILE_LIMIT, open_regular
from gan_style.errors import StyleError

PIN = re.compile(r"(?P<word>.+?)@sha256:(?P<sum>.*)\Z", re.DOTALL)

LENGTH = 64
"""Hexadecimal digits of a sum."""

SUM = re.compile(rf"[0-9a-fA-F]{{{LENGTH}}}\Z")

BUNDLED = {
    "base": "97ca2738eb06e649c864fd21bea32c112287c8c4bca41a8dddcdd90084fb8b9c",
    "monet": "e0359fe84d892caf2c48271f558fd529c602b32dfe9b9060f84457d6a32e490c",
    "ukiyoe": "64f47d0287db020aee637d63e9fd1f1623fdda6dc4568faad8bda787833d9220",
    "vangogh": "df20eaea74c415ecb6990db2ae7eead506d304c6efdbba19c63a84e5dd22368d",
}
"""Of the styles that come with the package."""


@dataclass(frozen=True)
class Pin:
    """The sum that a file must have.

    Attributes:
        digest: sha-256, 64 hexadecimal digits in lower case.
        remedy: what to do where it has another.
    """

    digest: str
    remedy: str

    def check(self, path: Path, found: str) -> None:
        """See that what was read is what was meant.

        Raises:
            StyleError: it is not.
        """
        if found != self.digest:
            raise StyleError(f"{path} has the sha-256 {found} and should have {self.digest}; {self.remedy}")


def unpinned(word: str) -> tuple[str, str]:
    """What a --style word names, and the sum that is pinned to it with ``@sha256:``; empty without one.

    Raises:
        StyleError: what is pinned is no sum.
    """
    match = PIN.match(word)
    if not match:
        return word, ""
    if not SUM.match(match["sum"]):
        raise StyleError(f"{word} should end in @sha256: and {LENGTH} hexadecimal digits; sha256sum FILE prints them.")
    return match["word"], match["sum"].lower()


def sum_of(path: Path, most: float = FILE_LIMIT) -> str:
    """The sha-256 of a file, in hexadecimal digits.

    Args:
        path: the file.
        most: bytes that it may have; by default those of the largest style.

    Raises:
        StyleError: it cannot be read, or is larger.
    """
    digest = hashlib.sha256()
    with open_regular(path, most) as (stream, _):
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
