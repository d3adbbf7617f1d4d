from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.style_file import read_style
from gan_style.data.augmentation import AugmentationConfig
from gan_style.data.picture_set import PictureSet
from gan_style.device import Compute
from gan_style.errors import TrainingError
from gan_style.imaging.types import Pixels
from gan_style.metrics.distances import Replicated
from gan_style.models.discriminator import DiscriminatorConfig
from gan_style.models.generator import Generator
from gan_style.training.api import train
from gan_style.training.loop.best_tracker import BestTracker, no_longer_improves
from gan_style.training.loop.failure import diagnose
from gan_style.training.loop.schedule import Limit
from gan_style.training.loop.validator import ValidationMetrics, Validator, split_held_out
from gan_style.training.recipe import Recipe
from gan_style.training.run.history import read_history
from gan_style.training.run.listener import Silent
from gan_style.training.step.trainer import Trainer
from tests.conftest import TINY, photo, save_crops
from tests.training.conftest import small_features

RECIPE = Recipe(size=64, generator=TINY, discriminator=DiscriminatorConfig(head_channels=8, patch_channels=4))


def crops(names: tuple[str, ...], count: int, side: int = 64) -> PictureSet:
    """Squares from several photographs."""
    random, images = np.random.default_rng(len(names)), [np.asarray(photo(name)) for name in names]
    pictures = []
    for index in range(count):
        image = images[index % len(images)]
        top, left = (int(random.integers(length - side)) for length in image.shape[:2])
        pictures.append(image[top : top + side, left : left + side].copy())
    return PictureSet(pictures, [Path(str(index)) for index in range(count)], fingerprint="x")


class Painter(Generator):
    """Something else in place of a generator."""

    def __init__(self, effect: Callable[[Tensor], Tensor]) -> None:
        super().__init__(TINY)
        self.effect = effect

    def forward(self, photo: Tensor, noise: Tensor | None = None, grain: Tensor | None = None) -> Tensor:
        del noise, grain
        return self.effect(photo)


def woven(picture: Tensor) -> Tensor:
    return picture + 0.1 * (-1.0) ** (torch.arange(picture.shape[3]) + torch.arange(picture.shape[2])[:, None])


PAINTERS: dict[str | None, Callable[[Tensor], Tensor]] = {
    None: lambda picture: 0.9 * picture + 0.05,
    "grey": lambda picture: picture.mean(1, keepdim=True) + 0.1 * (picture - picture.mean(1, keepdim=True)),
    "saturation": lambda picture: picture.mean(1, keepdim=True) + 4 * (picture - picture.mean(1, keepdim=True)),
    "inversion": lambda picture: -picture,
    "content": lambda picture: picture.mean((2, 3), keepdim=True) + 0.02 * torch.randn_like(picture),
    "lattice": woven,
}


@pytest.fixture(scope="module")
def trained() -> tuple[Trainer, Validator]:
    photos, paintings = crops(("chelsea.png",), 24), crops(("astronaut.png", "rocket.jpg"), 24)
    trainer = Trainer(photos, paintings, load_backbone(), RECIPE, Compute.choose("cpu", "fp32"))
    return trainer, Validator(photos, paintings, trainer, small_features())


@pytest.mark.parametrize("name", PAINTERS)
def test_every_illness_of_a_painter_is_seen(trained: tuple[Trainer, Validator], name: str | None) -> None:
    trainer, validator = trained
    trainer.average = Painter(PAINTERS[name]).eval()
    failure = diagnose(validator.examine(trainer), None)
    assert (failure.name if failure else None) == name


def examined(
    photos: PictureSet, paintings: PictureSet, effect: Callable[[Tensor], Tensor]
) -> tuple[ValidationMetrics, Validator]:
    """What is found of a painter."""
    trainer = Trainer(photos, paintings, load_backbone(), RECIPE, Compute.choose("cpu", "fp32"))
    validator = Validator(photos.part([]), paintings.part([]), trainer, small_features())
    trainer.average = Painter(effect).eval()
    return validator.examine(trainer), validator


def pictures_of(*pictures: Pixels) -> PictureSet:
    """A set of given pictures."""
    return PictureSet(list(pictures), [Path(str(index)) for index in range(len(pictures))], fingerprint="x")


def burst(count: int = 6) -> PictureSet:
    """One photograph, taken again a pixel further on."""
    image = np.asarray(photo("coffee.png"))
    return pictures_of(*(image[100 : 100 + 64, 200 + step : 264 + step].copy() for step in range(count)))


def flat(level: int, deviation: float = 0.0) -> PictureSet:
    """Pictures of one grey, with next to nothing on them."""
    random = np.random.default_rng(level)
    noise = random.normal(level, deviation, (6, 64, 64, 1))
    return pictures_of(*(np.repeat(one, 3, 2).clip(0, 255).astype(np.uint8) for one in noise))


