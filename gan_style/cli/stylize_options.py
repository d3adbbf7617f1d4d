"""Options of ``gan-style stylize``, by help panel."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from gan_style.cli.command import RUNNING, within

PAINTING, FILES, MANY, STYLES = "Brushwork", "Files", "Batches", "Styles"


class Metadata(str, enum.Enum):
    """Whether to keep a photograph's metadata."""

    KEEP = "keep"
    STRIP = "strip"


Inputs = Annotated[
    list[Path] | None,
    typer.Argument(
        readable=False,  # Otherwise one unreadable input would end the whole batch.
        metavar="INPUT",
        help="Photographs, folders or quoted glob patterns; - for standard input.",
        show_default=False,
    ),
]
StyleWord = Annotated[
    str,
    typer.Option(
        "--style",
        "-s",
        metavar="STYLE",
        envvar="GAN_STYLE_STYLE",
        help="Bundled style (monet, vangogh, titian, ...; see --list-styles), style file, owner/repo on the Hub, or "
        "picture of a painting.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        readable=False,
        metavar="PATH",
        help="Output file, folder for several paintings, or - for standard output. \\[default: NAME-STYLE next to the "
        "photograph]",
    ),
]
Strength = Annotated[
    float,
    typer.Option(
        metavar="0-1.5",
        callback=within(0, 1.5),
        help="0 returns the photograph, 1 the painting; larger values exaggerate.",
    ),
]
KeepColors = Annotated[
    float,
    typer.Option(metavar="0-1", callback=within(0, 1), help="How much of the photograph's colors to keep."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing paintings.")]

Detail = Annotated[
    float,
    typer.Option(
        metavar="0-1",
        callback=within(0, 1),
        help="How much fine detail and small shapes of a large photograph to restore.",
        rich_help_panel=PAINTING,
    ),
]
Stroke = Annotated[
    float,
    typer.Option(
        metavar="0.25-4",
        callback=within(0.25, 4),
        help="Size of the largest brush strokes on a large photograph.",
        rich_help_panel=PAINTING,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        callback=within(0),
        help="Seed of the style's variation, for all photographs. \\[default: a fixed one per photograph]",
        rich_help_panel=PAINTING,
    ),
]
Variations = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        callback=within(1, 1000),
        help="Paint each photograph N times, at most 1000, with consecutive seeds from --seed (or 0).",
        rich_help_panel=PAINTING,
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(
        metavar="N",
        help="Time limit per photograph when --style is a painting.",
        rich_help_panel=PAINTING,
    ),
]

FormatName = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME",
        help="png, jpg, webp, tif, gif, avif, heic or bmp. \\[default: that of the photograph; png for -o -]",
        rich_help_panel=FILES,
    ),
]
Quality = Annotated[
    int,
    typer.Option(
        metavar="1-100", callback=within(1, 100), help="Quality of jpg, webp, avif and heic.", rich_help_panel=FILES
    ),
]
MetadataChoice = Annotated[
    Metadata,
    typer.Option(
        metavar="keep|strip",
        help="EXIF, XMP and IPTC; color profile and density are always kept.",
        rich_help_panel=FILES,
    ),
]
Signature = Annotated[
    bool,
    typer.Option(
        "--signature/--no-signature",
        help="Omit the style's name and gan-style's version from the metadata.",
        rich_help_panel=FILES,
    ),
]
MaxPixels = Annotated[
    int,
    typer.Option(
        metavar="N",
        callback=within(1),
        help="Reject pictures with more pixels, counting all frames.",
        rich_help_panel=FILES,
    ),
]

FromFile = Annotated[
    list[Path] | None,
    typer.Option(
        readable=False,
        metavar="LIST",
        help="File that lists inputs, separated by newlines or NUL; - for standard input.",
        rich_help_panel=MANY,
    ),
]
Name = Annotated[
    str,
    typer.Option(
        metavar="PATTERN",
        help="File name pattern with {name}, {style}, {seed} and {folder}.",
        rich_help_panel=MANY,
    ),
]
SkipExisting = Annotated[
    bool,
    typer.Option("--skip-existing", help="Skip photographs whose paintings exist.", rich_help_panel=MANY),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be painted and where, then exit.", rich_help_panel=MANY)
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one line of JSON per picture, or --list-styles as JSON.", rich_help_panel=MANY),
]

ListStyles = Annotated[
    bool,
    typer.Option("--list-styles", help="List the styles available to --style and exit.", rich_help_panel=STYLES),
]
Info = Annotated[
    bool,
    typer.Option("--info", help="Print the style's metadata as JSON and exit.", rich_help_panel=STYLES),
]

Device = Annotated[
    str,
    typer.Option(metavar="NAME", envvar="GAN_STYLE_DEVICE", help="auto, cpu or cuda.", rich_help_panel=RUNNING),
]
Precision = Annotated[str, typer.Option(metavar="NAME", help="auto, fp32 or bf16.", rich_help_panel=RUNNING)]
