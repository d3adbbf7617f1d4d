"""Trainings that are bound to fail: which failures are detected, and when.

    python benchmarks/illnesses.py PHOTOS PAINTINGS OUT [NAME ...]

Each is a short training with one thing wrong: a learning rate, or unsuitable pictures. Prints the
messages of the training.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

import gan_style
from gan_style.data.augmentation import AugmentationConfig
from gan_style.errors import GanStyleError
from gan_style.imaging.finding import find_pictures
from gan_style.training.loop import loop as session
from gan_style.training.run.listener import Silent

SIZE = 128
FREE: dict[str, Any] = {"content_weight": 0.0, "content_limit": 2.0, "calm_weight": 0.0}
"""No content term."""


@dataclass(frozen=True)
class Case:
    """A training with one fault.

    Attributes:
        what: description.
        changes: of the recipe.
        paintings: makes a picture of the paintings' folder from one photograph; real paintings without it.
    """

    what: str
    changes: dict[str, Any] = field(default_factory=dict)
    paintings: Callable[[Image.Image], Image.Image] | None = None


CASES = {
    "rate-50": Case("learning rate of the generator 50 times as high", {"generator_rate": 2e-2}),
    "rate-500": Case("500 times as high", {"generator_rate": 2e-1}),
    "rate-huge": Case("1e12 times as high", {"generator_rate": 4e8}),
    "free-50": Case("50 times as high, and nothing that keeps the content", {"generator_rate": 2e-2, **FREE}),
    "critic-100": Case("learning rate of the discriminator 100 times as high", {"discriminator_rate": 2e-2}),
    "negatives": Case("negatives of photographs instead of paintings", FREE, ImageOps.invert),
    "by-heart": Case(
        "no augmentation, and the discriminator learns 50 times as fast",
        {"augmentation": AugmentationConfig(0.0, 0.0), "discriminator_rate": 1e-2, "generator_rate": 4e-5},
    ),
}


class Ear(Silent):
    """Print the messages of the training."""

    def warn(self, sentence: str) -> None:
        """Leave out what is said of the pictures."""
        if " at step " in sentence:
            print(f"  {sentence}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("out", type=Path, help="output folder; must not exist")
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(CASES)}; all by default")
    parser.add_argument("--steps", type=int, default=400)
    options = parser.parse_args()
    options.out.mkdir(parents=True)
    session.EXAMINE_STEPS = 50
    photos = few(options.photos, options.out / "photos", 100, lambda picture: picture)
    paintings = few(options.paintings, options.out / "paintings", 100, lambda picture: picture)
    for name in options.names or CASES:
        case = CASES[name]
        print(f"{name}: {case.what}", flush=True)
        folder = few(options.photos, options.out / name, 100, case.paintings, 100) if case.paintings else paintings
        recipe = dataclasses.replace(gan_style.Recipe(size=SIZE), **case.changes)
        limit = gan_style.Limit(steps=options.steps)
        output = options.out / f"{name}.safetensors"
        try:
            outcome = gan_style.train(photos, folder, output, recipe=recipe, limit=limit, listener=Ear())
            print(f"  ended after {outcome.steps} steps", flush=True)
        except GanStyleError as error:
            print(f"  {error}", flush=True)


def few(folder: Path, out: Path, count: int, change: Callable[[Image.Image], Image.Image], first: int = 0) -> Path:
    """Copy some pictures of a folder, modified, to another folder."""
    out.mkdir()
    for path in list(find_pictures(folder))[first : first + count]:
        with Image.open(path) as image:
            change(image.convert("RGB")).save(out / f"{path.stem}.png")
    return out


if __name__ == "__main__":
    main()
