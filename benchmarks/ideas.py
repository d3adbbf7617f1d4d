"""Ablation of published techniques that are not in the recipe, one at a time, for the same CPU time.

    python benchmarks/ideas.py PHOTOS PAINTINGS OTHER_PHOTOS OUT --cpu-seconds 300 --seeds 0 1 [NAME ...]

Every training is the default one, but without the streaks that came later, with one thing changed. OUT/NAME-SEED gets
``style.safetensors`` (where the generator has the usual architecture), ``painted``, OTHER_PHOTOS as it paints them, for
``gan-style eval --outputs``, and ``told.json``, steps and losses. Existing results are kept. Set
OMP_NUM_THREADS=1, so that a second is a second of one core.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from student import load_student
from torch import Tensor, nn

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import StyleFile, open_style, write_style
from gan_style.data.loading import load_pictures
from gan_style.data.picture_set import PictureSet
from gan_style.device import Compute
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.tensors import luminance
from gan_style.losses.adversarial import over_heads
from gan_style.losses.content import ContentTerm
from gan_style.losses.term import Batch, Context
from gan_style.models.backbone import BackboneConfig
from gan_style.models.discriminator import begin_undecided, patch_gan
from gan_style.models.generator import GeneratorConfig, ResidualBlock
from gan_style.models.layers import SLOPE, conv3x3, initialize_weights, leaky
from gan_style.training.loop.schedule import rate_factor
from gan_style.training.recipe import Recipe
from gan_style.training.run.preview import paint
from gan_style.training.step.trainer import Trainer

LAZY = 8
"""Every so many steps R1 is computed (Karras et al., "StyleGAN2", CVPR 2020)."""


class R1(Trainer):
    """The discriminator's slope at real paintings is kept small (Mescheder et al., ICML 2018)."""

    WEIGHT = 0.1

    def discriminator_step(self, batch: Batch) -> Tensor:
        """As usual, and every ``LAZY`` steps the penalty by itself."""
        loss = super().discriminator_step(batch)
        if self.steps % LAZY == 0:
            inputs = [
                one.detach().clone().requires_grad_() for one in (batch.augmented_paintings, *batch.painting_features)
            ]
            scores = self.discriminate(inputs[0], inputs[1:])
            means = torch.stack([score.float().flatten(1).mean(1).sum() for score in scores])
            gradients = torch.autograd.grad(means.sum(), inputs, create_graph=True)
            # Distances as root mean squares: a map has the same weight however large it is.
            penalty = torch.stack([(one.flatten(1).square().sum(1) * one[0].numel()).mean() for one in gradients]).sum()
            self.optimizers[0].zero_grad()
            torch.autograd.backward(LAZY / 2 * self.WEIGHT * penalty)
            self.optimizers[0].step()
        return loss


