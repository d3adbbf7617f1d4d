"""File names of paintings."""

from __future__ import annotations

import os
import string
from dataclasses import dataclass
from pathlib import Path

from gan_style.defaults import NAME
from gan_style.errors import UsageError
from gan_style.imaging.formats import FORMATS, format_named
from gan_style.names import encodable, shortened_name

FIELDS = ("name", "style", "seed", "folder")
"""Fields that a name template may contain."""


@dataclass(frozen=True)
class Naming:
    """File name pattern for paintings that are not named individually.

    Attributes:
        style: name of the style.
        template: text with the fields ``{name}`` (the photograph's, without extension), ``{style}``, ``{seed}`` and
            ``{folder}`` (the photograph's).
        form: extension without its dot; by default that of the photograph if it is writable.
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
        if any(field not in FIELDS for field in fields) or not made or Path(made).name != made:
            words = ", ".join(f"{{{word}}}" for word in FIELDS)
            raise UsageError(
                f"--name {self.template!r} is not a file name pattern; use {words} and text without slashes."
            )
        if "name" not in fields:
            raise UsageError(f"--name {self.template!r} gives all paintings the same name; add {{name}}.")
        if self.form:
            format_named(self.form)

    def path(self, photo: Path, folder: Path, seed: int | None = None, *, whole: bool = False) -> Path:
        """Return the path of a painting; the seed is appended unless the template contains it.

        Args:
            photo: the photograph.
            folder: the painting's folder; names that its file system rejects are shortened.
            seed: as in :class:`Job`.
            whole: keep the photograph's extension as part of the name.
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
        """Return the name of the photograph's folder if the template contains it, otherwise an empty string."""
        return absolute(photo).parent.name if "{folder}" in self.template else ""


def with_seed(output: Path, seed: int | None) -> Path:
    """Append a seed, if any, to the stem of an output path."""
    if seed is None:
        return output
    return output.with_name(shortened_name(lambda stem: f"{stem}-{seed}{output.suffix}", output.stem, output.parent))


def absolute(path: Path) -> Path:
    """Return a normalized absolute path; symbolic links are not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - must not follow links
