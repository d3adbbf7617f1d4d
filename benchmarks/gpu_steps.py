"""Training steps per second on CUDA, eager and as a CUDA graph, and whether both give the same results.

    python benchmarks/gpu_steps.py

Trains on synthetic pictures. Prints for several recipes the steps per second of both modes, whether training from a
restored state gives the same results as before, and the mean losses of both modes. On a CPU (``--device cpu``) no graph
is recorded, and both modes are the same.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from gan_style.checkpoints.backbone import load_backbone
from gan_style.data.picture_set import PictureSet
from gan_style.device import Compute
from gan_style.training.recipe import Recipe
from gan_style.training.run.state import restore, snapshot
from gan_style.training.step.adversarial import all_finite
from gan_style.training.step.trainer import Trainer

WARM_UP = 5
"""Steps before any are timed; a step is recorded in the fourth."""


class KernelByKernel(Trainer):
    """A variant, and therefore never recorded."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30, help="number of timed steps")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    compute = Compute.choose(options.device)
    torch.backends.cudnn.benchmark = True  # All steps have the same shapes.
    photos, paintings = pictures(64, 1), pictures(64, 2)

    def trainer(kind: type[Trainer], recipe: Recipe) -> Trainer:
        return kind(photos, paintings, load_backbone(recipe.backbone), recipe, compute)

    recipes = {f"default, batch {count}": Recipe(batch_size=count) for count in (4, 16)}
    recipes["fine-tuning, batch 16"] = Recipe.fine_tuning(batch_size=16)
    for name, recipe in recipes.items():
        for kind in (KernelByKernel, Trainer):
            print(f"{name}: {describe(trainer(kind, recipe), options.steps)}", flush=True)
    print(f"going back: {going_back(trainer(Trainer, recipes['default, batch 4']))}", flush=True)
    for kind in (KernelByKernel, Trainer):
        one = trainer(kind, recipes["default, batch 4"])
        means = np.mean([[*one.step(1.0).values()] for _ in range(3 * options.steps)], 0)
        print(f"{manner(one)}: mean losses {means.round(4).tolist()}", flush=True)


def pictures(count: int, seed: int) -> PictureSet:
    """Blots of random colors with some grain, (256, 320, 3)."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        blots = random.integers(0, 256, (16, 20, 3)).repeat(16, 0).repeat(16, 1)
        made.append((blots + random.normal(0, 8, blots.shape)).clip(0, 255).astype(np.uint8))
    return PictureSet(made, [Path(f"{index}.png") for index in range(count)])


def describe(trainer: Trainer, steps: int) -> str:
    """How fast a trainer makes steps, and whether all losses are numbers."""
    losses = [trainer.step(1.0) for _ in range(WARM_UP)]
    rate = per_second(lambda: losses.append(trainer.step(1.0)), steps)
    return f"{manner(trainer)} {rate:.1f} steps/s, all losses finite: {all(all_finite(one) for one in losses)}"


def manner(trainer: Trainer) -> str:
    """How a trainer has made its last step."""
    return "replayed" if trainer.graph is not None and trainer.graph.graph is not None else "kernel by kernel"


def per_second(step: Callable[[], object], count: int) -> float:
    """How often a second something can be done; a step ends with reading its losses, and so waits for the device."""
    begun = time.monotonic()
    for _ in range(count):
        step()
    return count / (time.monotonic() - begun)


def going_back(trainer: Trainer) -> str:
    """How far the losses of some steps are from those of the same steps after going back to before them."""
    for _ in range(WARM_UP):
        trainer.step(1.0)
    numbers, tensors = snapshot(trainer)
    state = dict(numbers), {name: value.clone() for name, value in tensors.items()}
    first = [trainer.step(1.0) for _ in range(WARM_UP)]
    restore(trainer, *state)
    again = [trainer.step(1.0) for _ in range(WARM_UP)]
    apart = max(abs(one["discriminator"] - two["discriminator"]) for one, two in zip(first, again, strict=True))
    return f"losses of the discriminator differ by {apart:.1e} at most"


if __name__ == "__main__":
    main()
