"""Split a folder of pictures into training and held-out folders of symbolic links, reproducibly.

    python benchmarks/holdout.py FOLDER OUT --held 63

makes OUT/train and OUT/held. Which pictures are held out depends only on their names (SHA-256 order). If there are
several prints of a design, ``--design REGEX`` matches the design in a name, and all its prints go to the same side.

    python benchmarks/holdout.py FOLDER OUT --held 0 --only '18(88|89|90)' --without 'still-life|portrait'

excludes pictures from both sides: a style for landscapes is best trained on landscapes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import defaultdict
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held", type=int, required=True, help="minimum number of held-out pictures")
    parser.add_argument("--design", default=".+", metavar="REGEX", help="part of the name that identifies the design")
    parser.add_argument("--only", default="", metavar="REGEX", help="use only names that match")
    parser.add_argument("--without", default=r"(?!)", metavar="REGEX", help="exclude names that match")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"{options.out} is not empty, and an earlier split must not mix with this one")
    designs: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(path for path in options.folder.iterdir() if path.is_file()):
        if not re.search(options.only, path.name) or re.search(options.without, path.name):
            continue
        found = re.search(options.design, path.name)
        designs[found.group() if found else path.name].append(path)
    sides: dict[str, list[Path]] = {"held": [], "train": []}
    for name in sorted(designs, key=lambda name: hashlib.sha256(name.encode()).digest()):
        sides["held" if len(sides["held"]) < options.held else "train"] += designs[name]
    for side, part in sides.items():
        (options.out / side).mkdir(parents=True, exist_ok=True)
        for path in part:
            (options.out / side / path.name).symlink_to(path.resolve())
        print(f"{options.out / side}: {len(part)} pictures")


if __name__ == "__main__":
    main()
