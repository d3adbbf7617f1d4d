"""Train a painter from a folder of photographs and a folder of paintings, and paint a photograph with it.

python examples/train_painter.py photos paintings mine.safetensors --minutes 10 --paint photo.jpg painting.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gan_style


def main() -> None:
    """Check the pictures, train, paint."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("style", type=Path, help="the style file to write")
    parser.add_argument("--paint", type=Path, nargs=2, metavar=("PHOTO", "PAINTING"))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--steps", type=int, help="instead of --minutes")
    parser.add_argument("--size", type=int, default=256, help="pictures are shrunk to this short side")
    parser.add_argument("--batch-size", type=int, default=4)
    arguments = parser.parse_args()

    recipe = gan_style.Recipe(size=arguments.size, batch_size=arguments.batch_size)
    limit = gan_style.Limit(minutes=arguments.minutes, steps=arguments.steps)
    for remark in gan_style.check(arguments.photos, arguments.paintings, recipe=recipe).remarks:
        print("check:", remark.sentence)
    outcome = gan_style.train(
        arguments.photos, arguments.paintings, arguments.style, recipe=recipe, limit=limit, overwrite=True
    )
    print(f"{outcome.steps} steps in {outcome.seconds:.0f} seconds: {outcome.style}")
    print(f"previews and curves: {outcome.folder / 'index.html'}")
    if arguments.paint:
        photo, painting = arguments.paint
        gan_style.load_style(outcome.style).paint(photo).save(painting)


if __name__ == "__main__":
    main()
