"""``gan-style push``, and what ``gan-style train --push-to`` asks and does."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_style.cli import ignored
from gan_style.cli.command import Quiet, Verbose
from gan_style.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gan_style.sharing.publishing import Destination


def push(
    context: typer.Context,
    style: Annotated[str, typer.Argument(metavar="STYLE", help="A style file.", show_default=False)],
    repository: Annotated[
        str, typer.Argument(metavar="OWNER/REPO", help="A repository on the Hub; made if need be.", show_default=False)
    ],
    private: Annotated[
        bool, typer.Option("--private", help="Make the repository private, or see that it is, instead of asking.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Make it public without asking.")] = False,
    preview: Annotated[
        list[Path] | None,
        typer.Option(
            readable=False,
            metavar="FILE",
            help="A picture for the model card; may be given several times. \\[default: preview.png of the training]",
        ),
    ] = None,
    no_preview: Annotated[bool, typer.Option("--no-preview", help="Upload no picture.")] = False,
    replace_card: Annotated[
        bool, typer.Option("--replace-card", help="Write the model card anew where there is one.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Put a style on the Hugging Face Hub.

    Uploads the style, a model card and preview pictures, and prints the style's address. What everybody would see is
    asked about first. Log in with: hf auth login, or set HF_TOKEN.

    The preview of a training shows photographs that it learned from; --no-preview leaves it out.
    """
    from gan_style.cli.display import listen, new_progress, say

    listen(quiet=quiet, verbose=verbose)
    if no_preview and preview:
        raise UsageError("Give --preview or --no-preview, not both.")
    ignored.in_sharing(context)
    with new_progress("{task.description}") as progress:
        progress.add_task(f"looking up {repository}", total=None)
        from gan_style.checkpoints.bundled import locate
        from gan_style.checkpoints.style_file import read_style
        from gan_style.sharing.publishing import look_up

        found = locate(style)
        path = found.path
        read_style(path, found.pin)  # Fails before anything is asked.
        destination = look_up(repository, private=private)
    pictures = [] if no_preview else preview or preview_of(path)
    ask(destination, [path.name, *(str(one) for one in pictures)], yes=yes)
    say(upload(path, destination, pictures, replace_card=replace_card))


def preview_of(path: Path) -> list[Path]:
    """The preview of the training that a style came from, if it lies beside."""
    preview = path.with_name(f"{path.stem}-run") / "preview.png"
    return [preview] if preview.is_file() else []


def ask(destination: Destination, files: Sequence[str], *, yes: bool) -> None:
    """Ask before anything is made public.

    Raises:
        UsageError: there is nobody to ask.
        typer.Exit: the answer is no.
    """
    from gan_style.cli.display import is_terminal, warn

    if not destination.public or yes:
        return
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        raise UsageError(f"{destination.repository} would be public; give --yes to agree, or --private.")
    state = "is public" if destination.exists else "will be made, and be public"
    try:
        agreed = typer.confirm(f"{destination.repository} {state}: all see {', '.join(files)}. Go on?", err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None
    if not agreed:
        warn("nothing was uploaded.")
        raise typer.Exit(1)


def upload(path: Path, destination: Destination, previews: Sequence[Path], *, replace_card: bool = False) -> str:
    """Upload, with a sign of life, and say what stays as it was; the style's address."""
    from rich.progress import BarColumn, TimeElapsedColumn

    from gan_style.cli.display import description, new_progress, warn
    from gan_style.sharing.publishing import publish

    with new_progress(BarColumn(16), TimeElapsedColumn(), description()) as progress:
        progress.add_task(f"uploading {path.name} to {destination.repository}", total=None)
        address = publish(path, destination, previews, replace_card=replace_card)
    if destination.has_card and not replace_card:
        warn(
            f"the model card of {destination.repository} stays as it is; gan-style push --replace-card writes it anew."
        )
    return address


@dataclass(frozen=True)
class Sharing:
    """Where the finished style is to be put.

    Attributes:
        destination: on the Hub.
        preview: whether a picture goes with it.
    """

    destination: Destination
    preview: bool

    @classmethod
    def agreed(cls, repository: str, *, private: bool, yes: bool, preview: bool) -> Sharing | None:
        """Look it up and ask before the training, not after it; None in a process that others speak for."""
        from gan_style.cli.display import is_first
        from gan_style.sharing.publishing import look_up

        if not is_first():
            return None
        destination = look_up(repository, private=private)
        ask(destination, ["the style", *(["preview.png of this training"] if preview else [])], yes=yes)
        return cls(destination, preview)

    def share(self, style: Path) -> None:
        """Upload a style."""
        from gan_style.cli.display import say

        say(upload(style, self.destination, preview_of(style) if self.preview else []))
