"""huggingface-hub, as it is used here."""

from __future__ import annotations

import os
from typing import Any

from gan_style.errors import ResourceError

CHUNK = 1 << 18
"""Bytes of a download that are written at a time."""


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
