"""Paint one photograph.

python examples/paint_photo.py photo.jpg painting.png --style vangogh --strength 1.2
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import gan_style


def main() -> None:
    """Parse the command line, paint and save."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("painting", type=Path)
    parser.add_argument("--style", default="monet", help="a bundled style, a style file or owner/repo on the Hub")
    parser.add_argument("--strength", type=float, default=1.0, help="0 is the photograph, 1 the painting")
    arguments = parser.parse_args()
    try:
        style = gan_style.load_style(arguments.style)
        painting = style.paint(arguments.photo, strength=arguments.strength)
    except gan_style.GanStyleError as error:
        # Every error that gan-style raises on purpose is one sentence that says what to do, and has an exit code.
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    painting.save(arguments.painting)
    print(f"{style.name}: {painting.width}x{painting.height} pixels in {arguments.painting}")


if __name__ == "__main__":
    main()
