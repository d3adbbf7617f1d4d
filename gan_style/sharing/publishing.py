"""A style put on the Hugging Face Hub: the file, a model card that says what it is, and pictures of what it does."""

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
    """A repository that a style is to be put into.

    Attributes:
        repository: owner and name.
        exists: whether it is there already.
        public: whether everybody will see what is put there.
        has_card: whether it has a model card.
    """

    repository: str
    exists: bool
    public: bool
    has_card: bool


def look_up(repository: str, *, private: bool = False) -> Destination:
    """See whether a style can be put into a repository, before anything is trained or changed.

    Args:
        repository: ``owner/repo``.
        private: whether only its owner is to see it.

    Raises:
        UsageError: it is no name of a repository, belongs to somebody else, or is public and should not be.
        StyleError: nobody is logged in, or may not look.
        ResourceError: the Hub is out of reach.
    """
    address = None
    with contextlib.suppress(StyleError):
        address = hub_address(SCHEME + repository.removeprefix(SCHEME))
    if not address or address.file or address.revision:
        raise UsageError(f"A style is put into a repository, written owner/repo, not {repository}.")
    name = address.repository
    with uploading(name):
        hub = client()
        if hub.constants.HF_HUB_OFFLINE:
            raise ResourceError("HF_HUB_OFFLINE is set, so that nothing can be uploaded; unset it.")
        if not hub.get_token():
            raise StyleError(f"Nobody is logged in on the Hub; {LOGIN}, with a token that may write.")
        api = hub.HfApi()
        who = api.whoami()
        if token_role(who) == "read":
            raise StyleError(f"The token for the Hub may only read; {LOGIN}, with a token that may write.")
        owners = [who["name"], *(one["name"] for one in who.get("orgs") or ())]
        if name.split("/")[0] not in owners:
            raise UsageError(f"You are {who['name']} on the Hub and cannot write to {name}; use {owners[0]}/NAME.")
        try:
            info = api.model_info(name)
        except hub.errors.RepositoryNotFoundError:
            return Destination(name, exists=False, public=not private, has_card=False)
    if private and not info.private:
        raise UsageError(f"{name} is public already; make it private on the Hub first, or leave --private out.")
    files = [one.rfilename for one in info.siblings or ()]
    return Destination(name, exists=True, public=not info.private, has_card=CARD in files)


def token_role(who: Mapping[str, Any]) -> object:
    """What the Hub says of the token: "read", "write" or "fineGrained"; None where it says nothing."""
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
    """Put a style into a repository on the Hugging Face Hub, which is made if need be.

    Args:
        style: what :func:`load_style` takes.
        repository: ``owner/repo``.
        private: whether only its owner may see it; a new repository is public otherwise.
        previews: pictures for its model card, sent without metadata and at most 1600 pixels a side.
        replace_card: whether a model card that is there may be replaced; otherwise it stays as it is.

    Returns:
        The style's address with its commit, as :func:`load_style` takes it.

    Raises:
        UsageError: it is no name of a repository, belongs to somebody else, or is public and should not be.
        StyleError: there is no such style, nobody is logged in, or access is denied.
        PictureError: a preview cannot be read.
        ResourceError: the Hub is out of reach or fails.
    """
    found = locate(os.fspath(style))
    read_style(found.path, found.pin)  # Fails before anything is looked up.
    pictures = [Path(one) for one in previews]
    return publish(found.path, look_up(repository, private=private), pictures, replace_card=replace_card)


def publish(path: Path, destination: Destination, previews: Sequence[Path] = (), *, replace_card: bool = False) -> str:
    """Upload a style, all in one commit.

    Pictures are sent without their metadata and no larger than they are seen.

    Args:
        path: the style's file.
        destination: where to, from :func:`look_up`.
        previews: pictures for the card.
        replace_card: whether a card that is there may be replaced; otherwise it stays as it is.

    Returns:
        The style's address with its commit.

    Raises:
        StyleError: the file is no style, or access is denied.
        PictureError: a preview cannot be read.
        ResourceError: the Hub is out of reach or fails.
    """
    style = read_style(path)
    # An address ends its file's name at an @, and Markdown a picture's at a space.
    stem = re.sub(r"[^\w.-]+", "-", path.stem, flags=re.ASCII).strip("-.") or "style"
    name = f"{stem}{SUFFIX}"
    pictures = {f"preview-{stem}-{index}.jpg": shrunk(one) for index, one in enumerate(previews, 1)}
    with uploading(destination.repository):
        hub = client()
        hub.utils.disable_progress_bars()
        files: dict[str, Any] = {name: str(path), **pictures}
        if replace_card or not destination.has_card:
            text = card(style, Address(destination.repository, name), list(pictures))
            hub.ModelCard(text).validate(repo_type="model")  # Before there is a repository without anything in it.
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
    """Turn what huggingface-hub raises into sentences.

    Raises:
        StyleError: access is denied.
        ResourceError: the Hub is out of reach or fails.
    """
    hub = client()
    try:
        yield
    except GanStyleError:
        raise
    except hub.errors.HfHubHTTPError as error:
        raise http_error(f"hf://{repository}", error) from None
    except hub.errors.HFValidationError:
        raise UsageError(f"{repository} is no name that the Hub allows; write owner/repo.") from None
    except network_errors(RuntimeError) as error:
        cause = error.__cause__
        if isinstance(cause, hub.errors.HfHubHTTPError):
            raise http_error(f"hf://{repository}", cause) from None
        raise ResourceError(
            f"{hub.constants.ENDPOINT} is out of reach ({type(cause or error).__name__}); check the network, then "
            f"upload with: gan-style push STYLE {repository}"
        ) from None
    except Exception as error:  # What the client raises where an answer or a setting is beyond it.
        raise malformed_response(error) from None


def shrunk(path: Path) -> bytes:
    """A picture as JPEG without metadata, its sides 1600 pixels at the most.

    Raises:
        PictureError: it cannot be read.
    """
    if path.exists() and not path.is_file():
        raise PictureError(f"{path} is no ordinary file; give --preview a picture.")
    image = Image.fromarray(read_picture(path).rgb)
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=PREVIEW_QUALITY)
    return stream.getvalue()
