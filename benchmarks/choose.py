"""Choose pictures by their names, as symbolic links.

    python benchmarks/choose.py FOLDER OUT --only '18(88|89|90)' --without 'still-life|portrait'

What a painter is to learn from photographs of fields is best shown in paintings of fields.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="", metavar="REGEX", help="what a name must hold")
    parser.add_argument("--without", default=r"(?!)", metavar="REGEX", help="what it must not hold")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"{options.out} is not empty, and an earlier choice must not mix with this one")
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [
        path
        for path in sorted(options.folder.iterdir())
        if path.is_file() and re.search(options.only, path.name) and not re.search(options.without, path.name)
    ]
    for path in chosen:
        (options.out / path.name).symlink_to(path.resolve())
    print(f"{options.out}: {len(chosen)} pictures")


if __name__ == "__main__":
    main()
