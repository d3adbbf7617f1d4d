"""What huggingface-hub has kept on this machine."""

from __future__ import annotations

from pathlib import Path

from gan_style.checkpoints.header import SUFFIX, has_description
from gan_style.checkpoints.hub.address import COMMIT, NEWEST, Address
from gan_style.checkpoints.hub.client import client
from gan_style.checkpoints.integrity import SUM, sum_of
from gan_style.errors import StyleError

SNAPSHOTS = "snapshots"
"""The folder of a repository's commits in the cache."""


def cache() -> Path:
    """Where huggingface-hub keeps what was downloaded."""
    return Path(client().constants.HF_HUB_CACHE)


def cached(address: Address) -> Path | None:
    """The file of a style in the cache; None where it is not there, or several are and none is named."""
    folder = cache() / f"models--{address.repository.replace('/', '--')}"
    revision = address.revision or NEWEST
    try:
        commit = revision if COMMIT.match(revision) else (folder / "refs" / revision).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    snapshot = folder / SNAPSHOTS / commit
    found = [snapshot / address.file] if address.file else sorted(snapshot.rglob(f"*{SUFFIX}"))
    return found[0] if COMMIT.match(commit) and len(found) == 1 and found[0].is_file() else None


def intact(path: Path) -> bool:
    """Whether a file in the cache is what was downloaded: the cache names files by their sums."""
    name = path.resolve().name
    if not SUM.match(name):
        return True  # A small file that its repository does not keep as a large one, or a cache without links.
    try:
        return sum_of(path) == name
    except StyleError:
        return False


def source_of(path: Path) -> Address | None:
    """Where a file in the cache came from, with its commit; None for any other file."""
    if SNAPSHOTS not in path.absolute().parts:
        return None  # As for most files, without half a second for importing huggingface-hub.
    try:
        folder, snapshots, commit, *names = path.absolute().relative_to(cache().absolute()).parts
    except ValueError:
        return None
    kind, *parts = folder.split("--")
    if kind != "models" or snapshots != SNAPSHOTS or len(parts) < 2 or not names:
        return None
    return Address("/".join(("--".join(parts[:-1]), parts[-1])), "/".join(names), commit)


def cached_styles() -> dict[Address, Path]:
    """All gan-style styles in the cache, told from the beginnings of their files."""
    files = sorted(cache().glob(f"models--*/{SNAPSHOTS}/*/**/*{SUFFIX}"))
    sources = {source: path for path in files if (source := source_of(path)) is not None}
    return {source: path for source, path in sources.items() if has_description(path)}