class LeCam(Trainer):
    """Scores may not run far from the other side's running mean (Tseng et al., CVPR 2021)."""

    WEIGHT, DECAY = 0.3, 0.99

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.means: list[list[float]] | None = None
        plain = self.objective

        def discriminator(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
            now = [[float(score.detach().mean()) for score in side] for side in (real, fake)]
            before = self.means or now
            self.means = [
                [self.DECAY * old + (1 - self.DECAY) * new for old, new in zip(*pair, strict=True)]
                for pair in zip(before, now, strict=True)
            ]
            apart = [
                (ours - theirs).square().mean()
                for side, others in zip((real, fake), reversed(self.means), strict=True)
                for ours, theirs in zip(side, others, strict=True)
            ]
            return plain.discriminator(real, fake) + self.WEIGHT * torch.stack(apart).sum()

        self.objective = dataclasses.replace(plain, discriminator=discriminator)


class Relativistic(Trainer):
    """Paintings should score one more than the mean painted photograph (Jolicoeur-Martineau, ICLR 2019)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.real: list[Tensor] = []

        def discriminator(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
            self.real = [score.detach() for score in real]
            return over_heads(between, real, fake)

        def between(higher: Tensor, lower: Tensor) -> Tensor:
            return 0.5 * ((higher - lower.mean() - 1).square().mean() + (lower - higher.mean() + 1).square().mean())

        def generator(fake: Sequence[Tensor]) -> Tensor:
            return over_heads(between, fake, self.real)

        self.objective = dataclasses.replace(self.objective, discriminator=discriminator, generator=generator)


class CrossScale(Trainer):
    """Heads see maps that random 1x1 convolutions mix over channels and random 3x3 ones over scales.

    Sauer et al., "Projected GANs Converge Faster" (NeurIPS 2021), section 3.2. Every map keeps its number of channels.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        channels = self.backbone.config.channels
        self.across = nn.ModuleList(nn.Conv2d(count, count, 1) for count in channels)
        self.down = nn.ModuleList(conv3x3(*pair) for pair in zip(channels[1:], channels[:-1], strict=True))
        for network in (self.across, self.down):
            initialize_weights(network)
            network.requires_grad_(False)

    def discriminate(self, picture: Tensor, maps: list[Tensor], discriminator: nn.Module | None = None) -> list[Tensor]:
        """Mix first, coarse to fine."""
        mixed = [across(one) for across, one in zip(self.across, maps, strict=True)]
        for index in reversed(range(len(self.down))):
            coarse = F.interpolate(mixed[index + 1], size=mixed[index].shape[-2:], mode="bilinear")
            mixed[index] = (mixed[index] + self.down[index](coarse)) * 0.5**0.5
        return super().discriminate(picture, mixed, discriminator)


class Luminance(Trainer):
    """A further PatchGAN, of 46 pixels, that sees luminance only (AnimeGAN; Chen et al., 2019)."""

    WIDTH = 32

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.grey = nn.Sequential(nn.Conv2d(1, 3, 4, 2, 1), nn.LeakyReLU(SLOPE), patch_gan(self.WIDTH))
        begin_undecided(self.grey)
        self.optimizers[0].add_param_group({"params": list(self.grey.parameters())})

    def discriminate(self, picture: Tensor, maps: list[Tensor], discriminator: nn.Module | None = None) -> list[Tensor]:
        """The usual scores and one more."""
        return [*super().discriminate(picture, maps, discriminator), self.grey(luminance(picture))]


class WithTerm(Trainer, ABC):
    """A further term of the generator's loss."""

    WEIGHT = 1.0

    def generator_loss(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """The usual ones and the further one."""
        total, parts = super().generator_loss(batch)
        return total + self.WEIGHT * self.term(batch), parts

    @abstractmethod
    def term(self, batch: Batch) -> Tensor:
        """A scalar."""


class Identity(WithTerm):
    """A painting is painted as it is (Zhu et al., "CycleGAN", ICCV 2017), with their weight."""

    WEIGHT = 5.0

    def term(self, batch: Batch) -> Tensor:
        """Mean absolute difference."""
        return F.l1_loss(self.shared_generator(batch.paintings, batch.latent), batch.paintings)


class PatchNCE(WithTerm):
    """What lies at a place must be told from other places' by the generator's features (Park et al., ECCV 2020)."""

    LAYERS, PLACES, WIDTH, TEMPERATURE = (0, 2, 4, 6), 128, 64, 0.07

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        inputs = self.recipe.generator.channels
        self.project = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, self.WIDTH), nn.ReLU(), nn.Linear(self.WIDTH, self.WIDTH))
            for _ in self.LAYERS
        )
        self.optimizers[1].add_param_group({"params": list(self.project.parameters())})

    def encode(self, picture: Tensor) -> list[Tensor]:
        """(N, C, H * W) features after some of the generator's blocks."""
        x = self.generator.stem(F.pixel_unshuffle(picture, 4))
        features = [x]
        for block in self.generator.trunk:
            x = block(x)
            features.append(x)
        return [features[layer].flatten(2) for layer in self.LAYERS]

    def term(self, batch: Batch) -> Tensor:
        """Cross-entropy, mean over layers, of finding a painting's place among the photograph's."""
        losses = []
        pairs = zip(self.encode(batch.painted), self.encode(batch.photos), self.project, strict=True)
        for painted, photo, project in pairs:
            places = torch.randperm(painted.shape[2])[: self.PLACES]
            query, key = (F.normalize(project(one[:, :, places].transpose(1, 2)), dim=2) for one in (painted, photo))
            logits = query @ key.detach().transpose(1, 2) / self.TEMPERATURE
            losses.append(F.cross_entropy(logits.flatten(0, 1), torch.arange(len(places)).repeat(len(logits))))
        return torch.stack(losses).mean()


class Hue(WithTerm):
    """Large areas may take any color but the opposite one: a red sky may become orange but not green."""

    WEIGHT, AREA = 10.0, 32

    def term(self, batch: Batch) -> Tensor:
        """How far the mean chroma of areas points away from the photograph's, in units of pictures."""
        painted, photo = (F.avg_pool2d(chroma(one), self.AREA) for one in (batch.painted, batch.photos))
        along = (painted * F.normalize(photo, dim=1)).sum(1)
        return F.relu(-along).mean()


