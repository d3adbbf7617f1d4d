"""The local cache of huggingface-hub."""

from __future__ import annotations

from pathlib import Path

from gan_style.checkpoints.header import SUFFIX, has_description
from gan_style.checkpoints.hub.address import COMMIT, NEWEST, Address
from gan_style.checkpoints.hub.client import client
from gan_style.checkpoints.integrity import SUM, sha256_of
from gan_style.errors import StyleError

SNAPSHOTS = "snapshots"
"""Folder of a repository's commits in the cache."""


def cache() -> Path:
    """The cache folder of huggingface-hub."""
    return Path(client().constants.HF_HUB_CACHE)


def find_cached(address: Address) -> Path | None:
    """Find the file of a style in the cache; None if it is missing, or ambiguous because no file is named."""
    folder = cache() / f"models--{address.repository.replace('/', '--')}"
    revision = address.revision or NEWEST
    try:
        commit = revision if COMMIT.match(revision) else (folder / "refs" / revision).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    snapshot = folder / SNAPSHOTS / commit
    found = [snapshot / address.file] if address.file else sorted(snapshot.rglob(f"*{SUFFIX}"))
    return found[0] if COMMIT.match(commit) and len(found) == 1 and found[0].is_file() else None


def is_intact(path: Path) -> bool:
    """Whether a cached file is undamaged: the cache names large files by their SHA-256."""
    name = path.resolve().name
    if not SUM.match(name):
        return True  # A file that is not in LFS, or a cache without symbolic links.
    try:
        return sha256_of(path) == name
    except StyleError:
        return False


def source_of(path: Path) -> Address | None:
    """The Hub address of a cached file, with its commit; None for any other file."""
    if SNAPSHOTS not in path.absolute().parts:
        return None  # Saves the half second that importing huggingface-hub takes.
    try:
        folder, snapshots, commit, *names = path.absolute().relative_to(cache().absolute()).parts
    except ValueError:
        return None
    kind, *parts = folder.split("--")
    if kind != "models" or snapshots != SNAPSHOTS or len(parts) < 2 or not names:
        return None
    return Address("/".join(("--".join(parts[:-1]), parts[-1])), "/".join(names), commit)


def cached_styles() -> dict[Address, Path]:
    """Find all gan-style styles in the cache by their headers."""
    files = sorted(cache().glob(f"models--*/{SNAPSHOTS}/*/**/*{SUFFIX}"))
    sources = {source: path for path in files if (source := source_of(path)) is not None}
    return {source: path for source, path in sources.items() if has_description(path)}
