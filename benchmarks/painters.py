"""Train one of the styles made on a GPU: strokes on small crops first, then nearly whole pictures.

    python benchmarks/painters.py titian --photos PHOTOS... --paintings PAINTINGS... --minutes 8 -o titian.safetensors

``PAINTERS`` has the recipes of the bundled styles that were made this way, and of others that are not good enough yet.
All were trained concurrently for eight minutes on an NVIDIA H200, in 18 processes, with about 600 steps of each kind,
before CUDA graphs were used: a single training has as many steps there within a minute. Photographs and paintings are
read from folders; ``--refiner FILE`` adds the refiner of another style, or a separate one.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import StyleFile, open_style, write_style
from gan_style.data.loading import load_pictures
from gan_style.data.picture_set import PictureSet
from gan_style.device import Compute
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels
from gan_style.models.generator import Generator, GeneratorConfig
from gan_style.models.refiner import Refiner
from gan_style.training.recipe import Recipe
from gan_style.training.step.trainer import Trainer

FIRST = 0.4
"""Share of the time for small crops, if a style does not start from itself."""

TOLD_EVERY = 30
"""Seconds."""

PAPER, INK = (244.0, 239.0, 228.0), (28.0, 26.0, 27.0)
"""Colors that a scroll's lightest and darkest tones become."""


@dataclass(frozen=True)
class Recipes:
    """Training recipes of a style.

    Attributes:
        start: starting style.
        size: short side of the training pictures in pixels.
        generator: what of its config differs from the start's.
        both: settings of both steps, beside those of :meth:`recipes`.
        first: settings of the first step; None leaves it out.
        fine: settings of the second one.
        trim: whether margins are cut off.
        paper: whether paintings are ink on paper, whatever color their scans have.
    """

    start: str = "monet"
    size: int = 256
    generator: dict[str, int] = field(default_factory=dict)
    both: dict[str, Any] = field(default_factory=dict)
    first: dict[str, Any] | None = field(default_factory=dict)
    fine: dict[str, Any] = field(default_factory=dict)
    trim: bool = False
    paper: bool = False

    def recipes(self, config: GeneratorConfig) -> list[tuple[Recipe, float]]:
        """The recipe of each step, and its share of the time."""
        config = dataclasses.replace(config, **self.generator)
        both = {"color_weight": 60.0, "color_turn": 30.0, "generator": config, "seed": 1, **self.both}
        wide = {"crop_size": 224} if self.size > 256 else {}
        fine = Recipe.fine_tuning(self.size, **{**both, "batch_size": 8, **wide, **self.fine})
        if self.first is None:
            return [(fine, 1.0)]
        small = Recipe(size=self.size, **{**both, "batch_size": 16, "crop_size": 128, **self.first})
        return [(small, FIRST), (fine, 1 - FIRST)]


