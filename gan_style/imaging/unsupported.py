"""Suggestions for input that is not a picture: URLs, videos, documents, archives."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from gan_style.imaging.kinds import first_bytes, looks_like_picture

ADDRESS = re.compile(r"(?P<scheme>https?|ftp|s3|gs|data|file):/*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
"""A URL; converted to a path it has lost one of its slashes."""

VIDEO_BRANDS = ("iso", "mp4", "avc", "M4V", "qt", "3gp", "3g2", "dash", "mmp4", "MSNV", "f4v", "XAVC")
"""Prefixes of the brands of MP4, QuickTime and 3GP."""

VIDEO_SIGNATURES = (b"\x1aE\xdf\xa3", b"FLV\1", b"\0\0\1\xba", b"\0\0\1\xb3")
"""Signatures of Matroska, Flash and MPEG."""

VIDEO_NAMES = {
    ".mp4",
    ".m4v",
    ".mov",
    ".avi",
    ".mkv",
    ".webm",
    ".wmv",
    ".flv",
    ".mpg",
    ".mpeg",
    ".mts",
    ".m2ts",
    ".3gp",
}

VIDEO = (
    "is a video; extract its frames with ffmpeg -i VIDEO frame-%05d.png, and paint their folder with --seed 1 "
    "to get the same variation in all frames."
)
DOCUMENT = "is a document; export its pages as PNG first, for example with pdftoppm -png."
DRAWING = "is a vector drawing; export it as PNG first."
ARCHIVE = "is an archive; unpack it first and give the folder."
WEB_PAGE = "is a web page; save the picture itself instead of the page."


def suggestion_for(name: str, head: bytes = b"") -> str:
    """Suggest what to do with input that is not a picture; empty if its type is unknown.

    Args:
        name: a path as given by the user, or the name in error messages.
        head: first bytes of the content, 16 or more if available; read from the file by default.
    """
    if found := ADDRESS.match(name):
        return suggestion_for_url(found)
    head = head or first_bytes_of(name)
    clause = by_content(head) or by_name(name, head)
    video = shlex.quote(name) if Path(name).suffix else "VIDEO"
    return f"{name} {clause.replace('VIDEO', video)}" if clause else ""


def suggestion_for_url(found: re.Match[str]) -> str:
    """Suggest what to do with a URL."""
    if found["scheme"].lower() == "file":
        return f"file: URLs are not supported; give the path itself, /{found['rest'].lstrip('/')}."
    if found["scheme"].lower() == "data":
        return "data: URLs are not supported; save the picture as a file first."
    address = f"{found['scheme']}://{found['rest']}"
    if not found["scheme"].lower().startswith("http"):
        return f"{address} is not a local file; download it first and give the path of the file."
    quoted = shlex.quote(address)
    return f"Pictures are not downloaded from the web; save the picture first, for example with: curl -LO {quoted}"


def first_bytes_of(name: str) -> bytes:
    """Read the first bytes of a file; empty if it cannot be read."""
    path = Path(name)
    try:
        return first_bytes(path) if path.is_file() else b""
    except (OSError, ValueError):
        return b""


def by_content(head: bytes) -> str:
    """Suggestion by the first bytes of a file."""
    brand = head[8:12].decode("latin-1")
    if head[4:8] == b"ftyp" and brand.startswith(VIDEO_BRANDS):
        return VIDEO
    if head[4:8] in (b"moov", b"mdat", b"wide") or head.startswith(VIDEO_SIGNATURES):
        return VIDEO
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return VIDEO
    if head.startswith((b"%PDF", b"%!PS")):
        return DOCUMENT
    if head.startswith((b"PK\3\4", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ\0")):
        return ARCHIVE
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return WEB_PAGE
    return DRAWING if text.startswith((b"<svg", b"<?xml", b"<!doctype svg")) else ""


def by_name(name: str, head: bytes) -> str:
    """Suggestion by file extension."""
    is_video = Path(name).suffix.lower() in VIDEO_NAMES and head and not looks_like_picture(head)
    return VIDEO if is_video else ""
