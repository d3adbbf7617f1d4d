"""The options of ``gan-style stylize``, in the groups in which the help shows them."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from gan_style.cli.command import RUNNING, within

PAINTING, FILES, MANY, STYLES = "Brushwork", "Files", "Many pictures", "Styles"


class Metadata(str, enum.Enum):
    """What becomes of a photograph's metadata."""

    KEEP = "keep"
    STRIP = "strip"


Inputs = Annotated[
    list[Path] | None,
    typer.Argument(
        readable=False,  # Or one that cannot be read would end all the others.
        metavar="INPUT",
        help="Photographs, folders of them, or quoted patterns; - for standard input.",
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
        help="A bundled style (monet, vangogh, titian, ...: --list-styles names all), a style file, owner/repo on the "
        "Hub, or a picture of a painting.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        readable=False,
        metavar="PATH",
        help="The painting, a folder for several, or - for standard output. \\[default: NAME-STYLE beside the "
        "photograph]",
    ),
]
Strength = Annotated[
    float,
    typer.Option(
        metavar="0-1.5",
        callback=within(0, 1.5),
        help="0 gives the photograph back, 1 the painting, more exaggerates.",
    ),
]
KeepColors = Annotated[
    float,
    typer.Option(metavar="0-1", callback=within(0, 1), help="How much of the photograph's own colors stays."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace paintings that exist.")]

Detail = Annotated[
    float,
    typer.Option(
        metavar="0-1",
        callback=within(0, 1),
        help="How much of a large photograph's fine detail and small forms comes back.",
        rich_help_panel=PAINTING,
    ),
]
Stroke = Annotated[
    float,
    typer.Option(
        metavar="0.25-4",
        callback=within(0.25, 4),
        help="Size of the largest brush on a large photograph.",
        rich_help_panel=PAINTING,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        callback=within(0),
        help="Paint all in one of the style's manners. \\[default: each in one of its own]",
        rich_help_panel=PAINTING,
    ),
]
Variations = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        callback=within(1, 1000),
        help="Paint each photograph so many times, up to 1000, with seeds from --seed (or 0) on.",
        rich_help_panel=PAINTING,
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(
        metavar="N",
        help="Most that may be spent on each photograph where --style is a painting.",
        rich_help_panel=PAINTING,
    ),
]

FormatName = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME",
        help="png, jpg, webp, tif, gif, avif, heic or bmp. \\[default: the photograph's; png for -o -]",
        rich_help_panel=FILES,
    ),
]
Quality = Annotated[
    int,
    typer.Option(metavar="1-100", callback=within(1, 100), help="Of jpg, webp, avif and heic.", rich_help_panel=FILES),
]
MetadataChoice = Annotated[
    Metadata,
    typer.Option(
        metavar="keep|strip", help="EXIF, XMP and IPTC; color profile and density stay.", rich_help_panel=FILES
    ),
]
Signature = Annotated[
    bool,
    typer.Option(
        "--signature/--no-signature",
        help="Leave the style's name and gan-style's version out of the metadata.",
        rich_help_panel=FILES,
    ),
]
MaxPixels = Annotated[
    int,
    typer.Option(
        metavar="N",
        callback=within(1),
        help="Refuse pictures with more, all frames together.",
        rich_help_panel=FILES,
    ),
]

FromFile = Annotated[
    list[Path] | None,
    typer.Option(
        readable=False,
        metavar="LIST",
        help="A list of inputs, one a line or with NUL between them; - for standard input.",
        rich_help_panel=MANY,
    ),
]
Name = Annotated[
    str,
    typer.Option(
        metavar="PATTERN",
        help="How paintings are called, of {name}, {style}, {seed} and {folder}.",
        rich_help_panel=MANY,
    ),
]
SkipExisting = Annotated[
    bool,
    typer.Option("--skip-existing", help="Pass over photographs whose paintings exist.", rich_help_panel=MANY),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be painted, and where, and stop.", rich_help_panel=MANY)
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print a line of JSON for each picture; JSON for --list-styles.", rich_help_panel=MANY),
]

ListStyles = Annotated[
    bool,
    typer.Option("--list-styles", help="Print the styles that --style knows by name and stop.", rich_help_panel=STYLES),
]
Info = Annotated[
    bool,
    typer.Option("--info", help="Print all that the style's file says, as JSON, and stop.", rich_help_panel=STYLES),
]

Device = Annotated[
    str,
    typer.Option(metavar="NAME", envvar="GAN_STYLE_DEVICE", help="auto, cpu or cuda.", rich_help_panel=RUNNING),
]
Precision = Annotated[str, typer.Option(metavar="NAME", help="auto, fp32 or bf16.", rich_help_panel=RUNNING)]
