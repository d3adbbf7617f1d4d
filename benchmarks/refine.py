"""Train the refiner of a style, which adds fine strokes, on high-resolution scans of the painter's works.

    python benchmarks/refine.py monet SCANS... --photos PHOTOS... --minutes 10 -o monet-refined.safetensors

SCANS are folders of paintings with a resolution that shows single strokes; PHOTOS are folders of photographs, which the
style paints first, so that the refiner also trains on its actual input. Every minute the style is written and the mean
losses since the last minute are printed. ``--preview PHOTO`` also paints that photograph each time.

``benchmarks/refiners/`` has four starting points (``--start``) in half precision: from scans of Van Gogh, Monet,
ukiyo-e, and oil paintings by many artists. Each was trained for 9 minutes on an NVIDIA H200, five at once, batch size
8, about 8,200 steps, ``--set depth=3 adversarial_weight=2 feature_weight=0.4``, before local means were kept, so train
them further.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import StyleFile, open_style, write_style
from gan_style.data.scans import CropBank
from gan_style.device import Compute
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels
from gan_style.inference.painter import Painter
from gan_style.models.backbone import BackboneConfig
from gan_style.models.generator import GeneratorConfig
from gan_style.models.refiner import Refiner
from gan_style.training.step.refiner_trainer import RefinerConfig, RefinerTrainer

WRITTEN_EVERY = 60
"""Seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("style")
    parser.add_argument("scans", type=Path, nargs="+")
    parser.add_argument("--photos", type=Path, nargs="*", default=[])
    parser.add_argument("--largest", type=int, default=1024, help="maximum short side of the photographs in pixels")
    parser.add_argument("--most", type=int, default=150, help="maximum number of photographs")
    parser.add_argument("--start", type=Path, help="starting refiner: a weight file or a style file")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="other RefinerConfig fields")
    parser.add_argument("--preview", type=Path, nargs="*", default=[])
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    changes = {name: json.loads(value) for name, value in (word.split("=") for word in options.set)}
    changes = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
    if "taps" in changes:
        changes["backbone"] = BackboneConfig(changes.pop("taps"))
    if "streaks" in changes:
        changes["generator"] = dataclasses.replace(RefinerConfig().generator, streaks=changes.pop("streaks"))
    config = RefinerConfig(batch_size=options.batch_size, **changes)
    compute = Compute.choose(options.device)
    torch.backends.cudnn.benchmark = True  # All steps have the same shapes.
    style = open_style(options.style)
    scans = CropBank(read(options.scans), config.seen, compute.device, config.scales, config.seed)
    painter = Painter(style.generator, style.size, compute)
    photos = read(options.photos, options.largest, options.most)
    painted = [painter.paint(rgb) for rgb in photos]
    bank = CropBank(painted, config.seen // 2, compute.device, seed=config.seed + 1) if painted else None
    start = read_refiner(options.start, config.generator) if options.start else None
    trainer = RefinerTrainer(scans, bank, load_backbone(config.backbone), config, compute, start)
    print(f"{len(scans)} scans, {len(painted)} painted photographs, {compute}", flush=True)
    began = written = time.monotonic()
    losses = []
    # The learning rate falls linearly to zero.
    while (left := 1 - (spent := time.monotonic() - began) / (60 * options.minutes)) > 0:
        losses.append(tuple(trainer.step(left).values()))
        if time.monotonic() - written > WRITTEN_EVERY:
            report(trainer, losses, spent)
            save(options.output, style, trainer, options.preview, compute)
            losses, written = [], time.monotonic()
    report(trainer, losses, time.monotonic() - began)
    save(options.output, style, trainer, options.preview, compute)
    print(options.output)


def read_refiner(path: Path, config: GeneratorConfig) -> Refiner:
    """Read a refiner from a style file or a weight file."""
    weights = load_file(path)
    refiner = Refiner(config)
    refiner.load_state_dict({name: weights.get(f"refiner.{name}", weights.get(name)) for name in refiner.state_dict()})
    return refiner


def read(folders: list[Path], short_side: int | None = None, most: int | None = None) -> list[Pixels]:
    """All pictures below some folders, or some that are spread over them."""
    paths = [path for folder in folders for path in find_pictures(folder)]
    if most is not None:
        paths = [paths[index] for index in np.linspace(0, len(paths) - 1, min(most, len(paths))).astype(int)]
    return [read_picture(path, short_side).rgb for path in paths]


def report(trainer: RefinerTrainer, losses: list[tuple[float, ...]], seconds: float) -> None:
    """Print training progress."""
    if losses:
        means = [round(float(value), 4) for value in np.mean(losses, 0)]
        print(json.dumps({"steps": trainer.steps, "seconds": round(seconds, 1), "losses": means}), flush=True)


def save(output: Path, style: StyleFile, trainer: RefinerTrainer, previews: list[Path], compute: Compute) -> None:
    """Write the style with the refiner as it is now, and paint with it."""
    refiner = trainer.average
    training = style.training | {"refiner": {"steps": trainer.steps, "scans": len(trainer.scans)}}
    write_style(output, dataclasses.replace(style, refiner=refiner, training=training))
    painter = Painter(style.generator, style.size, compute, refiner=refiner.eval())
    for preview in previews:
        name = output.with_name(f"{output.stem}-{preview.stem}.jpg")
        Image.fromarray(painter.paint(read_picture(preview).rgb)).save(name, quality=92)


if __name__ == "__main__":
    main()
