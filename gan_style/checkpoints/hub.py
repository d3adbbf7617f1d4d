"""Styles on the Hugging Face Hub: what an address names, from the cache or else from the network.

Everything goes through huggingface-hub and its cache, and so heeds HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
Nothing but safetensors files is ever downloaded, and nothing is counted or reported.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from gan_style.checkpoints.header import FILE_LIMIT, SUFFIX, has_description
from gan_style.checkpoints.integrity import SUM, sum_of
from gan_style.errors import GanStyleError, ResourceError, StyleError, printable

Count: TypeAlias = Callable[[str, int, int], object]
"""Told what is being done, how much of it is done, and of how much."""

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

LOGIN = "log in with: hf auth login (or set HF_TOKEN)"
DENIED, TOO_MANY = (401, 403), 429
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)

CHUNK = 1 << 18
"""Bytes of a download that are written at a time."""


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


def fetch(address: Address, progress: Count | None = None) -> Path:
    """The file of a style, from the cache if it is there, else downloaded into it.

    A branch or tag that is named is looked up on the Hub each time, and in the cache where that is out of reach.
    Where no file is named, the cache is believed if it holds one style of the repository.

    Args:
        address: what is wanted.
        progress: told of bytes.

    Raises:
        StyleError: there is no such repository, revision or file, access is denied, or it is no single style.
        ResourceError: the Hub is out of reach and the cache does not have it, or the disk is full.
    """
    if not address.revision or COMMIT.match(address.revision):
        found = cached(address)
        if found and intact(found):
            return found
    with sentences(address):
        hub = client()
        if not address.file:
            if hub.constants.HF_HUB_OFFLINE:
                return sole_cached(address)
            try:
                info = hub.HfApi().model_info(address.repository, revision=address.revision or None)
            except hub.errors.HfHubHTTPError as error:
                if error.response is not None and error.response.status_code < 500:
                    raise
                return sole_cached(address, error)
            except hub.errors.HFValidationError:
                raise
            except network_errors(ValueError, TypeError, KeyError) as error:  # These where no Hub answered.
                return sole_cached(address, error)
            names = [one.rfilename for one in info.siblings or () if one.rfilename.endswith(SUFFIX)]
            address = replace(address, file=only(names, address))
        place: dict[str, Any] = {
            "repo_id": address.repository,
            "filename": address.file,
            "revision": address.revision or None,
        }
        about = hub.hf_hub_download(**place, dry_run=True)
        if about.file_size and about.file_size > FILE_LIMIT:
            raise StyleError(f"{address} is larger than {FILE_LIMIT >> 20} MiB, so it is no style and not downloaded.")
        bar = bar_for(address, progress)
        path = Path(hub.hf_hub_download(**place, tqdm_class=bar))
        if not intact(path):
            path = Path(hub.hf_hub_download(**place, tqdm_class=bar, force_download=True))
        return path


def client() -> Any:
    """huggingface-hub, which counts nothing and says nothing here.

    It reports the program that runs it unless it is told not to before it is imported.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub
        from huggingface_hub import constants, errors, hf_api  # noqa: F401 - it loads its modules when asked for
        from huggingface_hub.utils import logging
    except ValueError as error:
        raise ResourceError(f"An environment variable that begins with HF_ holds nonsense ({error}).") from None
    constants.HF_HUB_DISABLE_TELEMETRY = True  # A program that uses this library may have imported it before.
    # What has arrived when a connection breaks is kept by whole chunks, and a style is smaller than a usual one.
    constants.DOWNLOAD_CHUNK_SIZE = min(constants.DOWNLOAD_CHUNK_SIZE, CHUNK)
    if "HF_HUB_VERBOSITY" not in os.environ and "HF_DEBUG" not in os.environ:
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    return huggingface_hub


def network_errors(*others: type[BaseException]) -> tuple[type[BaseException], ...]:
    """What is raised where the network or the disk fails: the base of all that the client raises is one of them."""
    return *others, OSError, client().errors.HfHubHTTPError.__mro__[1]


def bar_for(address: Address, progress: Count | None) -> type:
    """A progress bar, as huggingface-hub wants one, that draws nothing and tells ``progress``."""
    from huggingface_hub.utils.tqdm import tqdm

    name = address.file.rsplit("/", 1)[-1]

    class Bar(tqdm):
        """Tells of bytes, and ends a download that turns out larger than a style can be."""

        def __init__(self, *_args: Any, **options: Any) -> None:
            self.done = options.get("initial") or 0
            # Not disabled, since it would not count then; what it draws goes nowhere.
            super().__init__(total=options.get("total"), initial=self.done, file=io.StringIO(), mininterval=3600)  # type: ignore[no-untyped-call]
            self.tell()

        def update(self, n: float | None = 1) -> bool | None:
            self.done += n or 0
            if self.done > FILE_LIMIT:
                raise StyleError(f"{address} is larger than {FILE_LIMIT >> 20} MiB, so it is no style.")
            self.tell()
            return None

        def tell(self) -> None:
            if progress:
                progress(f"downloading {printable(name)}", int(self.done), int(self.total or self.done))

    return Bar


