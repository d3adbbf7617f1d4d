"""Planning: which photographs to paint and where to write each painting."""

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
from gan_style.inference.naming import Naming, absolute, with_seed

PIPE = Path("-")
"""Path that stands for standard input or standard output."""


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
    """Decide where to write each painting.

    A single file is painted to the file ``output``, or into that folder if it exists or has no extension. Several
    files, or a folder with all pictures below it, are painted into the folder ``output``, which mirrors the input's
    tree. If ``output`` is inside an input folder, the pictures in it count as earlier paintings and are left out.
    Without ``output``, each painting is written next to its photograph.

    With several inputs, the tree is relative to each input, unless two photographs would get the same target: then it
    is relative to the common parent of all inputs. Photographs in one folder that differ only in their extension keep
    it as part of the name if they would otherwise get the same target.

    Args:
        inputs: files, folders, and glob patterns such as ``holiday/**/*.jpg``.
        output: file, folder or None.
        naming: file names of the paintings.
        seeds: every picture is painted with each seed; several seeds are part of the names.

    Raises:
        UsageError: the inputs and the output are incompatible.
        PictureError: the only input does not exist, or it is a folder that cannot be read or has no pictures.
    """
    inputs = list(expand_patterns(inputs))
    if PIPE in inputs and (len(inputs) > 1 or output is None or is_folder(output) or not output.suffix):
        raise UsageError(
            "Standard input is a single picture; name its painting with -o FILE, or use -o - for standard output."
        )
    if not inputs:
        raise UsageError("No input; name photographs or folders, or use --from-file LIST.")
    if len(inputs) == 1 and inputs[0] != PIPE and is_missing(inputs[0]):
        raise PictureError(suggestion_for(str(inputs[0])) or f"{inputs[0]} does not exist; check the path.")
    several = len(inputs) > 1 or is_folder(inputs[0])
    if output is None:
        if any(map(is_folder, inputs)):
            raise UsageError("Painting a folder needs an output folder; add -o FOLDER.")
        return resolve_jobs([(path, path.parent) for path in inputs], naming, seeds)
    if not several and not is_folder(output) and output.suffix:
        if naming.form and format_of(output) != format_named(naming.form):
            raise UsageError(
                f"The extension of {output} does not match --format {naming.form}; change it or remove --format."
            )
        format_of(output)
        return [Job(inputs[0], with_seed(output, seed if len(seeds) > 1 else None), seed) for seed in seeds]
    if not is_folder(output) and (exists(output) or output.suffix.lower() in FORMATS):
        if several:
            raise UsageError(f"Several pictures need an output folder, but {output} is a file; use -o FOLDER.")
        raise UsageError(f"{output} is neither a folder nor a picture file name; use a name such as out.png with -o.")
    found = list(find_inputs(inputs, output))
    places = [(source, output / below.parent) for source, below in found]
    if colliding_sources(make_jobs(places, naming, seeds)):
        with contextlib.suppress(ValueError):  # Paths on different drives have no common parent.
            common = os.path.commonpath([absolute(path if is_folder(path) else path.parent) for path in inputs])
            places = [(source, output / absolute(source).relative_to(common).parent) for source, _ in found]
    return resolve_jobs(places, naming, seeds)


def is_missing(path: Path) -> bool:
    """Whether a path does not exist; False if that cannot be determined, so that opening it reports the reason."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def resolve_jobs(places: Sequence[tuple[Path, Path]], naming: Naming, seeds: Sequence[int | None]) -> list[Job]:
    """Create jobs from pairs of photograph and output folder; colliding names keep their extensions.

    Raises:
        UsageError: two photographs would get the same target.
    """
    jobs = make_jobs(places, naming, seeds)
    colliding = colliding_sources(jobs)
    return unique_jobs(make_jobs(places, naming, seeds, whole=colliding) if colliding else jobs)


def make_jobs(
    places: Iterable[tuple[Path, Path]], naming: Naming, seeds: Sequence[int | None], whole: Collection[Path] = ()
) -> list[Job]:
    """Create jobs from pairs of photograph and output folder; those in ``whole`` keep their extension in the name."""
    return [
        Job(source, naming.path(source, folder, seed, whole=source in whole), seed)
        for source, folder in places
        for seed in seeds
    ]


def colliding_sources(jobs: Iterable[Job]) -> set[Path]:
    """Return the photographs that share their target with another photograph."""
    sources: dict[Path, list[Path]] = {}
    for job in jobs:
        sources.setdefault(job.target, []).append(job.source)
    groups = [group for group in sources.values() if len(group) > 1]
    return {source for group in groups if len({absolute(one) for one in group}) > 1 for source in group}


def expand_patterns(inputs: Iterable[Path]) -> Iterator[Path]:
    """Yield the inputs with glob patterns expanded, without duplicates and in order."""
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
    """Parse a list of paths, one per line or separated by NUL as from ``find -print0``.

    Empty lines are skipped.
    """
    parts = content.split(b"\0") if b"\0" in content else content.splitlines()
    return [Path(os.fsdecode(part)) for part in parts if part.strip()]


def unique_jobs(jobs: Iterable[Job]) -> list[Job]:
    """Remove duplicate jobs, also if they name the same photograph differently.

    Raises:
        UsageError: two photographs would get the same target.
    """
    targets: dict[Path, Job] = {}
    for job in jobs:
        other = targets.setdefault(job.target, job).source
        if other != job.source and absolute(other) != absolute(job.source):
            raise UsageError(
                f"{other} and {job.source} would both be painted to {job.target}; use separate output folders."
            )
    return list(targets.values())


def find_inputs(inputs: Sequence[Path], output: Path) -> Iterable[tuple[Path, Path]]:
    """Yield every picture with its path relative to the output folder.

    With several inputs, a folder that cannot be read or has no pictures is yielded itself, so that opening it reports
    the error.

    Raises:
        PictureError: the only input is a folder that cannot be read or has no pictures.
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
            raise PictureError(f"{path} contains no pictures; check the path.")
        for picture in found or [path]:
            yield picture, picture.relative_to(path) if picture != path else Path(path.name)
