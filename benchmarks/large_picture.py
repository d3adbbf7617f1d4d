"""Time and peak memory of painting one picture of a given size with the command line.

    python benchmarks/large_picture.py PHOTO --megapixels 24 --style monet

The photograph is cropped to 3:2, resized to the number of megapixels and saved as JPEG; `gan-style stylize` then paints
it in a process of its own, whose CPU seconds and peak resident memory the operating system tells when it has ended.
"""

from __future__ import annotations

import argparse
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageOps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--style", default="monet")
    parser.add_argument("--keep", type=Path, help="output file for the painting")
    options = parser.parse_args()
    height = round(math.sqrt(options.megapixels * 1e6 / 1.5))
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "photo.jpg"), options.keep or Path(folder, "painting.jpg")
        with Image.open(options.photo) as photo:
            picture = ImageOps.fit(ImageOps.exif_transpose(photo).convert("RGB"), (round(1.5 * height), height))
            picture.save(source, quality=92)
            width, height = picture.size
        del photo, picture  # A new process counts what its parent holds as its own.

        start = time.perf_counter()
        command = [sys.executable, "-m", "gan_style", "stylize", str(source), "--style", options.style, "--overwrite"]
        command += ["--max-pixels", str(2 * width * height)]
        subprocess.run([*command, "-o", str(target)], check=True, stdout=subprocess.DEVNULL)
        elapsed = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{width}x{height} pixels: {elapsed:.1f} s, {usage.ru_utime + usage.ru_stime:.1f} CPU seconds, "
        f"peak {usage.ru_maxrss / 2**20:.2f} GiB resident"
    )


if __name__ == "__main__":
    main()
