"""Warn about options that have no effect in combination with others, and say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gan_style.cli.command import display_name, explicit_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import typer

    from gan_style.inference.artist import Artist
    from gan_style.inference.batch import Outcome
    from gan_style.inference.options import StylizeOptions
    from gan_style.inference.planning import Job

BRUSH_OPTIONS = ("detail", "stroke", "keep_colors", "seed")
VERBOSITY_OPTIONS = ("quiet", "verbose")


def warn_ignored(context: typer.Context, names: Iterable[str], why: str) -> None:
    """Warn about those of ``names`` that were set on the command line although they have no effect."""
    from gan_style.cli.display import warn

    names = set(names)
    found = [display_name(context, name) for name in explicit_parameters(context) if name in names]
    if found:
        *others, last = found
        listed = f"{', '.join(others)} and {last} are" if others else f"{last} is"
        warn(f"{listed} ignored: {why}.")


def warn_all_except(context: typer.Context, names: Iterable[str], why: str) -> None:
    """Warn about all options that were set except ``names``."""
    warn_ignored(context, set(context.params) - {*names, *VERBOSITY_OPTIONS}, why)


UNUSED_BY_CHECK = (
    "output",
    "minutes",
    "steps",
    "until_done",
    "start",
    "device",
    "precision",
    "licence",
    "overwrite",
    "cross",
)
"""Options of ``train`` that ``--check`` does not use."""


def check_train(context: typer.Context) -> None:
    """Warn about options of ``train`` that have no effect."""
    values = context.params
    if values["only_check"]:
        warn_ignored(
            context, [*UNUSED_BY_CHECK, "folds", "push_to", "private", "yes", "preview"], "--check does not train"
        )
        return
    if not values["cross"]:
        warn_ignored(context, ["folds"], "no effect without --cross-validate")
    if not values["push_to"]:
        warn_ignored(context, ["preview"], "no effect without --push-to")
    if values["private"]:
        warn_ignored(context, ["yes"], "--private needs no confirmation")


def check_eval(context: typer.Context) -> None:
    """Warn about options of ``eval`` that have no effect."""
    if context.params["humans"]:
        others = ("paintings", "style", "outputs", "json", "features")
        warn_ignored(context, others, "--humans only creates a study")
    elif context.params["tally"]:
        used = ("tally", "inputs", "report", "json", "seed")
        warn_all_except(context, used, "--tally only counts answers")
    else:
        warn_ignored(context, ["trials", "question"], "no effect without --humans")
        if context.params["outputs"]:
            warn_ignored(context, ["precision"], "--outputs paints nothing")


def check_push(context: typer.Context) -> None:
    """Warn about options of ``push`` that have no effect."""
    if context.params["private"]:
        warn_ignored(context, ["yes"], "--private needs no confirmation")


def check_list_styles(context: typer.Context) -> None:
    """Warn about options of ``stylize`` that have no effect with ``--list-styles``."""
    warn_all_except(context, ("styles", "as_json"), "--list-styles only lists styles")


def check_info(context: typer.Context) -> None:
    """Warn about options of ``stylize`` that have no effect with ``--info``."""
    warn_all_except(context, ("styles", "info", "style", "as_json"), "--info only describes the style")


def check_artist(context: typer.Context, artist: Artist, settings: StylizeOptions) -> None:
    """Warn about options of ``stylize`` that have no effect with this artist or these settings."""
    from gan_style.inference.style import Style

    if settings.strength == 0:
        warn_ignored(context, BRUSH_OPTIONS, "--strength 0 returns the photograph unchanged")
    if isinstance(artist, Style):
        warn_ignored(
            context, ["minutes"], f"{artist.name} is a trained style; only a painting as --style takes a time limit"
        )
    else:
        warn_ignored(context, ["precision"], "optimization after a painting always runs in fp32")


def warn_ignored_options(
    context: typer.Context, artist: Artist, settings: StylizeOptions, outcomes: Iterable[Outcome]
) -> None:
    """Warn about options of ``stylize`` that changed none of the paintings."""
    ignored_options = [
        artist.ignored_options(settings, one.size) for one in outcomes if one.state == "painted" and one.size
    ]
    if ignored_options and settings.strength:
        number = "the photograph is" if len(ignored_options) == 1 else "the photographs are"
        warn_ignored(context, set.intersection(*ignored_options), f"{number} too small for more than one pyramid level")


def check_pipe(context: typer.Context) -> None:
    """Warn about options of ``stylize`` that have no effect when painting to standard output."""
    names = ("name", "overwrite", "skip", "as_json") if not context.params["dry_run"] else ("name", "overwrite", "skip")
    warn_ignored(context, names, "the painting goes to standard output")


def check_files(context: typer.Context, jobs: Sequence[Job], output: Path | None) -> None:
    """Warn about options of ``stylize`` that have no effect on the files to be written."""
    from gan_style.imaging.formats import format_of

    if [job.target for job in jobs] == [output]:
        warn_ignored(context, ["name"], "-o already names the painting")
    forms = {format_of(job.target) for job in jobs}
    names = " and ".join(sorted(form.name for form in forms))
    if not any(form.lossy for form in forms):
        warn_ignored(context, ["quality"], f"{names} has no quality setting; jpg, webp, avif and heic have one")
    if names in ("BMP", "GIF", "BMP and GIF"):
        warn_ignored(context, ["metadata", "signature"], f"{names} cannot hold EXIF, XMP or IPTC")
    if context.params["metadata"].value == "strip" and context.params["signature"]:
        warn_ignored(context, ["signature"], "--metadata strip removes it")
