"""How paintings are called."""

from __future__ import annotations

import os
import string
from dataclasses import dataclass
from pathlib import Path

from gan_style.defaults import NAME
from gan_style.errors import UsageError
from gan_style.imaging.formats import FORMATS, format_named
from gan_style.names import encodable, shortened_name

WORDS = ("name", "style", "seed", "folder")
"""What a template of names may hold in braces."""


@dataclass(frozen=True)
class Naming:
    """How paintings are called that are not named one by one.

    Attributes:
        style: name of the style.
        template: ``{name}``, that of the photograph without extension, ``{style}``, ``{seed}`` and ``{folder}``, that
            in which the photograph lies, and text.
        form: extension without its dot; by default that of the photograph, where we write that.
    """

    style: str
    template: str = NAME
    form: str = ""

    def __post_init__(self) -> None:
        try:
            fields = [field for _, field, *_ in string.Formatter().parse(self.template) if field is not None]
            made = self.template.format(name="a", style="b", seed="1", folder="c")
        except (ValueError, IndexError, KeyError, AttributeError):
            fields, made = [""], ""
        if any(field not in WORDS for field in fields) or not made or Path(made).name != made:
            words = ", ".join(f"{{{word}}}" for word in WORDS)
            raise UsageError(f"--name {self.template!r} is no name; build it of {words} and text without slashes.")
        if "name" not in fields:
            raise UsageError(f"--name {self.template!r} gives all paintings one name; put {{name}} into it.")
        if self.form:
            format_named(self.form)

    def path(self, photo: Path, folder: Path, seed: int | None = None, *, whole: bool = False) -> Path:
        """The painting of a photograph in a folder; a seed that the template leaves out comes last.

        Args:
            photo: the photograph.
            folder: where the painting is to be. What it would not take is shortened.
            seed: as in :class:`Job`.
            whole: keep the photograph's extension in the name.
        """
        suffix = f".{self.form}" if self.form else photo.suffix
        stem = photo.name if whole else photo.stem
        if suffix.lower() not in FORMATS:
            stem, suffix = photo.name, ".png"
        if seed is None and "{seed}" in self.template:
            raise UsageError(f"--name {self.template!r} needs a seed; add --seed or --variations.")
        words = {
            "style": encodable(self.style),
            "seed": "" if seed is None else str(seed),
            "folder": self.folder_of(photo),
        }
        last = f"-{seed}" if seed is not None and "{seed}" not in self.template else ""
        return folder / shortened_name(
            lambda name: self.template.format(name=name, **words) + last + suffix, stem, folder
        )

    def folder_of(self, photo: Path) -> str:
        """Name of the folder that holds a photograph, where the template asks for it."""
        return absolute(photo).parent.name if "{folder}" in self.template else ""


def numbered(output: Path, seed: int | None) -> Path:
    """A name that was asked for, with its seed at the end where there are several."""
    if seed is None:
        return output
    return output.with_name(shortened_name(lambda stem: f"{stem}-{seed}{output.suffix}", output.stem, output.parent))


def absolute(path: Path) -> Path:
    """An absolute path without dots in it; links are not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - links are not to be followed
