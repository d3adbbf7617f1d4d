"""What goes wrong with the Hub, as sentences."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from typing import Any

from gan_style.checkpoints.hub.address import Address
from gan_style.checkpoints.hub.cache import cache, cached, intact
from gan_style.checkpoints.hub.client import client, network_errors
from gan_style.errors import GanStyleError, ResourceError, StyleError

LOGIN = "log in with: hf auth login (or set HF_TOKEN)"
DENIED, TOO_MANY = (401, 403), 429
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


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
