"""An MkDocs hook: writes the reference of the command line from the commands themselves."""

from __future__ import annotations

import enum
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGE = "reference/command-line.md"
ROOT = Path(__file__).resolve().parent.parent.parent

OWN_DEFAULT = re.compile(r"\s*\\?\[default: (.*)\]$")
"""Where the help of an option ends in a default in words of its own."""

INTRODUCTION = """\
# Command line

This page is generated from the commands. `gan-style COMMAND --help` prints the same.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated page to the site."""
    files.append(File.generated(config, PAGE, content=reference()))
    return files


def reference() -> str:
    """The whole page, in Markdown."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from typer.main import get_command

    from gan_style.cli.app import EXAMPLES, app

    program: Any = get_command(app)
    parts = [INTRODUCTION, "## gan-style\n", "    gan-style [OPTIONS] COMMAND [ARGUMENTS]\n", described(program)]
    parts += tables(program)
    for name, command in program.commands.items():
        parts += [f"## gan-style {name}\n", usage(name, command), described(command), *tables(command)]
        parts += ["**Examples**\n", "".join(f"    {example}\n" for example in EXAMPLES.get(name, ()))]
    parts.append("See also [exit codes](exit-codes.md) and [environment variables](environment.md).\n")
    return "\n".join(parts)


def usage(name: str, command: Any) -> str:
    """The synopsis of a command."""
    words = [label(one) for one in command.params if is_argument(one)]
    return f"    gan-style {' '.join([name, '[OPTIONS]', *words])}\n"


def described(command: Any) -> str:
    """What a command does, a paragraph for each that its help has."""
    paragraphs = (command.help or "").split("\n\n")
    return "\n\n".join(escaped(" ".join(one.split())) for one in paragraphs) + "\n"


def tables(command: Any) -> Iterator[str]:
    """A table of the arguments, and one of the options of each panel of the help."""
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    arguments = [one for one in shown if is_argument(one)]
    if arguments:
        described_arguments = [(f"`{label(one)}`", text(one)) for one in arguments]
        yield table("Arguments", ("argument", "meaning"), described_arguments)
    panels: dict[str, list[Any]] = {}
    for one in shown:
        if not is_argument(one):
            panels.setdefault(getattr(one, "rich_help_panel", None) or "Options", []).append(one)
    for panel, options in panels.items():
        rows = [(spelled(one), text(one), default(one)) for one in options]
        yield table(panel, ("option", "meaning", "default"), rows)


def table(title: str, head: tuple[str, ...], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table under its title."""
    lines = [f"**{title}**\n", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows]) + "\n"


def is_argument(parameter: Any) -> bool:
    """Whether a parameter is an argument rather than an option."""
    return bool(parameter.param_type_name == "argument")


def label(argument: Any) -> str:
    """An argument as the synopsis shows it."""
    word = (argument.metavar or argument.name.upper()).strip("[]{}.")
    word = f"{word}..." if argument.nargs == -1 else word
    return word if argument.required else f"[{word}]"


def spelled(option: Any) -> str:
    """All spellings of an option that do something, with the value that it takes."""
    is_on_anyway = option.is_flag and option.default is True and option.secondary_opts
    words = [f"`{word}`" for word in [*([] if is_on_anyway else option.opts), *option.secondary_opts]]
    takes_value = not option.is_flag and not option.count
    return ", ".join(words) + (f" `{value(option)}`" if takes_value else "")


def value(option: Any) -> str:
    """The placeholder of an option's value; a bar would end a cell of the table."""
    return str(option.metavar or option.type.name.upper()).replace("|", " or ")


def text(parameter: Any) -> str:
    """The help of a parameter, with the environment variable that also sets it."""
    words = escaped(OWN_DEFAULT.sub("", helped(parameter)))
    names = getattr(parameter, "envvar", None)
    if not names:
        return words
    several = [names] if isinstance(names, str) else list(names)
    return f"{words} Also set by {', '.join(f'`{name}`' for name in several)}."


def helped(parameter: Any) -> str:
    """The help of a parameter on one line."""
    return " ".join((parameter.help or "").split())


def default(option: Any) -> str:
    """What holds where the option is not given."""
    if own := OWN_DEFAULT.search(helped(option)):
        return escaped(own[1])
    shown = getattr(option, "show_default", None)
    if isinstance(shown, str):
        return escaped(shown)
    value = option.default.value if isinstance(option.default, enum.Enum) else option.default
    if shown is False or option.is_flag or value is None or isinstance(value, bool) or value == "":
        return ""
    return f"`{value}`" if isinstance(value, str | int | float) else ""


def escaped(words: str) -> str:
    """Plain text as Markdown shows it unchanged, also within a table."""
    for character in "\\`*_{}[]<>|":
        words = words.replace(character, "\\" + character if character not in "<>" else f"&{'lg'[character == '>']}t;")
    return words
