"""CPU seconds and peak memory of imitating a single painting, at several sizes of one photograph.

    python benchmarks/imitation.py PHOTO PAINTING --sides 600 1024 4000

Each size is painted in a process of its own. Sides are the longer ones, in pixels.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

import gan_style


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("painting", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[600, 1024, 4000])
    parser.add_argument("--out", type=Path, help="output file for the painting of the last size")
    options = parser.parse_args()
    if len(options.sides) > 1:
        for side in options.sides:
            arguments = [options.photo, options.painting, "--sides", side]
            subprocess.run([sys.executable, __file__, *map(str, arguments)], check=True)
        return
    side = options.sides[0]
    with Image.open(options.photo) as image:
        photo = image.convert("RGB")
    factor = side / max(photo.size)
    photo = photo.resize((round(photo.width * factor), round(photo.height * factor)), Image.Resampling.LANCZOS)
    artist = gan_style.load_artist(options.painting)
    begun, cpu = time.monotonic(), time.process_time()
    painted = artist.paint(photo)
    spent, cpu = time.monotonic() - begun, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{photo.width}x{photo.height}: {cpu:.0f} CPU s, {spent:.0f} s, peak {peak:.2f} GiB", flush=True)
    if options.out:
        painted.save(options.out)


if __name__ == "__main__":
    main()
