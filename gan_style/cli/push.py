"""``gan-style push``, and the upload of ``gan-style train --push-to``."""

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
        str, typer.Argument(metavar="OWNER/REPO", help="Repository on the Hub; created if missing.", show_default=False)
    ],
    private: Annotated[bool, typer.Option("--private", help="Use a private repository; fail if it is public.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Publish without asking for confirmation.")] = False,
    preview: Annotated[
        list[Path] | None,
        typer.Option(
            readable=False,
            metavar="FILE",
            help="Picture for the model card; repeatable. \\[default: preview.png of the training run]",
        ),
    ] = None,
    no_preview: Annotated[bool, typer.Option("--no-preview", help="Upload no picture.")] = False,
    replace_card: Annotated[bool, typer.Option("--replace-card", help="Replace an existing model card.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Upload a style to the Hugging Face Hub.

    Uploads the style, a model card and preview pictures, and prints the style's address. Asks for confirmation before
    anything becomes public. Log in with hf auth login, or set HF_TOKEN.

    The preview of a training run shows some of its training photographs; --no-preview omits it.
    """
    from gan_style.cli.display import configure_logging, new_progress, print_result

    configure_logging(quiet=quiet, verbose=verbose)
    if no_preview and preview:
        raise UsageError("Give --preview or --no-preview, not both.")
    ignored.check_push(context)
    with new_progress("{task.description}") as progress:
        progress.add_task(f"looking up {repository}", total=None)
        from gan_style.checkpoints.bundled import locate
        from gan_style.checkpoints.style_file import read_style
        from gan_style.sharing.publishing import look_up

        found = locate(style)
        path = found.path
        read_style(path, found.pin)  # Fail before asking for confirmation.
        destination = look_up(repository, private=private)
    pictures = [] if no_preview else preview or preview_of(path)
    confirm_public(destination, [path.name, *(str(one) for one in pictures)], yes=yes)
    print_result(upload(path, destination, pictures, replace_card=replace_card))


def preview_of(path: Path) -> list[Path]:
    """Return preview.png of the run folder next to a style, or nothing if there is none."""
    preview = path.with_name(f"{path.stem}-run") / "preview.png"
    return [preview] if preview.is_file() else []


def confirm_public(destination: Destination, files: Sequence[str], *, yes: bool) -> None:
    """Ask for confirmation before anything becomes public.

    Raises:
        UsageError: confirmation is needed, but there is no terminal.
        typer.Exit: the answer is no.
    """
    from gan_style.cli.display import is_terminal, warn

    if not destination.public or yes:
        return
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        raise UsageError(f"{destination.repository} would be public; confirm with --yes, or use --private.")
    state = "is public" if destination.exists else "will be created as a public repository"
    try:
        agreed = typer.confirm(
            f"{destination.repository} {state}; everyone will see {', '.join(files)}. Continue?", err=True
        )
    except typer.Abort:
        raise KeyboardInterrupt from None
    if not agreed:
        warn("nothing was uploaded.")
        raise typer.Exit(1)


def upload(path: Path, destination: Destination, previews: Sequence[Path], *, replace_card: bool = False) -> str:
    """Upload a style with a progress display and return its address; note if an existing model card was kept."""
    from rich.progress import BarColumn, TimeElapsedColumn

    from gan_style.cli.display import description, new_progress, warn
    from gan_style.sharing.publishing import publish

    with new_progress(BarColumn(16), TimeElapsedColumn(), description()) as progress:
        progress.add_task(f"uploading {path.name} to {destination.repository}", total=None)
        address = publish(path, destination, previews, replace_card=replace_card)
    if destination.has_card and not replace_card:
        warn(
            f"kept the existing model card of {destination.repository}; replace it with gan-style push --replace-card."
        )
    return address


@dataclass(frozen=True)
class Sharing:
    """Upload of a style after its training.

    Attributes:
        destination: repository on the Hub.
        preview: whether to upload preview.png.
    """

    destination: Destination
    preview: bool

    @classmethod
    def confirm(cls, repository: str, *, private: bool, yes: bool, preview: bool) -> Sharing | None:
        """Look up the repository and ask for confirmation before training; None in processes other than rank 0."""
        from gan_style.cli.display import is_main_process
        from gan_style.sharing.publishing import look_up

        if not is_main_process():
            return None
        destination = look_up(repository, private=private)
        confirm_public(destination, ["the style", *(["preview.png of this training run"] if preview else [])], yes=yes)
        return cls(destination, preview)

    def share(self, style: Path) -> None:
        """Upload a style and print its address."""
        from gan_style.cli.display import print_result

        print_result(upload(style, self.destination, preview_of(style) if self.preview else []))
