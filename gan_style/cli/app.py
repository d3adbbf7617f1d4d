"""The entry point: subcommands, and errors turned into one sentence and an exit code."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

from gan_style.cli.command import Command, Group, american
from gan_style.cli.eval import evaluate
from gan_style.cli.memory import keep_freed_memory
from gan_style.cli.push import push
from gan_style.cli.streams import keep_descriptors, write_any_name
from gan_style.cli.styles import list_styles
from gan_style.cli.stylize import stylize
from gan_style.cli.train import train
from gan_style.errors import GanStyleError, UsageError, printable
from gan_style.version import __version__

EXIT_CODES = (
    "Exit codes: 0 all went well; 1 some pictures of several failed, --check found something, or an unforeseen error; "
    "2 wrong usage; 3 a picture cannot be read or written; 4 no such style, or not a style; 5 nothing to learn from; "
    "6 no such device, no weights, no memory, no space, no network; 7 training went wrong; 130 interrupted; "
    "141 nobody read on."
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
    help="Turn photographs into paintings, and learn new painters from two folders of pictures.\n\n"
    "Begin with: gan-style stylize photo.jpg --style monet",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": american},
)


def flowing(function: Callable[..., None]) -> str:
    """What a command's docstring says, each paragraph in one line, so that it is wrapped where the terminal ends."""
    return "\n\n".join(" ".join(one.split()) for one in (function.__doc__ or "").split("\n\n"))


def examples(name: str) -> str:
    """How a command is used, each example in a line of its own."""
    return "\n\n".join(["Examples:", *EXAMPLES[name]])


COMMANDS: dict[str, Callable[..., None]] = {"stylize": stylize, "train": train, "eval": evaluate, "push": push}
for name, command in COMMANDS.items():
    app.command(name, cls=Command, help=flowing(command), epilog=examples(name))(command)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"gan-style {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[  # noqa: ARG001 - its callback has seen to it
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    styles: Annotated[
        bool, typer.Option("--list-styles", help="Print the styles that --style knows by name, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list-styles: as JSON.")] = False,
) -> None:
    """Options of the program itself."""
    if styles:
        from gan_style.cli.display import listen

        listen()
        list_styles(as_json=as_json)
        raise typer.Exit
    if as_json:
        raise UsageError("--json comes after the command, as in gan-style stylize --json, or with --list-styles.")


def main() -> None:
    """Run the command line; never a traceback for what was foreseen."""
    keep_descriptors()
    keep_freed_memory()
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
    except Exception as error:
        unforeseen(error)
        sys.exit(1)


def unforeseen(error: Exception) -> None:
    """One sentence about a fault of ours; with --verbose where it happened, too."""
    from gan_style.cli.display import is_verbose

    what = printable(f"{type(error).__name__}: {error}".rstrip(": "))
    if is_verbose():
        traceback.print_exception(error)
        complain(f"unforeseen error, {what}; please report it with all that is printed above.")
    else:
        complain(f"unforeseen error, {what}; the same command with --verbose shows where, which helps a report.")


def complain(sentence: str) -> None:
    """One line on standard error."""
    print(f"gan-style: {printable(sentence)}", file=sys.stderr)
