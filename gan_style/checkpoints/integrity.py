"""SHA-256 verification of bundled and pinned styles."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from gan_style.checkpoints.header import FILE_LIMIT, open_regular
from gan_style.errors import StyleError

PIN = re.compile(r"(?P<word>.+?)@sha256:(?P<sum>.*)\Z", re.DOTALL)

LENGTH = 64
"""Hexadecimal digits of a SHA-256."""

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
"""SHA-256 of each bundled style."""


@dataclass(frozen=True)
class Pin:
    """The required SHA-256 of a file.

    Attributes:
        digest: 64 hexadecimal digits in lower case.
        remedy: end of the error message for a mismatch.
    """

    digest: str
    remedy: str

    def check(self, path: Path, found: str) -> None:
        """Compare a computed SHA-256 with the required one.

        Raises:
            StyleError: they differ.
        """
        if found != self.digest:
            raise StyleError(f"{path} has SHA-256 {found}, expected {self.digest}; {self.remedy}")


def split_pin(word: str) -> tuple[str, str]:
    """Split a --style argument into the style and the SHA-256 after ``@sha256:``, which may be empty.

    Raises:
        StyleError: the SHA-256 is malformed.
    """
    match = PIN.match(word)
    if not match:
        return word, ""
    if not SUM.match(match["sum"]):
        raise StyleError(f"{word} must end in @sha256: and {LENGTH} hexadecimal digits; sha256sum FILE prints them.")
    return match["word"], match["sum"].lower()


def sha256_of(path: Path, most: float = FILE_LIMIT) -> str:
    """Compute the SHA-256 of a file, in hexadecimal digits.

    Args:
        path: the file.
        most: maximum size in bytes; that of the largest style by default.

    Raises:
        StyleError: it cannot be read, or is larger.
    """
    digest = hashlib.sha256()
    with open_regular(path, most) as (stream, _):
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
