"""Error messages for failures of the Hub."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from typing import Any

from gan_style.checkpoints.hub.address import Address
from gan_style.checkpoints.hub.cache import cache, find_cached, is_intact
from gan_style.checkpoints.hub.client import client, network_errors
from gan_style.errors import GanStyleError, ResourceError, StyleError

LOGIN = "log in with: hf auth login (or set HF_TOKEN)"
DENIED, TOO_MANY = (401, 403), 429
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@contextlib.contextmanager
def translated_errors(address: Address) -> Iterator[None]:
    """Translate exceptions of huggingface-hub.

    Raises:
        StyleError: the style does not exist, or access is denied.
        ResourceError: the Hub or the disk failed.
    """
    hub = client()
    name, page = f"hf://{address.repository}", f"{hub.constants.ENDPOINT}/{address.repository}"
    try:
        yield
    except GanStyleError:
        raise
    except hub.errors.GatedRepoError:
        raise StyleError(f"{name} is gated: request access at {page}, then {LOGIN}.") from None
    except hub.errors.RepositoryNotFoundError:
        raise StyleError(f"{name} is not on the Hub; check the name, or if it is private, {LOGIN}.") from None
    except hub.errors.RevisionNotFoundError:
        raise StyleError(f"{name} has no revision {address.revision}; {page} lists them.") from None
    except hub.errors.LocalEntryNotFoundError as error:
        raise unreachable(address, error) from None
    except hub.errors.EntryNotFoundError:
        raise StyleError(f"{name} has no file {address.file}; {page}/tree/main lists its files.") from None
    except hub.errors.HFValidationError:
        raise StyleError(f"{address} is not a valid name on the Hub; use hf://owner/repo.") from None
    except hub.errors.HfHubHTTPError as error:
        raise http_error(name, error) from None
    except network_errors() as error:
        raise unreachable(address, error) from None
    except Exception as error:  # Malformed responses, settings or file names.
        cause = error.__cause__
        raise (
            unreachable(address, cause) if isinstance(cause, network_errors()) else malformed_response(error)
        ) from None


def malformed_response(error: Exception) -> ResourceError:
    """Make the error for a malformed response or setting."""
    reason = " ".join(str(error).split()).rstrip(".")[:200]
    return ResourceError(
        f"{client().constants.ENDPOINT} does not respond like the Hub ({type(error).__name__}: {reason}); check "
        "HF_ENDPOINT, HF_TOKEN, the proxy and the file name."
    )


def http_error(name: str, error: Any) -> GanStyleError:
    """Make the error for an HTTP error status."""
    status = error.response.status_code if error.response is not None else 0
    if status in DENIED:
        return StyleError(f"The Hub denies access to {name}; {LOGIN} with an account that has it.")
    if status == TOO_MANY:
        return ResourceError("Too many requests to the Hub; wait a few minutes or log in.")
    return ResourceError(f"The Hub returned HTTP status {status} for {name}; try again later.")


def unreachable(address: Address, error: BaseException) -> GanStyleError:
    """Make the error for an unreachable Hub, offline mode or a full disk."""
    hub = client()
    if hub.constants.HF_HUB_OFFLINE:
        return ResourceError(f"{address} is not in the cache, and HF_HUB_OFFLINE prevents a download; unset it once.")
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and cause.errno and (cause.filename or cause.errno in FULL):
            place = cause.filename or cache()
            return ResourceError(f"{place} cannot be written ({cause.strerror}); free some space or set HF_HOME.")
        if isinstance(cause, hub.errors.HfHubHTTPError):
            return http_error(f"hf://{address.repository}", cause)
        if isinstance(cause, hub.errors.FileMetadataError):
            return ResourceError(
                f"{hub.constants.ENDPOINT} does not respond like the Hub; check HF_ENDPOINT and the proxy."
            )
        cause = cause.__cause__
    found = find_cached(address)
    if found and not is_intact(found):
        return ResourceError(f"{found} is damaged and cannot be downloaded again now; check the network and try again.")
    return ResourceError(
        f"{hub.constants.ENDPOINT} cannot be reached, and {address} is not in the cache; check the network and retry."
    )