def only(names: list[str], address: Address) -> str:
    """The one style among the files of a repository.

    Raises:
        StyleError: there is none, or several.
    """
    if not names:
        raise StyleError(f"{address} holds no {SUFFIX} file, so there is no style in it; check the name on the Hub.")
    if len(names) > 1:
        several = ", ".join(str(replace(address, file=printable(name))) for name in sorted(names)[:20])
        raise StyleError(f"{address} holds several styles; name one of: {several}.")
    return names[0]


@contextlib.contextmanager
def sentences(address: Address) -> Iterator[None]:
    """Turn what huggingface-hub raises into sentences.

    Raises:
        StyleError: what is asked for is not there or not allowed.
        ResourceError: the Hub or the disk fails.
    """
    hub = client()
    name, page = f"hf://{address.repository}", f"{hub.constants.ENDPOINT}/{address.repository}"
    try:
        yield
    except GanStyleError:
        raise
    except hub.errors.GatedRepoError:
        raise StyleError(f"{name} is gated: ask for access at {page}, then {LOGIN}.") from None
    except hub.errors.RepositoryNotFoundError:
        raise StyleError(f"{name} is not on the Hub; check the name, or where it is private {LOGIN}.") from None
    except hub.errors.RevisionNotFoundError:
        raise StyleError(f"{name} has no revision {address.revision}; {page} lists them.") from None
    except hub.errors.LocalEntryNotFoundError as error:
        raise out_of_reach(address, error) from None
    except hub.errors.EntryNotFoundError:
        raise StyleError(f"{name} holds no file {address.file}; its files are listed at {page}/tree/main.") from None
    except hub.errors.HFValidationError:
        raise StyleError(f"{address} is no name that the Hub allows; write hf://owner/repo.") from None
    except hub.errors.HfHubHTTPError as error:
        raise answered(name, error) from None
    except network_errors() as error:
        raise out_of_reach(address, error) from None
    except Exception as error:  # What the client raises where an answer, a setting or a file's name is beyond it.
        cause = error.__cause__
        raise (out_of_reach(address, cause) if isinstance(cause, network_errors()) else beyond(error)) from None


def beyond(error: Exception) -> ResourceError:
    """What to say where the client did not understand what answered, or its own settings."""
    reason = " ".join(str(error).split()).rstrip(".")[:200]
    return ResourceError(
        f"Nothing at {client().constants.ENDPOINT} answers as the Hub does ({type(error).__name__}: {reason}); check "
        "HF_ENDPOINT, HF_TOKEN, the proxy and the file's name."
    )


def answered(name: str, error: Any) -> GanStyleError:
    """What to say where the Hub answered with an error."""
    status = error.response.status_code if error.response is not None else 0
    if status in DENIED:
        return StyleError(f"The Hub denies access to {name}; {LOGIN} with an account that has it.")
    if status == TOO_MANY:
        return ResourceError("The Hub has had too many requests from here; wait some minutes, or log in.")
    return ResourceError(f"The Hub failed with HTTP status {status} at {name}; try again later.")


def out_of_reach(address: Address, error: BaseException) -> GanStyleError:
    """What to say where nothing answered, or nothing was asked."""
    hub = client()
    if hub.constants.HF_HUB_OFFLINE:
        return ResourceError(f"{address} is not in the cache and HF_HUB_OFFLINE forbids a download; unset that once.")
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and cause.errno and (cause.filename or cause.errno in FULL):
            place = cause.filename or cache()
            return ResourceError(f"{place} cannot be written ({cause.strerror}); make room or set HF_HOME.")
        if isinstance(cause, hub.errors.HfHubHTTPError):
            return answered(f"hf://{address.repository}", cause)
        if isinstance(cause, hub.errors.FileMetadataError):
            return ResourceError(
                f"{hub.constants.ENDPOINT} answers, but not as the Hub does; check HF_ENDPOINT and proxy."
            )
        cause = cause.__cause__
    found = cached(address)
    if found and not intact(found):
        return ResourceError(f"{found} is damaged and cannot be downloaded again now; check the network and try again.")
    return ResourceError(
        f"{hub.constants.ENDPOINT} is out of reach and {address} is not in the cache; check the network and try again."
    )


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
    snapshot = folder / "snapshots" / commit
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


def sole_cached(address: Address, error: BaseException | None = None) -> Path:
    """What the cache has, where the Hub cannot be asked.

    Raises:
        ResourceError: nothing, or several styles.
    """
    found = cached(address)
    if not found or not intact(found):
        raise out_of_reach(address, error or OSError())
    return found


def source_of(path: Path) -> Address | None:
    """Where a file in the cache came from, with its commit; None for any other file."""
    try:
        folder, snapshots, commit, *names = path.absolute().relative_to(cache().absolute()).parts
    except ValueError:
        return None
    kind, *parts = folder.split("--")
    if kind != "models" or snapshots != "snapshots" or len(parts) < 2 or not names:
        return None
    return Address("/".join(("--".join(parts[:-1]), parts[-1])), "/".join(names), commit)


def cached_styles() -> dict[Address, Path]:
    """All gan-style styles in the cache, told from the beginnings of their files."""
    files = sorted(cache().glob(f"models--*/snapshots/*/**/*{SUFFIX}"))
    sources = {source: path for path in files if (source := source_of(path)) is not None}
    return {source: path for source, path in sources.items() if has_description(path)}
