"""Upload of a style to the Hugging Face Hub: the file, a model card and preview pictures."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from gan_style.checkpoints.bundled import locate
from gan_style.checkpoints.header import SUFFIX
from gan_style.checkpoints.hub.address import SCHEME, Address, hub_address
from gan_style.checkpoints.hub.client import client, network_errors
from gan_style.checkpoints.hub.errors import LOGIN, http_error, malformed_response
from gan_style.checkpoints.style_file import read_style
from gan_style.errors import GanStyleError, PictureError, ResourceError, StyleError, UsageError
from gan_style.imaging.decoding import read_picture
from gan_style.sharing.card import CARD, card

PREVIEW_SIDE, PREVIEW_QUALITY = 1600, 90


@dataclass(frozen=True)
class Destination:
    """Repository on the Hub to upload a style to.

    Attributes:
        repository: owner and name.
        exists: whether it exists.
        public: whether it is, or will be, public.
        has_card: whether it has a model card.
    """

    repository: str
    exists: bool
    public: bool
    has_card: bool


def look_up(repository: str, *, private: bool = False) -> Destination:
    """Check that a style can be uploaded to a repository, without changing anything.

    Args:
        repository: ``owner/repo``.
        private: require a private repository.

    Raises:
        UsageError: the name is invalid, the owner is someone else, or the repository is public but should be private.
        StyleError: the user is not logged in, or access is denied.
        ResourceError: the Hub is unreachable.
    """
    address = None
    with contextlib.suppress(StyleError):
        address = hub_address(SCHEME + repository.removeprefix(SCHEME))
    if not address or address.file or address.revision:
        raise UsageError(f"{repository} is not a repository name; write owner/repo.")
    name = address.repository
    with uploading(name):
        hub = client()
        if hub.constants.HF_HUB_OFFLINE:
            raise ResourceError("HF_HUB_OFFLINE is set, so nothing can be uploaded; unset it.")
        if not hub.get_token():
            raise StyleError(f"You are not logged in to the Hub; {LOGIN}, with a token that has write access.")
        api = hub.HfApi()
        who = api.whoami()
        if token_role(who) == "read":
            raise StyleError(f"Your Hub token is read-only; {LOGIN}, with a token that has write access.")
        owners = [who["name"], *(one["name"] for one in who.get("orgs") or ())]
        if name.split("/")[0] not in owners:
            raise UsageError(f"You are {who['name']} on the Hub and cannot write to {name}; use {owners[0]}/NAME.")
        try:
            info = api.model_info(name)
        except hub.errors.RepositoryNotFoundError:
            return Destination(name, exists=False, public=not private, has_card=False)
    if private and not info.private:
        raise UsageError(f"{name} is already public; make it private on the Hub first, or remove --private.")
    files = [one.rfilename for one in info.siblings or ()]
    return Destination(name, exists=True, public=not info.private, has_card=CARD in files)


def token_role(who: Mapping[str, Any]) -> object:
    """Return the role of the token, "read", "write" or "fineGrained", or None if unknown."""
    auth = who.get("auth")
    token = auth.get("accessToken") if isinstance(auth, dict) else None
    return token.get("role") if isinstance(token, dict) else None


def push(
    style: str | os.PathLike[str],
    repository: str,
    *,
    private: bool = True,
    previews: Sequence[str | os.PathLike[str]] = (),
    replace_card: bool = False,
) -> str:
    """Upload a style to a repository on the Hugging Face Hub, which is created if missing.

    Args:
        style: what :func:`load_style` takes.
        repository: ``owner/repo``.
        private: require a private repository; otherwise a new one is public.
        previews: pictures for the model card, uploaded without metadata and resized to at most 1600 pixels a side.
        replace_card: whether to replace an existing model card.

    Returns:
        The style's address with its commit, as :func:`load_style` takes it.

    Raises:
        UsageError: the name is invalid, the owner is someone else, or the repository is public but should be private.
        StyleError: the style does not exist, the user is not logged in, or access is denied.
        PictureError: a preview cannot be read.
        ResourceError: the Hub is unreachable or fails.
    """
    found = locate(os.fspath(style))
    read_style(found.path, found.pin)  # Fail before any network access.
    pictures = [Path(one) for one in previews]
    return publish(found.path, look_up(repository, private=private), pictures, replace_card=replace_card)


def publish(path: Path, destination: Destination, previews: Sequence[Path] = (), *, replace_card: bool = False) -> str:
    """Upload a style, its card and previews in one commit.

    Previews are uploaded without metadata and resized to at most 1600 pixels a side.

    Args:
        path: the style file.
        destination: the repository, from :func:`look_up`.
        previews: pictures for the card.
        replace_card: whether to replace an existing card.

    Returns:
        The style's address with its commit.

    Raises:
        StyleError: the file is not a style, or access is denied.
        PictureError: a preview cannot be read.
        ResourceError: the Hub is unreachable or fails.
    """
    style = read_style(path)
    # A file name ends at @ in an address and at a space in a Markdown image.
    stem = re.sub(r"[^\w.-]+", "-", path.stem, flags=re.ASCII).strip("-.") or "style"
    name = f"{stem}{SUFFIX}"
    pictures = {f"preview-{stem}-{index}.jpg": preview_jpeg(one) for index, one in enumerate(previews, 1)}
    with uploading(destination.repository):
        hub = client()
        hub.utils.disable_progress_bars()
        files: dict[str, Any] = {name: str(path), **pictures}
        if replace_card or not destination.has_card:
            text = card(style, Address(destination.repository, name), list(pictures))
            hub.ModelCard(text).validate(
                repo_type="model"
            )  # Before creating a repository that would stay empty on failure.
            files[CARD] = text.encode()
        api = hub.HfApi()
        if not destination.exists:
            api.create_repo(destination.repository, private=not destination.public, exist_ok=True)
        commit = api.create_commit(
            destination.repository,
            [hub.CommitOperationAdd(place, content) for place, content in files.items()],
            commit_message=f"{stem}, painted by gan-style",
        )
    return str(Address(destination.repository, name, commit.oid))


@contextlib.contextmanager
def uploading(repository: str) -> Iterator[None]:
    """Convert exceptions of huggingface-hub to this package's errors.

    Raises:
        StyleError: access is denied.
        ResourceError: the Hub is unreachable or fails.
    """
    hub = client()
    try:
        yield
    except GanStyleError:
        raise
    except hub.errors.HfHubHTTPError as error:
        raise http_error(f"hf://{repository}", error) from None
    except hub.errors.HFValidationError:
        raise UsageError(f"{repository} is not a valid repository name; write owner/repo.") from None
    except network_errors(RuntimeError) as error:
        cause = error.__cause__
        if isinstance(cause, hub.errors.HfHubHTTPError):
            raise http_error(f"hf://{repository}", cause) from None
        raise ResourceError(
            f"{hub.constants.ENDPOINT} is unreachable ({type(cause or error).__name__}); check the network, then "
            f"upload with: gan-style push STYLE {repository}"
        ) from None
    except Exception as error:  # Any other client failure, such as an unexpected response or setting.
        raise malformed_response(error) from None


def preview_jpeg(path: Path) -> bytes:
    """Encode a picture as JPEG without metadata, at most 1600 pixels a side.

    Raises:
        PictureError: the picture cannot be read.
    """
    if path.exists() and not path.is_file():
        raise PictureError(f"{path} is not a regular file; name a picture with --preview.")
    image = Image.fromarray(read_picture(path).rgb)
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=PREVIEW_QUALITY)
    return stream.getvalue()
