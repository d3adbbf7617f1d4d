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
    "impressionist": "42e5854a9470e49dd91e437290a4d9df7701f66cfcdccde54a0b462ad868f119",
    "ink": "22c559ac807cb444719231887f54911d346c57be98ecfcc16af74e98996c494c",
    "monet": "9666af3af6700f85f080b487a69aee5eb6e077c773f0c59ffd189967a3f70b29",
    "pointillism": "1259546a9dea75a40249543ace9073ee704e6db447dbe7850a2ccbda63bbd599",
    "titian": "cde7c81cd2e7fe8f55385d29499514df99e9c4771a8808abbc055bb673c2225d",
    "ukiyoe": "64f47d0287db020aee637d63e9fd1f1623fdda6dc4568faad8bda787833d9220",
    "vangogh": "df20eaea74c415ecb6990db2ae7eead506d304c6efdbba19c63a84e5dd22368d",
    "watercolor": "adfbb91b10186a77f5edbdaf7624d42b4a3e2439898a0b16d6868f6380b67318",
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
