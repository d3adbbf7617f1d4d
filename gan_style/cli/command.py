"""What all subcommands share: help that leaves room for words, spellings, ranges, and how much is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

Number = TypeVar("Number", int, float)

RUNNING = "Running"
"""The group of options that say where and how it runs, the last in every help."""

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.", rich_help_panel=RUNNING)]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Say what is done, with which device, precision and threads, and how long it takes; show where an "
        "unforeseen error came from.",
        rich_help_panel=RUNNING,
    ),
]


class Command(TyperCommand):
    """A subcommand."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the help, and stop."""
        self.params = [roomy(one) for one in self.params]
        super().format_help(ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        """The option for help itself."""
        return roomy(super().get_help_option(ctx))


class Group(TyperGroup):
    """The program itself."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the help, and stop."""
        self.params = [roomy(one) for one in self.params]
        super().format_help(ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        """The option for help itself."""
        return roomy(super().get_help_option(ctx))


def roomy(parameter: Any) -> Any:
    """A parameter as the help shows it: without what says little and leaves less of a line for what it does.

    Flags and arguments need no type, and of two flags the one that is the default anyway is not named.
    """
    is_argument = isinstance(parameter, TyperArgument)
    if is_argument:
        parameter.display_type_rich = lambda ctx: None  # noqa: ARG005 - called by that name
    elif getattr(parameter, "is_flag", False):
        parameter.metavar = ""
        if parameter.secondary_opts and parameter.default is True:
            parameter.opts, parameter.secondary_opts = parameter.secondary_opts, []
            parameter.show_default = False
    return parameter


def american(word: str) -> str:
    """An option in the spelling that the help shows."""
    return word.replace("colour", "color").replace("licence", "license")


def within(low: float, high: float | None = None) -> Callable[[Number | None], Number | None]:
    """A callback that refuses what lies outside; the help names the range in its own words."""

    def check(value: Number | None) -> Number | None:
        if value is None or (low <= value and (high is None or value <= high)):
            return value
        allowed = f"{low:g} or more" if high is None else f"from {low:g} to {high:g}"
        raise typer.BadParameter(f"{value:g} is not {allowed}.")

    return check


def given(context: typer.Context) -> list[str]:
    """The parameters that were given, rather than left to their defaults."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def written(context: typer.Context, name: str) -> str:
    """A parameter as it is written on the command line."""
    parameter = next(one for one in context.command.params if one.name == name)
    if isinstance(parameter, TyperArgument):
        return parameter.metavar.strip("[].") if parameter.metavar else name.upper()
    words = parameter.secondary_opts if context.params[name] is False else parameter.opts
    return next((word for word in words if word.startswith("--")), words[0])
