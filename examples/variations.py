"""Paint a photograph in several variations, and put them side by side in one picture.

python examples/variations.py photo.jpg sheet.png --style monet --count 4
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

import gan_style


def main() -> None:
    """Paint the same photograph with the seeds 0, 1, 2, ..."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--style", default="monet")
    parser.add_argument("--count", type=int, default=4)
    arguments = parser.parse_args()

    style = gan_style.load_style(arguments.style)  # Once; after that each painting costs only its own time.
    paintings = [style.paint(arguments.photo, seed=seed) for seed in range(arguments.count)]
    width, height = paintings[0].size
    sheet = Image.new("RGB", (width * len(paintings), height))
    for column, painting in enumerate(paintings):
        sheet.paste(painting, (column * width, 0))
    sheet.save(arguments.sheet)


if __name__ == "__main__":
    main()
