from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

import gan_style
from gan_style.checkpoints.bundled import bundled_styles
from gan_style.checkpoints.style_file import StyleFile, write_style
from gan_style.device import Compute
from gan_style.errors import UsageError
from gan_style.imaging.latent import latent_of_picture
from gan_style.imaging.tensors import enlarge, grain, shrink, to_tensor
from gan_style.imaging.types import Pixels
from gan_style.inference.levels import Tile
from gan_style.inference.masks import detail_mask, form_mask
from gan_style.inference.options import StylizeOptions
from gan_style.inference.painter import Painter
from gan_style.inference.style import Style
from gan_style.inference.tiles import Box, split, view
from gan_style.models.refiner import Refiner
from tests.conftest import TINY, lively, lively_generator, photo

CPU = Compute.choose("cpu", "fp32")
CAT = np.asarray(photo("chelsea.png"))


def tiny_painter(tile: int = 1024, size: int = 64) -> Painter:
    return Painter(lively_generator(TINY), size, CPU, tile)


@given(side=st.integers(16, 300), stroke=st.floats(0.25, 4))
@settings(max_examples=25, deadline=None)
def test_what_of_a_brush_makes_no_difference_is_known(side: int, stroke: float) -> None:
    style = Style("tiny", StyleFile(lively_generator(TINY), size=64), CPU)
    rgb = CAT[:side, : side + 1]
    painted = {detail: style.painter.paint(rgb, StylizeOptions(detail=detail, stroke=stroke)) for detail in (0, 1)}
    ignored_options = style.ignored_options(StylizeOptions(stroke=stroke), (side + 1, side))
    assert ("detail" in ignored_options) == np.array_equal(painted[0], painted[1])
    if "stroke" in ignored_options:
        assert np.array_equal(painted[0], style.painter.paint(rgb))


