"""Distill the backbone into a small dense network, for training in ``benchmarks/ideas.py``.

    python benchmarks/student.py PHOTOS PAINTINGS OUT.safetensors --cpu-seconds 900 --painters vangogh ukiyoe

Where the backbone has depthwise convolutions, the student has two dense ones of 3x3 for each of the strides 2, 4, 8 and
16, and a projection to the backbone's channels. Its inputs are photographs, paintings, and photographs painted by some
styles at random strengths and variations, so that a generator cannot easily fool it, and is trained by a smooth L1
distance between maps whose channels have been brought to zero mean and unit variance (Hinton et al., 2015; Romero et
al., "FitNets", ICLR 2015). Printed at the end: what share of the spread of each of the backbone's maps it explains on
crops that it has not seen, of each of the three kinds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import open_style
from gan_style.data.loading import load_pictures
from gan_style.data.picture_set import PictureSet
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.tensors import to_unit
from gan_style.models.backbone import Backbone, BackboneConfig
from gan_style.models.generator import Generator
from gan_style.models.layers import conv3x3, initialize_weights, leaky
from gan_style.training.loop.schedule import rate_factor

WIDTHS = (32, 64, 128, 192)
CROP, SIZE = 128, 256
EACH = 3
"""Crops of each kind in a step."""
RATE = 1e-3


class Student(Backbone):
    """Maps of a picture as the backbone has them, from dense convolutions."""

    def __init__(self, config: BackboneConfig) -> None:
        nn.Module.__init__(self)  # Of the backbone only what others may ask it, and none of its stages.
        self.config = config
        self.first, self.second, self.project = (nn.ModuleList() for _ in range(3))
        for inputs, width, channels in zip((3, *WIDTHS), WIDTHS, config.channels, strict=False):
            self.first.append(nn.Conv2d(inputs, width, 3, 2, 1))
            self.second.append(conv3x3(width, width))
            self.project.append(nn.Conv2d(width, channels, 1))
        initialize_weights(self)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """As the backbone's: (N, 3, H, W) in [-1, 1] to one map for each tap."""
        maps = []
        for first, second, project in zip(self.first, self.second, self.project, strict=True):
            picture = leaky(second(leaky(first(picture))))
            maps.append(project(picture))
        return maps


def load_student(config: BackboneConfig, path: Path) -> Student:
    """Load a trained, frozen student."""
    student = Student(config)
    student.load_state_dict(load_file(path))
    student.requires_grad_(False).eval()
    return student


class Lessons:
    """What a student is shown, (3 x EACH, 3, CROP, CROP) in [-1, 1]: photographs, paintings, painted photographs."""

    def __init__(self, photos: PictureSet, paintings: PictureSet, painters: Sequence[Generator], seed: int) -> None:
        self.photos, self.paintings, self.painters = photos, paintings, painters
        self.chance = np.random.default_rng(seed)

    @torch.no_grad()
    def next(self) -> Tensor:
        """Crops that it has not seen before."""
        photos, painted, paintings = (
            to_unit(one.cut(one.draw(EACH, self.chance), CROP)) for one in (self.photos, self.photos, self.paintings)
        )
        painter = self.painters[int(self.chance.integers(len(self.painters)))]
        noise = torch.randn(EACH, painter.config.noise)
        strength = torch.from_numpy(self.chance.uniform(0, 1.5, (EACH, 1, 1, 1)).astype(np.float32))
        painted = (painted + strength * (painter(painted, noise) - painted)).clamp(-1, 1)
        return torch.cat([photos, paintings, painted])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--painters", nargs="+", default=["vangogh", "ukiyoe"])
    parser.add_argument("--cpu-seconds", type=float, default=900.0)
    options = parser.parse_args()
    torch.manual_seed(0)
    photos, paintings = (
        load_pictures(find_pictures(folder), SIZE, smallest=CROP) for folder in (options.photos, options.paintings)
    )
    painters = [open_style(name).generator.eval() for name in options.painters]
    teacher = load_backbone()
    student = Student(teacher.config)
    lessons = Lessons(photos, paintings, painters, seed=0)
    with torch.no_grad():
        maps = zip(*(teacher(lessons.next()) for _ in range(16)), strict=True)
        known = [torch.std_mean(torch.cat(one), (0, 2, 3), keepdim=True) for one in maps]
    units = [(spread.clamp_min(1e-3), mean) for spread, mean in known]
    optimizer = torch.optim.Adam(student.parameters(), RATE)
    began, steps = time.process_time(), 0
    while (spent := time.process_time() - began) < options.cpu_seconds:
        optimizer.param_groups[0]["lr"] = RATE * rate_factor(spent / options.cpu_seconds)
        picture = lessons.next()
        with torch.no_grad():
            wanted = teacher(picture)
        apart = [
            F.smooth_l1_loss(ours / spread, theirs / spread)
            for ours, theirs, (spread, _) in zip(student(picture), wanted, units, strict=True)
        ]
        optimizer.zero_grad()
        torch.autograd.backward(torch.stack(apart).sum())
        optimizer.step()
        steps += 1
        if steps % 200 == 0:
            print(steps, f"{spent:.0f}", *(f"{float(one):.3f}" for one in apart), flush=True)
    save_file(student.state_dict(), options.out)
    print(f"{steps} steps, {sum(one.numel() for one in student.parameters())} parameters")
    tell(teacher, student, Lessons(photos, paintings, painters, seed=1), units)


@torch.no_grad()
def tell(teacher: Backbone, student: Student, lessons: Lessons, units: Sequence[tuple[Tensor, Tensor]]) -> None:
    """Print the share of the spread that is explained, for each kind and map."""
    left, whole = (torch.zeros(3, len(units)) for _ in range(2))
    for _ in range(16):
        picture = lessons.next()
        pairs = zip(student(picture), teacher(picture), units, strict=True)
        for index, (ours, theirs, (spread, mean)) in enumerate(pairs):
            for sums, what in ((left, ours - theirs), (whole, theirs - mean)):
                sums[:, index] += (what / spread).square().mean((1, 2, 3)).view(3, EACH).sum(1)
    for name, row in zip(("photographs", "paintings", "painted photographs"), 1 - left / whole, strict=True):
        print(f"{name:20}", *(f"{100 * float(share):.0f} %" for share in row))


if __name__ == "__main__":
    main()
