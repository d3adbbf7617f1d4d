"""Shared by all subcommands: compact help, option spellings, range checks, --quiet and --verbose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

Number = TypeVar("Number", int, float)

RUNNING = "Running"
"""Help panel for device, precision, threads and verbosity; the last one in every help text."""

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only results and errors.", rich_help_panel=RUNNING)]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Log each stage with its device, precision, thread count and duration; print tracebacks of unexpected "
        "errors.",
        rich_help_panel=RUNNING,
    ),
]


class Command(TyperCommand):
    """Subcommand with compact help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help text."""
        self.params = [compact(one) for one in self.params]
        super().format_help(ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        """Return the --help option."""
        return compact(super().get_help_option(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run the command; help and completion never get here."""
        from gan_style.cli.memory import keep_freed_memory

        keep_freed_memory()
        return super().invoke(ctx)


class Group(TyperGroup):
    """Top-level command with compact help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help text."""
        self.params = [compact(one) for one in self.params]
        super().format_help(ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        """Return the --help option."""
        return compact(super().get_help_option(ctx))


def compact(parameter: Any) -> Any:
    """Shorten a parameter's left columns in the help, so that its description gets more of the line.

    Hides the type of flags and arguments, and of an on/off pair the flag that is the default.
    """
    is_argument = isinstance(parameter, TyperArgument)
    if is_argument:
        parameter.display_type_rich = lambda ctx: None  # noqa: ARG005 - passed as a keyword
    elif getattr(parameter, "is_flag", False):
        parameter.metavar = ""
        if parameter.secondary_opts and parameter.default is True:
            parameter.opts, parameter.secondary_opts = parameter.secondary_opts, []
            parameter.show_default = False
    return parameter


def normalize_spelling(word: str) -> str:
    """Map British spellings of option names to the American ones in the help."""
    return word.replace("colour", "color").replace("licence", "license")


def within(low: float, high: float | None = None) -> Callable[[Number | None], Number | None]:
    """Return a callback that rejects values outside [low, high]; the metavar or help text states the range."""

    def check(value: Number | None) -> Number | None:
        if value is None or (low <= value and (high is None or value <= high)):
            return value
        allowed = f"{low:g} or more" if high is None else f"from {low:g} to {high:g}"
        raise typer.BadParameter(f"{value:g} is not {allowed}.")

    return check


def explicit_parameters(context: typer.Context) -> list[str]:
    """Return the names of the parameters that were set on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def display_name(context: typer.Context, name: str) -> str:
    """Return a parameter's name as the user writes it on the command line."""
    parameter = next(one for one in context.command.params if one.name == name)
    if isinstance(parameter, TyperArgument):
        return parameter.metavar.strip("[].") if parameter.metavar else name.upper()
    words = parameter.secondary_opts if context.params[name] is False else parameter.opts
    return next((word for word in words if word.startswith("--")), words[0])
