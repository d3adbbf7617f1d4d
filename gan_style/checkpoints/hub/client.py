"""Import and configuration of huggingface-hub."""

from __future__ import annotations

import os
from typing import Any

from gan_style.errors import ResourceError

CHUNK = 1 << 18
"""Download chunk size in bytes."""


def client() -> Any:
    """Import huggingface-hub with telemetry and log messages off.

    Telemetry must be disabled before the import.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub
        from huggingface_hub import constants, errors, hf_api  # noqa: F401 - its modules load lazily
        from huggingface_hub.utils import logging
    except ValueError as error:
        raise ResourceError(
            f"An HF_* environment variable has an invalid value ({error}); correct or unset it."
        ) from None
    constants.HF_HUB_DISABLE_TELEMETRY = True  # The calling program may have imported it before.
    # A broken download resumes at the last whole chunk, and a style is smaller than the default chunk.
    constants.DOWNLOAD_CHUNK_SIZE = min(constants.DOWNLOAD_CHUNK_SIZE, CHUNK)
    if "HF_HUB_VERBOSITY" not in os.environ and "HF_DEBUG" not in os.environ:
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    return huggingface_hub


def network_errors(*others: type[BaseException]) -> tuple[type[BaseException], ...]:
    """Exception types of network and disk failures, including the base class of the client's HTTP errors."""
    return *others, OSError, client().errors.HfHubHTTPError.__mro__[1]
