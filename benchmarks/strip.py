"""Show a photograph next to its paintings by several styles, left to right.

    python benchmarks/strip.py PHOTO -o strip.jpg --height 400 monet mine.safetensors

With style files saved at different times of a training this shows its progress.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageOps

import gan_style


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("styles", nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--height", type=int, default=400)
    parser.add_argument("--paintings-only", action="store_true", help="omit the photograph")
    parser.add_argument("--zoom", action="store_true", help="add a detail of each painting at full resolution")
    parser.add_argument(
        "--at", type=float, nargs=2, default=(0.5, 0.5), help="position of the detail, horizontal and vertical, 0..1"
    )
    options = parser.parse_args()
    with Image.open(options.photo) as picture:
        photo = ImageOps.exif_transpose(picture).convert("RGB")
    width = round(photo.width * options.height / photo.height)
    paintings = [gan_style.load_style(style).paint(photo) for style in options.styles]
    left, top = round((photo.width - width) * options.at[0]), round((photo.height - options.height) * options.at[1])
    part = (left, top, left + width, top + options.height)
    shown = [one for whole in paintings for one in ((whole, whole.crop(part)) if options.zoom else (whole,))]
    pictures = shown if options.paintings_only else [photo, *shown]
    strip = Image.new("RGB", (len(pictures) * width, options.height))
    for index, one in enumerate(pictures):
        strip.paste(one.resize((width, options.height), Image.Resampling.LANCZOS), (index * width, 0))
    strip.save(options.output, quality=90)
    print(options.output)


if __name__ == "__main__":
    main()