@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    tile=st.integers(1, 16).map(lambda number: 8 * number),
    size=st.integers(16, 128),
    options=st.builds(StylizeOptions, st.floats(0, 1.5), st.floats(0, 1), st.floats(0.25, 4), st.floats(0, 1)),
)
@settings(max_examples=25, deadline=None)
def test_tiled_equals_whole(height: int, width: int, tile: int, size: int, options: StylizeOptions) -> None:
    rgb = CAT[:height, :width]
    whole = tiny_painter(size=size).paint(rgb, options)
    tiled = tiny_painter(max(tile, 8 * (max(height, width) // 64)), size).paint(rgb, options)
    assert tiled.shape == rgb.shape
    assert np.abs(tiled.astype(int) - whole).max() <= 1


@pytest.mark.parametrize(("shape", "tile"), [((299, 451), 64), ((200, 130), 24)])
def test_refined_tiles_equal_the_whole(shape: tuple[int, int], tile: int) -> None:
    rgb = CAT[: shape[0], : shape[1]]
    refiner = lively(lambda: Refiner(TINY))
    results = [
        Painter(lively_generator(TINY), 16, CPU, side, network).paint(rgb)
        for side, network in ((1024, refiner), (tile, refiner), (1024, None))
    ]
    whole, tiled, without = (result.astype(int) for result in results)
    assert np.abs(whole - tiled).max() <= 1
    assert np.abs(whole - without).mean() > 3, "the finest strokes are the refiner's"


def test_detail_stays_where_something_stands_out_and_not_where_there_is_noise() -> None:
    noise = 0.02 * torch.randn(1, 3, 64, 64)
    letters = torch.zeros(1, 3, 64, 64)
    letters[..., 20:40:4, 20:40] = 0.5
    kept = detail_mask(noise + letters)
    assert kept[..., 26:34, 26:34].mean() > 0.85
    assert kept[..., :8, :].mean() < 0.15


def test_forms_are_where_things_are_and_not_where_there_is_a_texture() -> None:
    torch.manual_seed(0)
    photo = 0.2 * torch.randn(1, 3, 128, 256).clamp(-2, 2)
    photo[..., 128:] = 0.01 * torch.randn(1, 3, 128, 128)
    photo[..., 40:60, 180:186] = photo[..., 40:46, 180:196] = 0.6
    found = form_mask(photo, enlarge(shrink(photo)))
    assert found[..., 40:60, 180:196].min() > 0.5
    assert found[..., :128].max() < 0.1, "noise is as strong in its finest detail as in any other"
    assert found[..., 90:, 160:].max() < 0.05


def test_small_forms_are_painted_with_the_small_brush() -> None:
    rgb = CAT[20:276, 100:356].copy()
    generator = lively_generator(TINY)
    alone = Painter(generator, 256, CPU).paint(rgb, StylizeOptions(stroke=0.5))
    large, small = (
        Painter(generator, 64, CPU).paint(rgb, StylizeOptions(stroke=0.5, detail=detail)) for detail in (0, 1)
    )
    one, *others = (to_tensor(each.copy()) for each in (alone, large, small))
    photo = to_tensor(rgb)
    there = form_mask(photo, enlarge(shrink(photo)))
    without, with_it = (float(((one - other).square() * there).sum() / there.sum()) for other in others)
    assert with_it < without / 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (3, 5), (64, 64), (299, 451)])
def test_strength_zero_gives_the_photograph_back(shape: tuple[int, int]) -> None:
    rgb = CAT[: shape[0], : shape[1]]
    assert np.array_equal(tiny_painter().paint(rgb, StylizeOptions(strength=0)), rgb)
    assert not np.array_equal(tiny_painter().paint(rgb), rgb)


def test_a_small_picture_is_one_pass_of_the_generator() -> None:
    rgb = CAT[:64, :64]
    generator = lively_generator(TINY)
    margin = TINY.margin
    padded = torch.from_numpy(np.pad(rgb, ((margin, margin), (margin, margin), (0, 0)), "symmetric"))
    with torch.inference_mode():
        source = padded.permute(2, 0, 1)[None].float() / 127.5 - 1
        noise = grain(-margin, -margin, *padded.shape[:2])
        direct = source + 0.7 * (generator(source + noise) - noise - source)
    expected = ((direct[0, :, margin:-margin, margin:-margin].clamp(-1, 1) + 1) * 127.5 + 0.5).byte()
    painted = tiny_painter().paint(rgb, StylizeOptions(strength=0.7))
    assert np.abs(painted.astype(int) - expected.permute(1, 2, 0).numpy()).max() <= 1


def test_clipped_blacks_are_painted_and_not_filled_in() -> None:
    black = np.zeros((96, 96, 3), np.uint8)
    painted = tiny_painter().paint(black)
    assert len(np.unique(painted.reshape(-1, 3), axis=0)) > 10
    again = tiny_painter(tile=32).paint(black)
    assert np.abs(again.astype(int) - painted).max() <= 1


def test_a_large_picture_gets_its_palette_from_the_coarsest_level() -> None:
    rgb = np.asarray(Image.fromarray(CAT).resize((902, 600), Image.Resampling.BICUBIC))
    painter = tiny_painter(size=75)
    assert painter.levels(600, 902) == 3
    large = painter.paint(rgb).astype(float)
    coarse = painter.paint(np.asarray(Image.fromarray(rgb).resize((113, 75), Image.Resampling.BOX))).astype(float)
    assert np.abs(large.mean((0, 1)) - coarse.mean((0, 1))).max() < 6


def test_less_detail_means_less_of_the_photograph() -> None:
    painter = tiny_painter(size=32)
    results = [painter.paint(CAT, StylizeOptions(detail=detail)).astype(float) for detail in (0.0, 0.8, 1.0)]
    assert all(np.abs(a - b).mean() > 0.5 for a, b in itertools.pairwise(results))


def test_the_largest_brush_has_the_size_that_is_asked_for() -> None:
    shown: list[tuple[int, int]] = []

    class Shown(Painter):
        def paint_tile(self, tile: Tile, *args: Any) -> Tensor:
            shown.append((tile.photo.shape[0], tile.photo.shape[1]))
            return super().paint_tile(tile, *args)

    painter = Shown(lively_generator(TINY), 64, CPU)
    for stroke, first, levels in ((1.0, 64, 3), (1.5, 43, 4), (2.0, 32, 4), (0.5, 128, 2), (0.25, 300, 1)):
        shown.clear()
        painter.paint(CAT, StylizeOptions(stroke=stroke))
        assert len(shown) == levels
        assert abs(min(shown[0]) - first) <= 1
        assert 300 <= min(shown[-1]) < 308


def test_the_photographs_chroma_stays_where_it_is_asked_for(cat: Pixels) -> None:
    # Half of the range, so that nothing is cut off at black or white.
    middle = (cat // 2 + 64).astype(np.uint8)
    painter = tiny_painter(size=75)

    def chroma(rgb: Pixels) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.asarray(rgb - (rgb @ np.array([0.299, 0.587, 0.114]))[..., None], np.float64)

    plain, half, kept = (painter.paint(middle, StylizeOptions(0.3, keep_colors=share)) for share in (0.0, 0.5, 1.0))
    away = [np.abs(chroma(one) - chroma(middle)).mean() for one in (plain, half, kept)]
    assert away[0] > 4
    assert away[1] == pytest.approx(away[0] / 2, rel=0.1)
    assert away[2] < 0.7
    luma = [one @ np.array([0.299, 0.587, 0.114]) for one in (plain, kept, middle)]
    assert np.abs(luma[0] - luma[1]).max() < 2 < np.abs(luma[1] - luma[2]).mean()


def test_a_seed_chooses_a_manner_that_tiles_agree_on() -> None:
    generator = lively_generator(dataclasses.replace(TINY, noise=3))
    whole, tiled = (Painter(generator, 75, CPU, tile) for tile in (1024, 64))
    plain, first, again, second = (whole.paint(CAT, StylizeOptions(seed=seed)) for seed in (None, 1, 1, 2))
    assert np.array_equal(first, again)
    differences = [np.abs(a.astype(int) - b).mean() for a, b in itertools.combinations((plain, first, second), 2)]
    assert min(differences) > 1
    even = CAT[:, :448]
    smaller = np.asarray(Image.fromarray(even).reduce(2))
    assert torch.allclose(latent_of_picture(smaller, 8), latent_of_picture(even, 8), atol=0.1)
    assert latent_of_picture(even, 8).std() > 0.3
    assert not latent_of_picture(np.full((9, 9, 3), 7, np.uint8), 8).any()
    assert np.abs(tiled.paint(CAT, StylizeOptions(seed=1)).astype(int) - first).max() <= 1


def test_streaks_are_the_same_in_every_tile_and_again() -> None:
    generator = lively_generator(dataclasses.replace(TINY, streaks=8))
    whole, tiled = (Painter(generator, 75, CPU, tile) for tile in (1024, 64))
    options = StylizeOptions(detail=0.7)
    painted = whole.paint(CAT, options)
    assert np.array_equal(painted, whole.paint(CAT, options))
    # Where forms end in a point, which way a streak turns may hang on the last digit.
    assert (np.abs(tiled.paint(CAT, options).astype(int) - painted) > 1).mean() < 1e-3
    black = whole.paint(np.zeros((300, 300, 3), np.uint8))
    assert black.std() > 3


def test_progress_rises_to_one() -> None:
    shares: list[float] = []
    tiny_painter(tile=64, size=75).paint(CAT, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert len(shares) > 10


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 40))
@settings(deadline=None)
def test_tiles_cover_every_pixel_once(height: int, width: int, tile: int) -> None:
    seen = np.zeros((height, width), int)
    for box in split(height, width, tile):
        seen[box.top : box.bottom, box.left : box.right] += 1
    assert (seen == 1).all()


def test_a_view_goes_on_as_a_mirror_image() -> None:
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    seen = view(picture, Box(-3, -4, 5, 7))
    expected = np.pad(picture, ((3, 3), (4, 4), (0, 0)), "symmetric").astype(np.float32) / 127.5 - 1
    assert np.allclose(seen[0].permute(1, 2, 0).numpy(), expected)


def test_values_out_of_range_are_refused() -> None:
    for values in (
        {"strength": -0.1},
        {"strength": 1.6},
        {"detail": 1.1},
        {"detail": float("nan")},
        {"stroke": 0.2},
        {"keep_colors": -0.1},
    ):
        with pytest.raises(UsageError):
            StylizeOptions(**values)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="seed"):
        StylizeOptions(seed=-1)
    with pytest.raises(UsageError, match="deterministic"):
        tiny_painter().paint(CAT, StylizeOptions(seed=1))
    with pytest.raises(UsageError):
        tiny_painter(tile=12)


