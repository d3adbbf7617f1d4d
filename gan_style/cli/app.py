"""Entry point: register subcommands and map exceptions to a one-line error message and an exit code."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

from gan_style.cli.command import Command, Group, normalize_spelling
from gan_style.cli.eval import evaluate
from gan_style.cli.push import push
from gan_style.cli.streams import allow_any_file_name, reserve_descriptors
from gan_style.cli.styles import list_styles
from gan_style.cli.stylize import stylize
from gan_style.cli.train import train
from gan_style.errors import GanStyleError, UsageError, printable
from gan_style.version import __version__

EXIT_CODES = (
    "Exit codes: 0 success; 1 some of several pictures failed, --check found problems, or an unexpected error; "
    "2 invalid usage; 3 a picture cannot be read or written; 4 style not found or not a style; 5 bad training data; "
    "6 missing device, weights, memory, disk space or network; 7 training failed; 130 interrupted; 141 broken pipe."
)

EXAMPLES = {
    "stylize": (
        "gan-style stylize photo.jpg --style monet -o painting.png",
        "gan-style stylize holiday/ --style vangogh -o paintings/",
        "cat photo.jpg | gan-style stylize - --style ukiyoe > painting.png",
    ),
    "train": (
        "gan-style train --check photos/ paintings/",
        "gan-style train photos/ paintings/ -o mine.safetensors --minutes 30",
        "gan-style train --resume mine-run",
    ),
    "eval": (
        "gan-style eval -s mine.safetensors --photos new/ --paintings real/ -o report/",
        "gan-style eval --humans monet mine.safetensors --photos new/ -o question/",
        "gan-style eval --tally answers-*.json",
    ),
    "push": ("gan-style push mine.safetensors me/my-style --private",),
}

app = typer.Typer(
    name="gan-style",
    cls=Group,
    help="Turn photographs into paintings, and train new styles from two folders of pictures.\n\n"
    "Get started: gan-style stylize photo.jpg --style monet",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": normalize_spelling},
)


def unwrapped_docstring(function: Callable[..., None]) -> str:
    """Return a command's docstring with one line per paragraph, so that the help wraps at the terminal width."""
    return "\n\n".join(" ".join(one.split()) for one in (function.__doc__ or "").split("\n\n"))


def examples(name: str) -> str:
    """Return a command's usage examples, one per paragraph."""
    return "\n\n".join(["Examples:", *EXAMPLES[name]])


COMMANDS: dict[str, Callable[..., None]] = {"stylize": stylize, "train": train, "eval": evaluate, "push": push}
for name, command in COMMANDS.items():
    app.command(name, cls=Command, help=unwrapped_docstring(command), epilog=examples(name))(command)


def show_version(wanted: bool) -> None:
    """Print the version and exit."""
    if wanted:
        typer.echo(f"gan-style {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    styles: Annotated[
        bool, typer.Option("--list-styles", help="List the styles available to --style and exit.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list-styles: print JSON.")] = False,
) -> None:
    """Handle options that come before a subcommand."""
    if styles:
        from gan_style.cli.display import configure_logging

        configure_logging()
        list_styles(as_json=as_json)
        raise typer.Exit
    if as_json:
        raise UsageError("Put --json after the command, as in gan-style stylize --json, or use it with --list-styles.")


def main() -> None:
    """Run the command line; expected errors print one line and never a traceback."""
    reserve_descriptors()
    for stream in (sys.stdout, sys.stderr):
        allow_any_file_name(stream)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # Hide developer warnings of Pillow and PyTorch.
    try:
        app()
    except GanStyleError as error:
        print_error(str(error))
        sys.exit(error.exit_code)
    except MemoryError:
        print_error("out of memory; close other programs or use smaller pictures.")
        sys.exit(6)
    except OSError as error:
        from gan_style.files import is_full

        remedy = "free disk space" if is_full(error) else "check the path and its permissions"
        print_error(
            f"input/output error on {error.filename or 'standard output'} ({error.strerror or error}); {remedy}."
        )
        sys.stdout = None  # Keep Python from flushing the rest at exit and failing again.
        sys.exit(6)
    except Exception as error:
        print_unexpected(error)
        sys.exit(1)


def print_unexpected(error: Exception) -> None:
    """Report an unexpected exception in one line; with --verbose, print the traceback first."""
    from gan_style.cli.display import is_verbose

    what = printable(f"{type(error).__name__}: {error}".rstrip(": "))
    if is_verbose():
        traceback.print_exception(error)
        print_error(f"unexpected error, {what}; please report it with the traceback above.")
    else:
        print_error(f"unexpected error, {what}; rerun with --verbose to get a traceback for a bug report.")


def print_error(sentence: str) -> None:
    """Print one line to standard error."""
    print(f"gan-style: {printable(sentence)}", file=sys.stderr)