class GreyContent(Trainer):
    """Content in luminance only, so that no change of color costs anything."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        trainer = self

        class OfGray(ContentTerm):
            """Self-similarity of gray pictures."""

            def forward(self, batch: Batch, context: Context) -> Tensor:
                """As usual, through maps of their own."""
                del context
                pair = batch.painted, batch.photos
                return self.distance(*(trainer.extract_features(luminance(one).expand(-1, 3, -1, -1)) for one in pair))

        content = cast("ContentTerm", self.terms["content"])
        self.terms["content"] = OfGray(content.weight, content.maps)


class Fading(Trainer):
    """The content term's least weight falls from twice the usual one to none."""

    def step(self, rate: float) -> Any:
        """Follow the rate, which is constant at first and falls in the end."""
        self.content_weight.lowest = self.recipe.content_weight * 2 * rate
        return super().step(rate)


class PixelNormBlock(ResidualBlock):
    """Channels of each pixel are brought to a mean square of one first (Karras et al., ICLR 2018)."""

    def forward(self, x: Tensor, shift: Tensor | None = None) -> Tensor:
        """As a residual block."""
        hidden = self.first(leaky(x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-6)))
        if shift is not None:
            hidden = hidden + shift[:, :, None, None]
        change: Tensor = self.second(leaky(hidden))
        return x + change


class PixelNorm(Trainer):
    """The generator normalizes over channels, never over space."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for generator in (self.generator, self.average):
            for block in (*generator.trunk.children(), *generator.finish.children()):
                block.__class__ = PixelNormBlock


class Dilated(Trainer):
    """The four blocks in the middle look twice as far, at no cost (Yu & Koltun, ICLR 2016)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for generator in (self.generator, self.average):
            for block in [*generator.trunk.children()][1:5]:
                first = cast("ResidualBlock", block).first
                first.dilation = first.padding = (2, 2)


class Scaled(Trainer):
    """Judged at a random scale of 2/3 to 3/2, both sides alike."""

    scale = 1.0

    def paint_batch(self, *crops: Tensor) -> Batch:
        """A new scale for each batch."""
        self.scale = 1.5 ** float(2 * torch.rand(()) - 1)
        return super().paint_batch(*crops)

    def extract_features(self, picture: Tensor) -> list[Tensor]:
        """Look at a larger or smaller picture."""
        side = round(picture.shape[-1] * self.scale / 16) * 16
        resized = F.interpolate(picture.float(), size=(side, side), mode="bilinear", antialias=True)
        return super().extract_features(resized)


def chroma(picture: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 2, H, W): red and blue without luminance."""
    return picture[:, (0, 2)] - luminance(picture)


@dataclasses.dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        trainer: what does a step.
        recipe: makes the recipe.
        changes: of it.
        photo_sizes: short sides to which photographs are shrunk; crops stay as large as they are.
        painting_sizes: likewise of paintings.
        scratch: whether it begins with random weights, since the generator is another, or for comparison with such.
        student: whether a student's maps, ``student.safetensors`` of benchmarks/student.py in OUT, are the backbone's.
    """

    trainer: type[Trainer] = Trainer
    recipe: Callable[..., Recipe] = Recipe
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    photo_sizes: tuple[int, ...] = (256,)
    painting_sizes: tuple[int, ...] = (256,)
    scratch: bool = False
    student: bool = False


def noisy(**shape: int) -> dict[str, Any]:
    """A generator of another shape, without streaks unless they are asked for."""
    return {"generator": GeneratorConfig(noise=8, **shape)}


