"""Which photographs are painted, and where each painting goes."""

from __future__ import annotations

import glob
import os
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gan_style.defaults import NAME
from gan_style.errors import PictureError, UsageError
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.formats import FORMATS, format_named, format_of

PIPE = Path("-")
"""Standard input, or standard output."""

WORDS = ("name", "style", "seed")
"""What a template of names may hold in braces."""


@dataclass(frozen=True)
class Job:
    """One picture to paint.

    Attributes:
        source: the photograph.
        target: the painting.
        seed: see :class:`~gan_style.inference.painter.Brush`.
    """

    source: Path
    target: Path
    seed: int | None = None


@dataclass(frozen=True)
class Naming:
    """How paintings are called that are not named one by one.

    Attributes:
        style: name of the style.
        template: ``{name}``, that of the photograph without extension, ``{style}`` and ``{seed}``, and text.
        form: extension without its dot; by default that of the photograph, where we write that.
    """

    style: str
    template: str = NAME
    form: str = ""

    def __post_init__(self) -> None:
        try:
            fields = [field for _, field, *_ in string.Formatter().parse(self.template) if field is not None]
            made = self.template.format(name="a", style="b", seed="1")
        except (ValueError, IndexError, KeyError, AttributeError):
            fields, made = [""], ""
        if any(field not in WORDS for field in fields) or not made or Path(made).name != made:
            words = ", ".join(f"{{{word}}}" for word in WORDS)
            raise UsageError(f"--name {self.template!r} is no name; build it of {words} and text without slashes.")
        if "name" not in fields:
            raise UsageError(f"--name {self.template!r} gives all paintings one name; put {{name}} into it.")
        if self.form:
            format_named(self.form)

    def path(self, photo: Path, seed: int | None = None) -> Path:
        """The painting of a photograph, in the same folder; a seed that the template leaves out comes last."""
        suffix = f".{self.form}" if self.form else photo.suffix
        stem = photo.stem
        if suffix.lower() not in FORMATS:
            stem, suffix = photo.name, ".png"
        if seed is None and "{seed}" in self.template:
            raise UsageError(f"--name {self.template!r} needs a seed; add --seed or --variations.")
        number = "" if seed is None else str(seed)
        made = self.template.format(name=stem, style=self.style, seed=number)
        if number and "{seed}" not in self.template:
            made = f"{made}-{number}"
        return photo.with_name(made + suffix)


def plan(
    inputs: Sequence[Path], output: Path | None, naming: Naming, seeds: Sequence[int | None] = (None,)
) -> list[Job]:
    """Decide where every painting goes.

    One file goes to the file ``output``, or into that folder if it exists or has no extension. Several files, or a
    folder with all pictures below it, go into the folder ``output``, which keeps the tree; pictures that lie in it
    already are paintings and left out. Without ``output`` each painting lies beside its photograph.

    Args:
        inputs: files, folders, and patterns such as ``holiday/**/*.jpg``.
        output: file or folder, or None.
        naming: how paintings are called.
        seeds: every picture is painted with each of these, and the names of several end in them.

    Raises:
        UsageError: the inputs and the output do not fit together.
        PictureError: the only input does not exist, or a folder cannot be read or holds no pictures.
    """
    inputs = list(matched(inputs))
    if PIPE in inputs and (len(inputs) > 1 or output is None or output.is_dir() or not output.suffix):
        raise UsageError("Standard input is one picture; name the file for its painting with -o, or -o - for a pipe.")
    if not inputs:
        raise UsageError("There is nothing to paint; name photographs, folders or --from-file.")
    if len(inputs) == 1 and inputs[0] != PIPE and not inputs[0].exists():
        raise PictureError(f"{inputs[0]} does not exist; check the path.")
    several = len(inputs) > 1 or inputs[0].is_dir()
    if output is None:
        if any(path.is_dir() for path in inputs):
            raise UsageError("A folder of pictures needs a folder for the paintings; add -o FOLDER.")
        return without_clashes(Job(path, naming.path(path, seed), seed) for path in inputs for seed in seeds)
    if not several and not output.is_dir() and output.suffix:
        if naming.form and format_of(output) != format_named(naming.form):
            raise UsageError(
                f"{output} does not end like {naming.form}; leave --format out or give the name that extension."
            )
        format_of(output)
        if len(seeds) == 1:
            return [Job(inputs[0], output, seeds[0])]
        return [Job(inputs[0], output.with_stem(f"{output.stem}-{seed}"), seed) for seed in seeds]
    if not output.is_dir() and (output.exists() or output.suffix.lower() in FORMATS):
        if several:
            raise UsageError(f"Several pictures need a folder and {output} is a file; give -o FOLDER.")
        raise UsageError(f"{output} is neither a folder nor named like a picture; give -o a name such as out.png.")
    return without_clashes(
        Job(source, output / naming.path(relative, seed), seed)
        for source, relative in expand(inputs, output)
        for seed in seeds
    )


def matched(inputs: Iterable[Path]) -> Iterator[Path]:
    """The inputs, patterns replaced by what they match, each once and in order."""
    seen = set()
    for path in inputs:
        found = [path]
        if path != PIPE and glob.has_magic(str(path)) and not path.exists():
            found = sorted(map(Path, glob.glob(str(path), recursive=True))) or [path]  # noqa: PTH207 - any pattern
        for one in found:
            if one not in seen:
                seen.add(one)
                yield one


def listed_paths(content: bytes) -> list[Path]:
    """The paths of a list, one a line, or with NUL between them as ``find -print0`` writes.

    Empty lines are passed over.
    """
    parts = content.split(b"\0") if b"\0" in content else content.splitlines()
    return [Path(os.fsdecode(part)) for part in parts if part.strip()]


def without_clashes(jobs: Iterable[Job]) -> list[Job]:
    """The jobs, each once.

    Raises:
        UsageError: two photographs would become the same painting.
    """
    targets: dict[Path, Job] = {}
    for job in jobs:
        other = targets.setdefault(job.target, job).source
        if other != job.source:
            raise UsageError(f"{other} and {job.source} would both become {job.target}; paint them into two folders.")
    return list(targets.values())


def expand(inputs: Sequence[Path], output: Path) -> Iterable[tuple[Path, Path]]:
    """Every picture with its path below the output folder."""
    paintings = output.resolve()
    for path in inputs:
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        try:
            found = list(find_pictures(path))
        except OSError as error:
            raise PictureError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
        if path.resolve() in paintings.parents:
            found = [picture for picture in found if paintings not in picture.resolve().parents]
        if not found:
            raise PictureError(f"{path} holds no pictures; check the path.")
        for picture in found:
            yield picture, picture.relative_to(path)
