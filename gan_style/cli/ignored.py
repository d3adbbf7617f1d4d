"""Options that were given and change nothing: whoever gave them is told, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gan_style.cli.command import given, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import typer

    from gan_style.inference.artist import Artist
    from gan_style.inference.batch import Outcome
    from gan_style.inference.options import StylizeOptions
    from gan_style.inference.planning import Job

BRUSHWORK = ("detail", "stroke", "keep_colors", "seed")
SPEAKING = ("quiet", "verbose")


def remark(context: typer.Context, names: Iterable[str], why: str) -> None:
    """Say which of some options were given, although they change nothing."""
    from gan_style.cli.display import warn

    names = set(names)
    found = [written(context, name) for name in given(context) if name in names]
    if found:
        *others, last = found
        listed = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        warn(f"{listed} ignored: {why}.")


def remark_all_but(context: typer.Context, names: Iterable[str], why: str) -> None:
    """The same of all options but some."""
    remark(context, set(context.params) - {*names, *SPEAKING}, why)


CHECKED = ("output", "minutes", "steps", "until_done", "start", "device", "precision", "licence", "overwrite", "cross")
"""Options of ``train`` for what ``--check`` does not do."""


def in_training(context: typer.Context) -> None:
    """Options of ``train`` that do nothing beside others."""
    asked = context.params
    if asked["only_check"]:
        remark(context, [*CHECKED, "folds", "push_to", "private", "yes", "preview"], "--check learns nothing")
        return
    if not asked["cross"]:
        remark(context, ["folds"], "only --cross-validate has a use for that")
    if not asked["push_to"]:
        remark(context, ["preview"], "only --push-to has a use for that")
    if asked["private"]:
        remark(context, ["yes"], "with --private nothing is asked")


def in_evaluation(context: typer.Context) -> None:
    """Options of ``eval`` that do nothing beside others."""
    if context.params["humans"]:
        others = ("paintings", "style", "outputs", "json", "features")
        remark(context, others, "--humans makes a page that asks people")
    elif context.params["tally"]:
        used = ("tally", "inputs", "report", "json", "seed")
        remark_all_but(context, used, "--tally counts what people answered")
    else:
        remark(context, ["trials", "question"], "only --humans has a use for that")
        if context.params["outputs"]:
            remark(context, ["precision"], "nothing is painted with --outputs")


def in_sharing(context: typer.Context) -> None:
    """Options of ``push`` that do nothing beside others."""
    if context.params["private"]:
        remark(context, ["yes"], "with --private nothing is asked")


def beside_list(context: typer.Context) -> None:
    """Options of ``stylize`` that do nothing where styles are listed."""
    remark_all_but(context, ("styles", "as_json"), "--list-styles prints the styles and stops")


def beside_info(context: typer.Context) -> None:
    """Options of ``stylize`` that do nothing where a style is described."""
    remark_all_but(context, ("styles", "info", "style", "as_json"), "--info describes the style and stops")


def by_artist(context: typer.Context, artist: Artist, settings: StylizeOptions) -> None:
    """Options of ``stylize`` that do nothing for who paints, or for how."""
    from gan_style.inference.style import Style

    if settings.strength == 0:
        remark(context, BRUSHWORK, "--strength 0 gives the photograph back, whatever the brush")
    if isinstance(artist, Style):
        remark(context, ["minutes"], f"{artist.name} is a style, which paints in seconds")
    else:
        remark(context, ["precision"], "painting after a picture always computes in fp32")


def warn_ignored_options(
    context: typer.Context, artist: Artist, settings: StylizeOptions, outcomes: Iterable[Outcome]
) -> None:
    """Options of ``stylize`` that made no difference to any of the pictures that were painted."""
    ignored_options = [
        artist.ignored_options(settings, one.size) for one in outcomes if one.state == "painted" and one.size
    ]
    if ignored_options and settings.strength:
        number = "the photograph is" if len(ignored_options) == 1 else "the photographs are"
        remark(context, set.intersection(*ignored_options), f"{number} too small for a second, finer brush")


def in_pipe(context: typer.Context) -> None:
    """Options of ``stylize`` that do nothing where the painting goes to standard output."""
    names = ("name", "overwrite", "skip", "as_json") if not context.params["dry_run"] else ("name", "overwrite", "skip")
    remark(context, names, "the painting goes to standard output")


def by_files(context: typer.Context, jobs: Sequence[Job], output: Path | None) -> None:
    """Options of ``stylize`` that do nothing for the files that are to be written."""
    from gan_style.imaging.formats import format_of

    if [job.target for job in jobs] == [output]:
        remark(context, ["name"], "-o names the painting")
    forms = {format_of(job.target) for job in jobs}
    names = " and ".join(sorted(form.name for form in forms))
    if not any(form.lossy for form in forms):
        remark(context, ["quality"], f"{names} has no such choice; jpg, webp, avif and heic do")
    if names in ("BMP", "GIF", "BMP and GIF"):
        remark(context, ["metadata", "signature"], f"{names} holds no EXIF, XMP or IPTC")
    if context.params["metadata"].value == "strip" and context.params["signature"]:
        remark(context, ["signature"], "--metadata strip leaves it out")
