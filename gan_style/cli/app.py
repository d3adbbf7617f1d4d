"""The entry point: subcommands, and errors turned into one sentence and an exit code."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

from gan_style.cli.eval import evaluate
from gan_style.cli.push import push
from gan_style.cli.streams import keep_descriptors, write_any_name
from gan_style.cli.styles import list_styles
from gan_style.cli.stylize import stylize
from gan_style.cli.train import train
from gan_style.errors import GanStyleError, printable
from gan_style.version import __version__

EXIT_CODES = (
    "Exit codes: 0 all went well; 1 some pictures of several failed, --check found something, or an unforeseen error; "
    "2 wrong usage; 3 a picture cannot be read or written; 4 no such style, or not a style; 5 nothing to learn from; "
    "6 no such device, no weights, no memory, no space, no network; 7 training went wrong; 130 interrupted; "
    "141 nobody read on."
)

app = typer.Typer(
    name="gan-style",
    help="Turn photographs into paintings, and learn new painters from two folders of pictures.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def flowing(function: Callable[..., None]) -> str:
    """What a command's docstring says, each paragraph in one line, so that it is wrapped where the terminal ends."""
    return "\n\n".join(" ".join(one.split()) for one in (function.__doc__ or "").split("\n\n"))


COMMANDS: dict[str, Callable[..., None]] = {"stylize": stylize, "train": train, "eval": evaluate, "push": push}
for name, command in COMMANDS.items():
    app.command(name, help=flowing(command))(command)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"gan-style {__version__}")
        raise typer.Exit


def show_styles(wanted: bool) -> None:
    """Print what styles there are and stop."""
    if wanted:
        list_styles()
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    styles: Annotated[
        bool,
        typer.Option(
            "--list-styles", callback=show_styles, is_eager=True, help="Print what styles have a name or are cached."
        ),
    ] = False,
) -> None:
    """Options of the program itself."""


def main() -> None:
    """Run the command line; never a traceback for what was foreseen."""
    keep_descriptors()
    for stream in (sys.stdout, sys.stderr):
        write_any_name(stream)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # Pillow's and PyTorch's remarks to programmers.
    try:
        app()
    except GanStyleError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except MemoryError:
        complain("there is not enough memory; close other programs or use smaller pictures.")
        sys.exit(6)
    except OSError as error:
        from gan_style.files import is_full

        remedy = "make room" if is_full(error) else "check it and its permissions"
        complain(f"{error.filename or 'standard output'} fails ({error.strerror or error}); {remedy}.")
        sys.stdout = None  # Or Python would try once more to write what is left.
        sys.exit(6)


def complain(sentence: str) -> None:
    """One line on standard error."""
    print(f"gan-style: {printable(sentence)}", file=sys.stderr)
