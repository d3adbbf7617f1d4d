"""Cost and benefit of a second process: step time with one and two processes of one thread each.

    python benchmarks/processes.py PHOTOS PAINTINGS [--steps 40]

Prints the seconds of a step for one process with the whole batch, for one with half of it, for two processes with half
of it each, and for one process of two threads, and how many bytes each process sends in a step. Compare within one run
only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options)
        return
    rows = (
        ("one process", 1, 1, options.batch_size),
        ("one process, half of the batch", 1, 1, options.batch_size // 2),
        ("two processes", 2, 1, options.batch_size),
        ("one process of two threads", 1, 2, options.batch_size),
    )
    for _ in range(2):  # The second round shows how much to trust the first.
        for name, processes, threads, batch_size in rows:
            print(f"{name}: {launch(options, processes, threads, batch_size)}", flush=True)


def launch(options: argparse.Namespace, processes: int, threads: int, batch_size: int) -> str:
    """What the first of so many processes, of so many threads each, prints."""
    words = [sys.executable]
    if processes > 1:
        words += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    words += [str(HERE), str(options.photos), str(options.paintings), "--worker"]
    words += ["--steps", str(options.steps), "--batch-size", str(batch_size)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def work(options: argparse.Namespace) -> None:
    """Make steps, as one of a group of processes."""
    from gan_style.checkpoints.backbone import load_backbone
    from gan_style.data.loading import load_pictures
    from gan_style.device import Compute
    from gan_style.imaging.finding import find_pictures
    from gan_style.training.distributed import joined
    from gan_style.training.recipe import Recipe
    from gan_style.training.step.trainer import Trainer

    compute, recipe = Compute.choose("cpu"), Recipe(batch_size=options.batch_size)
    with joined(compute) as group:
        sets = [
            load_pictures(list(find_pictures(folder))[:60], recipe.size, smallest=recipe.photo_crop)
            for folder in (options.photos, options.paintings)
        ]
        trainer = Trainer(sets[0], sets[1], load_backbone(), recipe, compute, group)
        for _ in range(5):
            trainer.step(1.0)
        begun = time.perf_counter()
        for _ in range(options.steps):
            trainer.step(1.0)
        seconds = (time.perf_counter() - begun) / options.steps
        networks = (trainer.generator, trainer.discriminator)
        values = sum(value.numel() for network in networks for value in network.parameters())
        # A ring sends every gradient, in float32, 2 (n - 1) / n times.
        sent = 4 * values * 2 * (group.size - 1) / group.size
        if group.first:
            print(f"{seconds:.3f} s a step, {values / 1e6:.2f} M gradients, {sent / 1e6:.1f} MB sent a step")


if __name__ == "__main__":
    main()
