"""Which photographs are painted, and where each painting goes."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gan_style.errors import PictureError, UsageError
from gan_style.files import exists, is_folder, resolved
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.formats import FORMATS, format_named, format_of
from gan_style.imaging.unsupported import suggestion_for
from gan_style.inference.naming import Naming, absolute, numbered

PIPE = Path("-")
"""Standard input, or standard output."""


@dataclass(frozen=True)
class Job:
    """One picture to paint.

    Attributes:
        source: the photograph.
        target: the painting.
        seed: see :class:`~gan_style.inference.painter.StylizeOptions`.
    """

    source: Path
    target: Path
    seed: int | None = None


def plan(
    inputs: Sequence[Path], output: Path | None, naming: Naming, seeds: Sequence[int | None] = (None,)
) -> list[Job]:
    """Decide where every painting goes.

    One file goes to the file ``output``, or into that folder if it exists or has no extension. Several files, or a
    folder with all pictures below it, go into the folder ``output``, which keeps the tree; pictures that lie in it
    already are paintings and left out. Without ``output`` each painting lies beside its photograph.

    Of several files or folders only what lies below each is kept of the tree, unless two photographs would become the
    same painting: then the tree below the folder that they all have in common is. Photographs beside each other that
    differ in their extension only keep it in their names where the format is one.

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
    if PIPE in inputs and (len(inputs) > 1 or output is None or is_folder(output) or not output.suffix):
        raise UsageError("Standard input is one picture; name the file for its painting with -o, or -o - for a pipe.")
    if not inputs:
        raise UsageError("There is nothing to paint; name photographs, folders or --from-file.")
    if len(inputs) == 1 and inputs[0] != PIPE and is_missing(inputs[0]):
        raise PictureError(suggestion_for(str(inputs[0])) or f"{inputs[0]} does not exist; check the path.")
    several = len(inputs) > 1 or is_folder(inputs[0])
    if output is None:
        if any(map(is_folder, inputs)):
            raise UsageError("A folder of pictures needs a folder for the paintings; add -o FOLDER.")
        return arranged([(path, path.parent) for path in inputs], naming, seeds)
    if not several and not is_folder(output) and output.suffix:
        if naming.form and format_of(output) != format_named(naming.form):
            raise UsageError(
                f"{output} does not end like {naming.form}; leave --format out or give the name that extension."
            )
        format_of(output)
        return [Job(inputs[0], numbered(output, seed if len(seeds) > 1 else None), seed) for seed in seeds]
    if not is_folder(output) and (exists(output) or output.suffix.lower() in FORMATS):
        if several:
            raise UsageError(f"Several pictures need a folder and {output} is a file; give -o FOLDER.")
        raise UsageError(f"{output} is neither a folder nor named like a picture; give -o a name such as out.png.")
    found = list(expand(inputs, output))
    places = [(source, output / below.parent) for source, below in found]
    if shared(jobs_of(places, naming, seeds)):
        with contextlib.suppress(ValueError):  # They lie on several drives, and have no folder in common.
            common = os.path.commonpath([absolute(path if is_folder(path) else path.parent) for path in inputs])
            places = [(source, output / absolute(source).relative_to(common).parent) for source, _ in found]
    return arranged(places, naming, seeds)


def is_missing(path: Path) -> bool:
    """Whether nothing lies at a path; what cannot be looked up may be there, and whoever opens it says why not."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def arranged(places: Sequence[tuple[Path, Path]], naming: Naming, seeds: Sequence[int | None]) -> list[Job]:
    """Jobs for photographs, each with the folder of its painting.

    Raises:
        UsageError: two photographs would become the same painting.
    """
    jobs = jobs_of(places, naming, seeds)
    same = shared(jobs)
    return without_clashes(jobs_of(places, naming, seeds, whole=same) if same else jobs)


def jobs_of(
    places: Iterable[tuple[Path, Path]], naming: Naming, seeds: Sequence[int | None], whole: Collection[Path] = ()
) -> list[Job]:
    """Jobs for photographs, each with the folder of its painting; ``whole`` keep their extensions in their names."""
    return [
        Job(source, naming.path(source, folder, seed, whole=source in whole), seed)
        for source, folder in places
        for seed in seeds
    ]


def shared(jobs: Iterable[Job]) -> set[Path]:
    """The photographs that would become the same painting as another."""
    sources: dict[Path, list[Path]] = {}
    for job in jobs:
        sources.setdefault(job.target, []).append(job.source)
    several = [some for some in sources.values() if len(some) > 1]
    return {source for some in several if len({absolute(one) for one in some}) > 1 for source in some}


def matched(inputs: Iterable[Path]) -> Iterator[Path]:
    """The inputs, patterns replaced by what they match, each once and in order."""
    seen = set()
    for path in inputs:
        found = [path]
        if path != PIPE and glob.has_magic(str(path)) and not exists(path):
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
    """The jobs, each once, however its photograph is named.

    Raises:
        UsageError: two photographs would become the same painting.
    """
    targets: dict[Path, Job] = {}
    for job in jobs:
        other = targets.setdefault(job.target, job).source
        if other != job.source and absolute(other) != absolute(job.source):
            raise UsageError(f"{other} and {job.source} would both become {job.target}; paint them into two folders.")
    return list(targets.values())


def expand(inputs: Sequence[Path], output: Path) -> Iterable[tuple[Path, Path]]:
    """Every picture with its path below the output folder.

    A folder of several that cannot be read or holds no pictures comes itself, so that whoever opens it reports it.

    Raises:
        PictureError: the only folder does.
    """
    paintings = resolved(output)
    for path in inputs:
        if not is_folder(path):
            yield path, Path(path.name)
            continue
        try:
            found = list(find_pictures(path))
        except OSError as error:
            if len(inputs) == 1:
                raise PictureError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
            found = [path]
        if resolved(path) in paintings.parents:
            found = [picture for picture in found if paintings not in resolved(picture).parents]
        if not found and len(inputs) == 1:
            raise PictureError(f"{path} holds no pictures; check the path.")
        for picture in found or [path]:
            yield picture, picture.relative_to(path) if picture != path else Path(path.name)
