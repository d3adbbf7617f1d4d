"""A style's file, from the cache or else from the network."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from gan_style.checkpoints.header import FILE_LIMIT, SUFFIX
from gan_style.checkpoints.hub.address import COMMIT, Address
from gan_style.checkpoints.hub.cache import cached, intact
from gan_style.checkpoints.hub.client import client, network_errors
from gan_style.checkpoints.hub.errors import out_of_reach, sentences
from gan_style.errors import StyleError, printable

Count: TypeAlias = Callable[[str, int, int], object]
"""Told what is being done, how much of it is done, and of how much."""


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


def sole_cached(address: Address, error: BaseException | None = None) -> Path:
    """What the cache has, where the Hub cannot be asked.

    Raises:
        ResourceError: nothing, or several styles.
    """
    found = cached(address)
    if not found or not intact(found):
        raise out_of_reach(address, error or OSError())
    return found


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