def test_python_use(style_path: Path, tmp_path: Path, cat: Pixels) -> None:
    style = gan_style.load_style(style_path, device="cpu", precision="fp32")
    path = tmp_path / "cat.png"
    Image.fromarray(cat).save(path)
    paintings = [style.paint(source) for source in (path, path.read_bytes(), Image.open(path), cat)]
    assert all(isinstance(painting, Image.Image) and painting.size == (451, 300) for painting in paintings)
    assert len({painting.tobytes() for painting in paintings}) == 1
    transparent = Image.fromarray(cat)
    transparent.putalpha(77)
    assert style.paint(transparent).getchannel("A").getextrema() == (77, 77)
    assert gan_style.stylize(cat, style_path, strength=0).tobytes() == cat.tobytes()
    assert set(gan_style.__all__) == set(dir(gan_style))
    assert all(getattr(gan_style, name) is not None for name in gan_style.__all__)


@pytest.mark.parametrize("name", bundled_styles())
def test_a_bundled_style_changes_a_photograph_without_breaking_it(cat: Pixels, name: str) -> None:
    painting = np.asarray(gan_style.load_style(name).paint(cat)).astype(float)
    assert 4 < np.abs(painting - cat).mean() < 80
    assert np.corrcoef(painting.mean(2).ravel(), cat.mean(2).ravel())[0, 1] > 0.7
    assert 0.5 < painting.std() / cat.std() < 2


def test_a_style_of_large_strokes_says_so_and_how_they_become_fine(tmp_path: Path) -> None:
    """At 64 pixels strokes are learnt that cover four times as much of a photograph as those learnt at 256."""
    path = tmp_path / "large.safetensors"
    write_style(path, StyleFile(lively_generator(TINY), 64))
    artist = gan_style.load_style(path)
    assert "4 times as large" in artist.warning(StylizeOptions())
    assert "--stroke 0.25" in artist.warning(StylizeOptions())
    assert artist.warning(StylizeOptions(stroke=0.25)) == ""
    usual = Painter(artist.painter.generator, 256, artist.painter.compute)
    assert artist.painter.levels(1152, 1536, 0.25) == usual.levels(1152, 1536), "then it is painted as others are"
    assert gan_style.load_style("monet").warning(StylizeOptions()) == ""
