"""What people give for a picture that is none, and what helps them: web addresses, films, documents, archives."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from gan_style.imaging.kinds import beginning, looks_like_picture

ADDRESS = re.compile(r"(?P<scheme>https?|ftp|s3|gs|data|file):/*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
"""A web address; as a path it has lost one of its slashes."""

FILM_BRANDS = ("iso", "mp4", "avc", "M4V", "qt", "3gp", "3g2", "dash", "mmp4", "MSNV", "f4v", "XAVC")
"""How the brands of MP4, QuickTime and 3GP begin."""

FILM_SIGNATURES = (b"\x1aE\xdf\xa3", b"FLV\1", b"\0\0\1\xba", b"\0\0\1\xb3")
"""How Matroska, Flash and MPEG begin."""

FILM_NAMES = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".wmv", ".flv", ".mpg", ".mpeg", ".mts", ".m2ts", ".3gp"}

FILM = (
    "is a video; take its frames with ffmpeg -i VIDEO frame-%05d.png, and paint their folder with --seed 1, "
    "all in one manner."
)
DOCUMENT = "is a document; export its pages as PNG first, for instance with pdftoppm -png."
DRAWING = "is a vector drawing; export it as PNG first."
ARCHIVE = "is an archive; unpack it first and give the folder."
WEB_PAGE = "is a web page; save the picture itself, not the page around it."


def what_instead(name: str, head: bytes = b"") -> str:
    """What to do about something that is no picture, in a sentence; empty where nothing is known about it.

    Args:
        name: as it was given; a path, or what errors call it.
        head: how the content begins, 16 bytes or more where there are as many; by default that of the file.
    """
    if found := ADDRESS.match(name):
        return web_address(found)
    head = head or beginning_of(name)
    clause = by_content(head) or by_name(name, head)
    video = shlex.quote(name) if Path(name).suffix else "VIDEO"
    return f"{name} {clause.replace('VIDEO', video)}" if clause else ""


def web_address(found: re.Match[str]) -> str:
    """What to do about a web address."""
    if found["scheme"].lower() == "file":
        return f"file: addresses are not read; give the path itself, /{found['rest'].lstrip('/')}."
    if found["scheme"].lower() == "data":
        return "data: addresses are not read; save the picture as a file first."
    address = f"{found['scheme']}://{found['rest']}"
    if not found["scheme"].lower().startswith("http"):
        return f"{address} is not on this machine; download it first and give the path of the file."
    quoted = shlex.quote(address)
    return f"Nothing is downloaded from the web; save the picture first, for instance with: curl -LO {quoted}"


def beginning_of(name: str) -> bytes:
    """How a file begins; empty where it cannot be read."""
    path = Path(name)
    try:
        return beginning(path) if path.is_file() else b""
    except (OSError, ValueError):
        return b""


def by_content(head: bytes) -> str:
    """What begins so, and what to do about it."""
    brand = head[8:12].decode("latin-1")
    if head[4:8] == b"ftyp" and brand.startswith(FILM_BRANDS):
        return FILM
    if head[4:8] in (b"moov", b"mdat", b"wide") or head.startswith(FILM_SIGNATURES):
        return FILM
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return FILM
    if head.startswith((b"%PDF", b"%!PS")):
        return DOCUMENT
    if head.startswith((b"PK\3\4", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ\0")):
        return ARCHIVE
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return WEB_PAGE
    return DRAWING if text.startswith((b"<svg", b"<?xml", b"<!doctype svg")) else ""


def by_name(name: str, head: bytes) -> str:
    """What is called so, and what to do about it."""
    is_film = Path(name).suffix.lower() in FILM_NAMES and head and not looks_like_picture(head)
    return FILM if is_film else ""
