"""Repeat a training with several seeds to measure the variance of its quality.

    python benchmarks/seeds.py PHOTOS PAINTINGS OTHER_PHOTOS OTHER_PAINTINGS OUT --seeds 0 1 2 --steps 1980

Trainings run one after another; styles that OUT already holds (seed0.safetensors, ...) are not trained again. Each is
evaluated like ``gan-style eval``, on held-out pictures. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import gan_style


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("other_photos", type=Path, help="held-out photographs")
    parser.add_argument("other_paintings", type=Path, help="held-out paintings")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=1980)
    parser.add_argument("--start", default="base")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print("| seed | gap closed | content distance |\n|---|---|---|")
    values = []
    for seed in options.seeds:
        style = options.out / f"seed{seed}.safetensors"
        if not style.exists():
            recipe, limit = gan_style.Recipe(seed=seed), gan_style.Limit(steps=options.steps)
            gan_style.train(options.photos, options.paintings, style, recipe=recipe, limit=limit, start=options.start)
        result = gan_style.evaluate(options.other_photos, options.other_paintings, style=style)
        closed = result.painted.closed
        if closed is None:
            raise SystemExit("The photographs are no farther from the paintings than chance may make them.")
        values.append(closed.value)
        distance = result.content.distance
        print(f"| {seed} | {100 * closed.value:.1f} % ± {100 * closed.margin:.1f} | {distance.value:.3f} |", flush=True)
    print(f"| mean, standard deviation | {100 * np.mean(values):.1f} %, {100 * np.std(values, ddof=1):.1f} | |")


if __name__ == "__main__":
    main()