ORDERLY = {"order_weight": 300.0}
PAINTERS = {
    "monet": Recipes(
        both={"color_weight": 120.0, "color_turn": 20.0, "unfamiliar_share": 0.25},
        first=None,
        fine={"content_limit": 0.1, **ORDERLY},
    ),
    "vangogh": Recipes(
        "vangogh",
        both={"unfamiliar_share": 0.25, "scales": (1.0, 1.5)},
        first=None,
        fine={"content_limit": 0.1, "calm_weight": 30.0},
    ),
    "ukiyoe": Recipes(
        "ukiyoe",
        generator={"simplify": 3},
        both={"scales": (1.0, 1.5)},
        first=None,
        fine={"content_limit": 0.1, "content_weight": 4.0},
    ),
    "titian": Recipes(both={"scales": (1.0, 1.5, 2.0), "color_turn": 25.0}, fine={"content_limit": 0.1, **ORDERLY}),
    "impressionist": Recipes(both={"color_turn": 20.0}, fine={"content_limit": 0.1, **ORDERLY}),
    "pointillism": Recipes("vangogh", fine=ORDERLY),
    "city": Recipes(fine={"content_limit": 0.11, **ORDERLY}),
    "moonlight": Recipes(both={"color_weight": 20.0, "color_turn": 60.0}, fine=ORDERLY),
    "watercolor": Recipes(size=384, generator={"simplify": 2}, first=ORDERLY, fine=ORDERLY, trim=True),
    "ink": Recipes(
        size=384,
        generator={"simplify": 3, "residual": 0},
        first=ORDERLY,
        fine={"content_limit": 0.13, **ORDERLY},
        paper=True,
    ),
    "engraving": Recipes(
        size=448,
        generator={"simplify": 2, "residual": 0},
        first={"order_weight": 100.0, "content_limit": 0.13},
        fine={"order_weight": 100.0, "content_limit": 0.13, "calm_weight": 30.0},
        trim=True,
    ),
    "figures": Recipes("ukiyoe", generator={"simplify": 3}, fine={"crop_size": 192}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("painter", choices=[*PAINTERS])
    parser.add_argument("--photos", type=Path, nargs="+", required=True)
    parser.add_argument("--paintings", type=Path, nargs="+", required=True)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--batch-size", type=int, help="batch size of both steps; overrides the recipe")
    parser.add_argument("--refiner", help="style file whose refiner is added")
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    compute = Compute.choose(options.device)
    torch.backends.cudnn.benchmark = True  # All steps have the same shapes.
    painter = PAINTERS[options.painter]
    generator: Generator = open_style(painter.start).generator
    steps, photos, paintings, recipe = 0, PictureSet(), PictureSet(), Recipe()
    for recipe, share in painter.recipes(generator.config):
        if options.batch_size:
            recipe = dataclasses.replace(recipe, batch_size=options.batch_size)
        photos = read(options.photos, recipe, recipe.photo_crop)
        paintings = read(options.paintings, recipe, recipe.crop, trim=painter.trim, paper=painter.paper)
        print(f"{len(photos)} photographs, {len(paintings)} paintings, crops of {recipe.crop}, {compute}", flush=True)
        trainer = Trainer(photos, paintings, load_backbone(recipe.backbone), recipe, compute)
        trainer.load_matching_weights(generator)
        learn(trainer, 60 * options.minutes * share, falling=share > FIRST)
        generator, steps = trainer.average, steps + trainer.steps
    training = {
        "start": painter.start,
        "steps": steps,
        "device": str(compute),
        "photos": len(photos),
        "paintings": len(paintings),
        "recipe": dataclasses.asdict(recipe),
    }
    refiner: Refiner | None = open_style(options.refiner).refiner if options.refiner else None
    write_style(options.output, StyleFile(generator, painter.size, "Apache-2.0", training, refiner=refiner))
    print(options.output)


def learn(trainer: Trainer, seconds: float, *, falling: bool) -> None:
    """Make steps for some time, at a learning rate that falls in its second half or does not."""
    began = told = time.monotonic()
    losses = []
    while (left := 1 - (time.monotonic() - began) / seconds) > 0:
        losses.append([*trainer.step(min(1, 2 * left) if falling else 1.0).values()])
        if time.monotonic() - told > TOLD_EVERY:
            means = [round(float(value), 4) for value in np.mean(losses, 0)]
            print(json.dumps({"steps": trainer.steps, "losses": means}), flush=True)
            losses, told = [], time.monotonic()


def read(folders: list[Path], recipe: Recipe, smallest: int, *, trim: bool = False, paper: bool = False) -> PictureSet:
    """All pictures below some folders, at the largest of a recipe's scales."""
    paths = [path for folder in folders for path in find_pictures(folder)]
    pictures = load_pictures(paths, max(recipe.short_sides), smallest=smallest, trim=trim)
    if paper:
        drawn = [on_paper(rgb) for rgb in pictures.pictures]
        pictures = pictures.part([place for place, rgb in enumerate(drawn) if rgb is not None])
        pictures.pictures = [rgb for rgb in drawn if rgb is not None]
    pictures.short_sides = recipe.short_sides if len(recipe.scales) > 1 else ()
    return pictures


def on_paper(rgb: Pixels) -> Pixels | None:
    """The lights and darks of a scroll as ink on paper; None where it is hardly darker than its silk, or all dark."""
    gray = np.asarray(Image.fromarray(rgb).convert("L"), float)
    low, high = np.percentile(gray, [0.5, 92])
    tone = np.clip((gray - low) / max(high - low, 1), 0, 1)
    if high - low < 70 or np.median(tone) < 0.55:
        return None
    ink, paper = np.array(INK), np.array(PAPER)
    drawn: Pixels = (ink + (paper - ink) * tone[..., None]).astype(np.uint8)
    return drawn


if __name__ == "__main__":
    main()
