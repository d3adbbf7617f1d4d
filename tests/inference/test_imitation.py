"""Painting after a single painting, with real features and a few real steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

import gan_style
from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.integrity import sha256_of
from gan_style.device import Compute
from gan_style.errors import PictureError, StyleError, UsageError
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.tensors import to_tensor
from gan_style.imaging.types import Pixels
from gan_style.inference.options import StylizeOptions
from gan_style.inference.style import load_artist
from gan_style.losses.content import self_similarity
from gan_style.losses.style import gram, gram_difference
from gan_style.optimization import stylizer as imitation
from gan_style.optimization.stylizer import OptimizationConfig, OptimizationStylizer, laplacian, to_size
from tests.conftest import photo

CPU = Compute.choose("cpu", "fp32")
QUICK = OptimizationConfig(steps=25, last_steps=25, samples=256)


@pytest.fixture
def small_cat(cat: Pixels) -> Pixels:
    small: Pixels = np.asarray(Image.fromarray(cat).resize((120, 80)))
    return small


@pytest.fixture
def painting() -> Pixels:
    """Something unlike a cat: violet, with strokes along one diagonal."""
    rows, columns = np.mgrid[0:96, 0:128]
    stripes = np.sin((rows + columns) / 3)[..., None]
    colours = np.array([110, 40, 150]) + stripes * np.array([60, 30, 90])
    pixels: Pixels = np.clip(colours, 0, 255).astype(np.uint8)
    return pixels


def imitator(
    painting: Pixels, config: OptimizationConfig = QUICK, minutes: float | None = None
) -> OptimizationStylizer:
    return OptimizationStylizer("violet", painting, load_backbone(), CPU, minutes=minutes, config=config)


def style_distance(picture: Pixels, painting: Pixels) -> float:
    backbone = load_backbone()
    with torch.inference_mode():
        ours, theirs = ([gram(one) for one in backbone(to_tensor(rgb.copy()))] for rgb in (picture, painting))
    return float(gram_difference(ours, theirs))


def test_a_picture_takes_on_the_style_of_a_painting_and_keeps_its_content(small_cat: Pixels, painting: Pixels) -> None:
    painted = np.asarray(imitator(painting).paint(small_cat))
    assert painted.shape == small_cat.shape
    assert style_distance(painted, painting) < 0.7 * style_distance(small_cat, painting)
    goal = painting.mean((0, 1))
    assert np.abs(painted.mean((0, 1)) - goal).max() < 0.5 * np.abs(small_cat.mean((0, 1)) - goal).max()
    backbone = load_backbone()

    def content(first: Pixels) -> float:
        ours, theirs = (backbone(to_tensor(one.copy()))[2:] for one in (first, small_cat))
        return float(self_similarity(ours, theirs, positions=10**6))

    free = dataclasses.replace(QUICK, content_weight=0.0)
    assert content(painted) < 0.8 * content(np.asarray(imitator(painting, free).paint(small_cat)))


def test_a_seed_decides_everything(small_cat: Pixels, painting: Pixels) -> None:
    artist = imitator(painting, OptimizationConfig(steps=3, last_steps=3, samples=64))
    torch.manual_seed(5)
    first = np.asarray(artist.paint(small_cat, seed=1))
    drawn = torch.rand(1)
    torch.manual_seed(7)
    assert np.array_equal(first, np.asarray(artist.paint(small_cat, seed=1)))
    assert not np.array_equal(first, np.asarray(artist.paint(small_cat, seed=2)))
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1)), "nobody else's chance is touched"


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (65, 33)])
def test_pictures_of_any_size_keep_it(size: tuple[int, int], painting: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imitation, "MAX_SIDE", 64)
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert imitator(painting, OptimizationConfig(steps=1, last_steps=1)).paint(pixels).size == (size[1], size[0])


def test_a_large_picture_gets_its_detail_back(cat: Pixels, painting: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imitation, "MAX_SIDE", 64)
    artist = imitator(painting, OptimizationConfig(steps=4, last_steps=4, samples=64))
    sharp, blurred = (np.asarray(artist.paint(cat, detail=detail), float) for detail in (1.0, 0.0))

    def roughness(picture: npt.NDArray[np.float64]) -> float:
        return float(np.abs(np.diff(picture, axis=1)).mean())

    assert roughness(sharp) > 1.5 * roughness(blurred)
    assert np.array_equal(np.asarray(artist.paint(cat, strength=0.0)), cat)


def test_time_is_bounded(small_cat: Pixels, painting: Pixels) -> None:
    told: list[float] = []
    artist = imitator(painting, OptimizationConfig(steps=10**6, last_steps=10**6, samples=64), minutes=0.02)
    picture = to_tensor(small_cat.copy())
    painted = artist.optimize(picture, StylizeOptions(), told.append)
    assert painted.shape == picture.shape
    assert 0 < len(told) < 10**4
    assert told == sorted(told)


def test_progress_tells_time(painting: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    # What steps took at these sides, in seconds: small pictures take longer than their pixels.
    seconds = {75: 0.088, 150: 0.106, 300: 0.122, 600: 0.311}
    spent: list[float] = []

    class Timed:
        def __init__(self, picture: torch.Tensor, *_: object) -> None:
            self.levels = picture

        def step(self, _: float) -> None:
            spent.append(seconds[max(self.levels.shape[2:])])

        def picture(self) -> torch.Tensor:
            return self.levels

    monkeypatch.setattr(imitation, "PyramidParameters", Timed)
    artist = imitator(painting, OptimizationConfig())
    told: list[tuple[float, float, str]] = []
    artist.optimize(
        torch.zeros(1, 3, 400, 600), StylizeOptions(), lambda done: told.append((done, sum(spent), artist.stage))
    )
    for done, so_far, _ in told:
        assert done == pytest.approx(so_far / sum(spent), abs=0.05)
    assert [stage for *_, stage in (told[0], told[-1])] == ["step 1 of 460", "step 460 of 460"]


def test_a_laplacian_pyramid_gives_its_picture_back() -> None:
    picture = torch.rand(1, 3, 37, 50)
    *finer, result = laplacian(picture, 3)
    for level in reversed(finer):
        result = level + to_size(result, level)
    assert torch.allclose(result, picture, atol=1e-5)


def test_what_a_style_is_is_told_from_its_content(tmp_path: Path, style_path: Path, painting: Pixels) -> None:
    disguised = tmp_path / "painting.ckpt"
    Image.fromarray(painting).save(disguised, format="PNG")
    artist = load_artist(disguised)
    assert isinstance(artist, OptimizationStylizer)
    assert artist.name == "painting"
    with pytest.raises(StyleError, match="is a picture"):
        gan_style.load_style(disguised)
    posing = tmp_path / "painting.safetensors"
    posing.write_bytes(disguised.read_bytes())
    with pytest.raises(StyleError, match="not a safetensors file"):
        load_artist(posing)
    with disguised.open("ab") as stream:
        stream.truncate(40 << 20)  # Decoders do not mind what comes after a picture.
    assert isinstance(load_artist(f"{disguised}@sha256:{sha256_of(disguised, 1 << 30)}"), OptimizationStylizer)
    with pytest.raises(StyleError, match="not the pinned file"):
        load_artist(f"{disguised}@sha256:{'0' * 64}")
    renamed = tmp_path / "style.png"
    renamed.write_bytes(style_path.read_bytes())
    assert isinstance(load_artist(renamed), gan_style.Style)
    neither = tmp_path / "neither.jpg"
    neither.write_text("neither")
    with pytest.raises(StyleError):
        load_artist(neither)
    cut = tmp_path / "cut.png"
    cut.write_bytes(disguised.read_bytes()[:100])
    with pytest.raises(PictureError):
        load_artist(cut)
    with pytest.raises(UsageError, match="above 0"):
        load_artist(disguised, minutes=0)


def test_frames_and_transparency_stay(tmp_path: Path, painting: Pixels, small_cat: Pixels) -> None:
    alpha = np.full((*small_cat.shape[:2], 1), 255, np.uint8)
    alpha[:20] = 0
    frames = [Image.fromarray(np.dstack([small_cat, alpha])), Image.fromarray(np.dstack([small_cat[:, ::-1], alpha]))]
    path = tmp_path / "moving.png"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80)
    photograph = open_photograph(path)
    shares: list[float] = []
    painted = imitator(painting, OptimizationConfig(steps=2, last_steps=2, samples=64)).paint_photograph(
        photograph, StylizeOptions(), shares.append
    )
    assert painted.frames == 2
    assert painted.animation == photograph.animation
    assert np.array_equal(painted.pixels[:, :][..., 3], photograph.pixels[:, :][..., 3])
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("change", [lambda picture: picture, lambda picture: picture[:, ::-1].copy()])
def test_gram_matrices_see_style_and_not_where_it_is(change: Callable[[Pixels], Pixels]) -> None:
    coffee, cat = (np.asarray(photo(name).resize((96, 96))) for name in ("coffee.png", "chelsea.png"))
    assert style_distance(np.roll(coffee, 48, 1), coffee) < style_distance(change(cat), coffee)
