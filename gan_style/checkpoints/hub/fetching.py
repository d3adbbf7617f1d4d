"""Downloads of styles from the Hub, through the cache."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from gan_style.checkpoints.header import FILE_LIMIT, SUFFIX
from gan_style.checkpoints.hub.address import COMMIT, Address
from gan_style.checkpoints.hub.cache import find_cached, is_intact
from gan_style.checkpoints.hub.client import client, network_errors
from gan_style.checkpoints.hub.errors import translated_errors, unreachable
from gan_style.errors import StyleError, printable

ProgressCallback: TypeAlias = Callable[[str, int, int], object]
"""Progress callback: description, amount done, total amount."""


def fetch(address: Address, progress: ProgressCallback | None = None) -> Path:
    """Return the file of a style from the cache, after downloading it if necessary.

    An explicit branch or tag is looked up on the Hub each time, and in the cache if the Hub cannot be reached. If no
    file is named and the cache has exactly one style of the repository, that one is used.

    Args:
        address: the style.
        progress: receives the downloaded bytes.

    Raises:
        StyleError: there is no such repository, revision or file, access is denied, or the style is ambiguous.
        ResourceError: the Hub cannot be reached and the cache does not have the style, or the disk is full.
    """
    if not address.revision or COMMIT.match(address.revision):
        found = find_cached(address)
        if found and is_intact(found):
            return found
    with translated_errors(address):
        hub = client()
        if not address.file:
            if hub.constants.HF_HUB_OFFLINE:
                return cached_style(address)
            try:
                info = hub.HfApi().model_info(address.repository, revision=address.revision or None)
            except hub.errors.HfHubHTTPError as error:
                if error.response is not None and error.response.status_code < 500:
                    raise
                return cached_style(address, error)
            except hub.errors.HFValidationError:
                raise
            except network_errors(ValueError, TypeError, KeyError) as error:  # The latter if another server responds.
                return cached_style(address, error)
            names = [one.rfilename for one in info.siblings or () if one.rfilename.endswith(SUFFIX)]
            address = replace(address, file=only_style(names, address))
        place: dict[str, Any] = {
            "repo_id": address.repository,
            "filename": address.file,
            "revision": address.revision or None,
        }
        about = hub.hf_hub_download(**place, dry_run=True)
        if about.file_size and about.file_size > FILE_LIMIT:
            raise StyleError(
                f"{address} is larger than {FILE_LIMIT >> 20} MiB, so it is not a style; check the address."
            )
        bar = bar_for(address, progress)
        path = Path(hub.hf_hub_download(**place, tqdm_class=bar))
        if not is_intact(path):
            path = Path(hub.hf_hub_download(**place, tqdm_class=bar, force_download=True))
        return path


def cached_style(address: Address, error: BaseException | None = None) -> Path:
    """Find the style in the cache if the Hub cannot be reached.

    Raises:
        ResourceError: the cache has none, or several.
    """
    found = find_cached(address)
    if not found or not is_intact(found):
        raise unreachable(address, error or OSError())
    return found


def only_style(names: list[str], address: Address) -> str:
    """Return the only style among the files of a repository.

    Raises:
        StyleError: there is none, or several.
    """
    if not names:
        raise StyleError(f"{address} has no {SUFFIX} file, so there is no style in it; check the name on the Hub.")
    if len(names) > 1:
        several = ", ".join(str(replace(address, file=printable(name))) for name in sorted(names)[:20])
        raise StyleError(f"{address} has several styles; use one of: {several}.")
    return names[0]


def bar_for(address: Address, progress: ProgressCallback | None) -> type:
    """Make a tqdm class for huggingface-hub that draws nothing and reports to ``progress``."""
    from huggingface_hub.utils.tqdm import tqdm

    name = address.file.rsplit("/", 1)[-1]

    class Bar(tqdm):
        """Reports bytes, and aborts a download that exceeds the maximum size of a style."""

        def __init__(self, *_args: Any, **options: Any) -> None:
            self.done = options.get("initial") or 0
            # A disabled bar would not count, so draw into a discarded buffer.
            super().__init__(total=options.get("total"), initial=self.done, file=io.StringIO(), mininterval=3600)  # type: ignore[no-untyped-call]
            self.tell()

        def update(self, n: float | None = 1) -> bool | None:
            self.done += n or 0
            if self.done > FILE_LIMIT:
                raise StyleError(
                    f"{address} is larger than {FILE_LIMIT >> 20} MiB, so it is not a style; check the address."
                )
            self.tell()
            return None

        def tell(self) -> None:
            if progress:
                progress(f"downloading {printable(name)}", int(self.done), int(self.total or self.done))

    return Bar
