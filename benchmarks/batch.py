"""Compare the throughput of batch painting with that of the network alone on pictures in memory.

    python benchmarks/batch.py FOLDER --style monet --repeats 3

Both paint the same pictures alternately, so that other load on the machine affects both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import gan_style
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.opening import open_photograph
from gan_style.inference.batch import Rules, run
from gan_style.inference.naming import Naming
from gan_style.inference.options import StylizeOptions
from gan_style.inference.planning import plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--style", default="monet")
    parser.add_argument("--format", default="", help="output format")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    style = gan_style.load_style(options.style)
    photographs = [open_photograph(path) for path in find_pictures(options.folder)]
    megapixels = sum(one.pixels.shape[0] * one.pixels.shape[1] for one in photographs) / 1e6
    style.paint_photograph(photographs[0], StylizeOptions())  # The first one prepares the processor's kernels.
    shares = []
    for _ in range(options.repeats):
        start = time.perf_counter()
        for one in photographs:
            style.paint_photograph(one, StylizeOptions())
        alone = time.perf_counter() - start
        with tempfile.TemporaryDirectory() as folder:
            jobs = plan([options.folder], Path(folder), Naming(style.name, form=options.format))
            start = time.perf_counter()
            outcomes = run(jobs, style, StylizeOptions(), Rules())
            batch = time.perf_counter() - start
        assert all(outcome.state == "painted" for outcome in outcomes)
        shares.append(alone / batch)
        print(
            f"{len(jobs)} pictures, {megapixels:.1f} megapixels: painting alone {megapixels / alone:.3f} MP/s, "
            f"batch {megapixels / batch:.3f} MP/s, {100 * alone / batch:.1f} %",
            flush=True,
        )
    print(f"median {100 * statistics.median(shares):.1f} %")


if __name__ == "__main__":
    main()