def grey(pictures: PictureSet) -> PictureSet:
    """Without colours."""
    return pictures_of(*(np.repeat(rgb.mean(2, keepdims=True).astype(np.uint8), 3, 2) for rgb in pictures.pictures))


def soft(pictures: PictureSet) -> PictureSet:
    """Without anything as fine as a lattice."""
    blurred = (Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(6)) for rgb in pictures.pictures)
    return pictures_of(*map(np.asarray, blurred))


def stroked(picture: Tensor) -> Tensor:
    """A painter that lays broad strokes of its own over everything, in its own warm colours."""
    rows, columns = (torch.arange(side) for side in picture.shape[2:])
    strokes = torch.sin((rows[:, None] + 2 * columns) / 5) * torch.tensor([0.2, 0.1, -0.05])[:, None, None]
    return 0.9 * picture + strokes


def speckled(picture: Tensor) -> Tensor:
    """A painter with a grain that nobody sees."""
    return picture + 0.08 * woven(torch.zeros_like(picture))


Sets = Callable[[], PictureSet]

DEGENERATE: dict[str, tuple[Sets, Sets, Callable[[Tensor], Tensor]]] = {
    "photographs of one moment": (burst, lambda: crops(("astronaut.png",), 6), stroked),
    "copies among others": (
        lambda: pictures_of(*7 * [*burst(1).pictures], *crops(("chelsea.png",), 5).pictures),
        lambda: crops(("astronaut.png",), 6),
        stroked,
    ),
    "one photograph": (lambda: burst(1), lambda: crops(("astronaut.png",), 6), stroked),
    "black photographs": (lambda: flat(0), lambda: crops(("astronaut.png",), 6), stroked),
    "fog": (lambda: flat(180, 0.6), lambda: crops(("astronaut.png",), 6), stroked),
    "paintings all alike": (
        lambda: crops(("chelsea.png",), 6),
        lambda: pictures_of(*6 * [*crops(("coffee.png",), 1).pictures]),
        stroked,
    ),
    "nothing on either side": (lambda: flat(0), lambda: flat(128), stroked),
    "no colours on either side": (
        lambda: grey(crops(("chelsea.png",), 6)),
        lambda: grey(crops(("coffee.png",), 6)),
        stroked,
    ),
    "nothing fine on either side": (
        lambda: soft(crops(("chelsea.png",), 6)),
        lambda: soft(crops(("coffee.png",), 6)),
        speckled,
    ),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_pictures_that_say_little_make_no_painter_ill(name: str) -> None:
    photos, paintings, effect = DEGENERATE[name]
    metrics, _ = examined(photos(), paintings(), effect)
    assert diagnose(metrics, None) is None
    assert all(value is None or np.isfinite(value) for value in metrics.line().values())


@pytest.mark.parametrize("name", ["content", "inversion"])
def test_an_ill_painter_is_seen_on_photographs_of_one_moment(name: str) -> None:
    metrics, _ = examined(burst(), crops(("astronaut.png",), 6), PAINTERS[name])
    failure = diagnose(metrics, None)
    assert failure
    assert failure.name == name


def test_copies_count_once_in_an_examination() -> None:
    photos = pictures_of(*7 * [*burst(1).pictures], *crops(("chelsea.png",), 5).pictures)
    _, validator = examined(photos, pictures_of(*12 * [*crops(("coffee.png",), 1).pictures]), stroked)
    assert validator.settings()["photos"] == 6
    assert validator.settings()["paintings"] == 1
    assert not validator.apart, "of one painting nobody can say how near a painter is"


def test_an_examination_leaves_no_trace_and_repeats(trained: tuple[Trainer, Validator]) -> None:
    trainer, validator = trained
    trainer.average = Generator(TINY).eval()
    before = torch.get_rng_state(), trainer.sampler.state
    first, second = validator.examine(trainer).line(), validator.examine(trainer).line()
    assert first == second
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == trainer.sampler.state


def test_a_discriminator_that_knows_its_paintings_by_heart_is_seen() -> None:
    """It learns paintings that the held-out ones have nothing in common with; they are like the photographs."""
    other, known = crops(("astronaut.png",), 60), crops(("coffee.png",), 8)
    photos, new = other.part(range(30)), other.part(range(30, 60))
    recipe = dataclasses.replace(
        RECIPE,
        generator_rate=0.0,
        discriminator_rate=4e-3,
        augmentation=AugmentationConfig(0.0, 0.0),
        discriminator=DiscriminatorConfig(head_channels=32, patch_channels=4),
    )
    trainer = Trainer(photos, known, load_backbone(), recipe, Compute.choose("cpu", "fp32"))
    validator = Validator(photos, new, trainer, small_features())
    assert diagnose(validator.examine(trainer), None) is None
    for _ in range(40):
        trainer.step(1.0)
    metrics = validator.examine(trainer)
    failure = diagnose(metrics, None)
    assert failure
    assert failure.name == "overfit", metrics.overfit


def test_an_eighth_is_kept_aside_where_there_is_enough() -> None:
    pictures = crops(("coffee.png",), 200)
    learnt, kept = split_held_out(pictures)
    assert (len(learnt), len(kept)) == (175, 25)
    assert not {*learnt.paths} & {*kept.paths}
    assert [len(one) for one in split_held_out(pictures.part(range(60)))] == [60, 0]
    assert len(split_held_out(pictures.part([*range(200)] * 3))[1]) == 32


def metrics(closed: float, seed: int = 0, spread: float = 0.05) -> ValidationMetrics:
    """A healthy painter that closed so much of the gap."""
    noise = np.random.default_rng(seed).normal(0, spread / 30, (2, 30))
    return ValidationMetrics(
        Replicated(closed, closed + noise[0], closed + noise[1]), 0.1, 0.2, 1.0, 0.15, (0.15, 0.15), 0, None
    )


def test_the_newest_style_is_kept_unless_it_is_certainly_worse() -> None:
    tracker, average = BestTracker(), Generator(TINY)
    for step, (closed, seed, kept) in enumerate(
        [(0.5, 0, True), (0.7, 1, True), (0.69, 2, True), (0.5, 3, False), (0.68, 4, True), (0.9, 5, True)]
    ):
        with torch.no_grad():
            average.stem.weight.fill_(step)
        assert tracker.judge(metrics(closed, seed), step, step, average) is None
        assert tracker.newest is kept
        assert tracker.kept is not None
        assert bool((tracker.kept["stem.weight"] == step).all()) is kept
    tracker.record_failure()
    assert not tracker.newest
    other = BestTracker()
    other.restore(tracker.about(), tracker.tensors())
    assert other.about() == tracker.about()


def test_what_is_certainly_lost_is_an_illness() -> None:
    best = metrics(0.8).closed
    assert diagnose(metrics(0.7, 1), best) is None
    failure = diagnose(metrics(0.3, 1), best)
    assert failure
    assert failure.name == "worse"


def test_improvement_ends_where_nothing_is_gained_any_more() -> None:
    rising = [(float(t), 1 - 0.9 ** (t / 3)) for t in range(1, 25)]
    assert not any(no_longer_improves(rising[:count]) for count in range(len(rising)))
    noise = np.random.default_rng(0).normal(0, 0.01, 60)
    flat = [(float(t), min(0.7, 0.07 * t) + noise[t]) for t in range(60)]
    ends = [count for count in range(len(flat)) if no_longer_improves(flat[:count])]
    assert ends
    assert 12 < ends[0] < 40


class Ear(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)


def test_a_training_that_explodes_goes_back_and_is_given_up(
    photo_folder: Path, painting_folder: Path, tmp_path: Path
) -> None:
    ear, output = Ear(), tmp_path / "wild.safetensors"
    recipe = dataclasses.replace(RECIPE, batch_size=2, generator_rate=1e9)
    with pytest.raises(TrainingError, match="Training stopped"):
        train(photo_folder, painting_folder, output, recipe=recipe, limit=Limit(steps=12), device="cpu", listener=ear)
    back = [sentence for sentence in ear.warnings if "rolled back to step 0 with half the learning rate" in sentence]
    assert len(back) == 2
    assert [line["illness"] for line in read_history(tmp_path / "wild-run") if "event" in line] == ["nan", "nan"]
    assert torch.isfinite(read_style(output).generator.stem.weight).all()


def test_a_training_that_explodes_a_little_recovers(tmp_path: Path) -> None:
    """A spike of not-a-number, as a faulty kernel makes one."""
    photos, paintings = save_crops(tmp_path / "photos", "chelsea.png", 6), save_crops(tmp_path / "p", "coffee.png", 6)
    ear, output = Ear(), tmp_path / "spike.safetensors"
    recipe = dataclasses.replace(RECIPE, batch_size=2)
    step, spikes = Trainer.step, [5]

    def spiking(self: Trainer, rate: float) -> object:
        if spikes and self.steps == spikes[0]:
            spikes.pop()
            with torch.no_grad():
                self.generator.stem.weight.fill_(float("nan"))
        return step(self, rate)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "step", spiking)
        patch.setattr("gan_style.training.loop.loop.EXAMINE_STEPS", 2)
        outcome = train(photos, paintings, output, recipe=recipe, limit=Limit(steps=8), device="cpu", listener=ear)
    assert outcome.steps == 8
    assert [sentence for sentence in ear.warnings if "at step 6: rolled back to step 4 with half" in sentence]
