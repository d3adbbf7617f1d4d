"""Split a folder of pictures into training and held-out folders of symbolic links, the same way every time.

    python benchmarks/holdout.py FOLDER OUT --held 63

makes OUT/train and OUT/held. Which pictures are held out depends on their names alone (SHA-256 order).
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held", type=int, required=True, help="how many pictures to hold out")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.iterdir() if path.is_file())
    ranked = sorted(files, key=lambda path: hashlib.sha256(path.name.encode()).digest())
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"{options.out} is not empty, and an earlier split must not mix with this one")
    for name, part in (("held", ranked[: options.held]), ("train", ranked[options.held :])):
        (options.out / name).mkdir(parents=True, exist_ok=True)
        for path in part:
            (options.out / name / path.name).symlink_to(path.resolve())
        print(f"{options.out / name}: {len(part)} pictures")


if __name__ == "__main__":
    main()