CASES = {
    "default": Case(),
    "fine-tuning": Case(recipe=Recipe.fine_tuning),
    "r1": Case(R1),
    "lecam": Case(LeCam),
    "relativistic": Case(Relativistic),
    "hinge": Case(changes={"objective": "hinge"}),
    "cross-scale": Case(CrossScale),
    "luminance": Case(Luminance),
    "identity": Case(Identity),
    "patch-nce": Case(PatchNCE, changes={"content_weight": 0.0, "content_limit": 2.0}),
    "no-content": Case(changes={"content_weight": 0.0, "content_limit": 2.0}),
    "limit-0.07": Case(changes={"content_limit": 0.07}),
    "limit-0.15": Case(changes={"content_limit": 0.15}),
    "order": Case(changes={"order_weight": 1000.0}),
    "hue": Case(Hue),
    "colour": Case(changes={"color_weight": 30.0}),
    "grey-content": Case(GreyContent),
    "fading-content": Case(Fading),
    "student": Case(student=True),
    "lite1": Case(changes={"backbone": BackboneConfig(variant="lite1")}),
    "lite2": Case(changes={"backbone": BackboneConfig(variant="lite2")}),
    "lite0-and-1": Case(changes={"backbone": BackboneConfig(beside=("lite1",))}),
    "stride-32": Case(changes={"backbone": BackboneConfig((0, 1, 2, 4, 5))}),
    "no-stride-2": Case(changes={"backbone": BackboneConfig((1, 2, 4))}),
    "scaled-looks": Case(Scaled),
    "zooms": Case(photo_sizes=(256, 384), painting_sizes=(256, 384)),
    "painting-zooms": Case(painting_sizes=(256, 384)),
    "streaks": Case(changes=noisy(streaks=8)),
    "flow": Case(changes={**noisy(streaks=8), "flow_weight": 30.0}),
    "scratch": Case(scratch=True),
    "scratch-streaks": Case(changes=noisy(streaks=8), scratch=True),
    "scratch-flow": Case(changes={**noisy(streaks=8), "flow_weight": 30.0}, scratch=True),
    "pixel-norm": Case(PixelNorm, scratch=True),
    "dilated": Case(Dilated, scratch=True),
    "no-refinement": Case(changes=noisy(refine_blocks=0), scratch=True),
    "more-refinement": Case(changes=noisy(refine_blocks=3), scratch=True),
    "narrow": Case(changes=noisy(channels=64), scratch=True),
    "wide": Case(changes=noisy(channels=128), scratch=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("other_photos", type=Path, help="photographs to paint")
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(CASES)}; all by default")
    parser.add_argument("--start", default="vangogh", help="starting style of trainings that do not start from scratch")
    parser.add_argument("--cpu-seconds", type=float, default=300.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    options = parser.parse_args()
    for name in options.names or CASES:
        for seed in options.seeds:
            folder = options.out / f"{name}-{seed}"
            if not (folder / "told.json").exists():
                try_one(CASES[name], seed, folder, options)
                print(name, seed, flush=True)


def try_one(case: Case, seed: int, folder: Path, options: argparse.Namespace) -> None:
    """Train, paint and write the results."""
    recipe = case.recipe(seed=seed, **{**noisy(), **case.changes})
    photos = at_sizes(options.photos, case.photo_sizes, recipe.photo_crop)
    paintings = at_sizes(options.paintings, case.painting_sizes, recipe.crop)
    compute = Compute.choose("cpu", "fp32")
    known = options.out / "student.safetensors"
    backbone = load_student(recipe.backbone, known) if case.student else load_backbone(recipe.backbone)
    trainer = case.trainer(photos, paintings, backbone, recipe, compute)
    if not case.scratch:
        trainer.load_matching_weights(open_style(options.start).generator)
    told, began = [], time.process_time()
    while (spent := time.process_time() - began) < options.cpu_seconds:
        told.append(trainer.step(rate_factor(spent / options.cpu_seconds)))
    painter = copy.deepcopy(trainer.average).eval()
    (folder / "painted").mkdir(parents=True, exist_ok=True)
    if type(trainer) not in (PixelNorm, Dilated):
        write_style(folder / "style.safetensors", StyleFile(painter, recipe.size))
    for path in find_pictures(options.other_photos):
        painted = paint(painter, read_picture(path).rgb, compute)
        Image.fromarray(painted).save(folder / "painted" / f"{path.stem}.png", compress_level=1)
    mean = {key: float(np.mean([one[key] for one in told[-50:]])) for key in told[0]}
    (folder / "told.json").write_text(json.dumps({"steps": len(told), "cpu_seconds": spent, "last": mean}, indent=1))


def at_sizes(folder: Path, sizes: tuple[int, ...], smallest: int) -> PictureSet:
    """All pictures of a folder at every size."""
    files = list(find_pictures(folder))
    loaded = [load_pictures(files, size, smallest=smallest) for size in sizes]
    pictures = [picture for one in loaded for picture in one.pictures]
    return PictureSet(pictures, [path for one in loaded for path in one.paths])


if __name__ == "__main__":
    main()
