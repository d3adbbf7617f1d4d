"""Make a contact sheet of photographs, each above its painting.

    python benchmarks/contact_sheet.py PHOTOS -o sheet.jpg --style monet --count 24 --side 256

Pictures are sampled evenly from the folder, center-cropped to a square and painted at --side pixels.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import gan_style
from gan_style.imaging.finding import find_pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--style", default="monet")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--side", type=int, default=256)
    options = parser.parse_args()
    style = gan_style.load_style(options.style)
    paths = list(find_pictures(options.photos))
    chosen = [paths[index] for index in np.linspace(0, len(paths) - 1, min(options.count, len(paths))).astype(int)]
    side, columns = options.side, options.columns
    sheet = Image.new("RGB", (columns * side, -(-len(chosen) // columns) * 2 * side), "white")
    for index, path in enumerate(chosen):
        with Image.open(path) as picture:
            photo = ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGB"), (side, side))
        left, top = index % columns * side, index // columns * 2 * side
        sheet.paste(photo, (left, top))
        sheet.paste(style.paint(photo), (left, top + side))
    sheet.save(options.output, quality=92)
    print(options.output)


if __name__ == "__main__":
    main()
