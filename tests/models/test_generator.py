from __future__ import annotations

import dataclasses

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from gan_style.models.generator import Generator, GeneratorConfig
from tests.conftest import TINY, lively_generator


def test_default_is_small_enough_for_an_ordinary_cpu() -> None:
    generator = Generator()
    assert sum(parameter.numel() for parameter in generator.parameters()) <= 1_500_000
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        generator(torch.zeros(1, 3, 256, 256))
    assert counter.get_total_flops() / 2 <= 8e9


def test_starts_near_the_identity_with_a_gradient_for_every_layer() -> None:
    torch.manual_seed(0)
    generator = Generator(TINY)
    photo = torch.rand(1, 3, 32, 32) * 2 - 1
    painted = generator(photo)
    assert (painted - photo).abs().mean() < 0.2
    painted.square().mean().backward()
    for name, parameter in generator.named_parameters():
        if name.endswith("second.weight"):
            torch.nn.init.normal_(parameter, std=0.1)
    generator(photo).square().mean().backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@given(st.integers(0, 3), st.integers(4, 12), st.integers(0, 2), st.integers(0, 5), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_nothing_beyond_the_margin_reaches_a_pixel(
    blocks: int, channels: int, finish: int, simplify: int, seed: int
) -> None:
    generator = lively_generator(GeneratorConfig(channels, blocks, 4, finish, simplify=simplify), seed)
    margin = generator.config.margin
    assert margin % GeneratorConfig.STRIDE == 0
    side = 2 * margin + 8
    photo = torch.rand(1, 3, side, side, requires_grad=True)
    row, column = margin + seed % 8, margin + seed // 8 % 8
    generator(photo)[0, :, row, column].sum().backward()
    assert photo.grad is not None
    reached = photo.grad.abs().sum((0, 1)).nonzero()
    distance = (reached - torch.tensor([row, column])).abs().max()
    assert distance <= margin


@given(st.integers(0, 2), st.integers(0, 5), st.integers(1, 8), st.integers(0, 99))
@settings(max_examples=8, deadline=None)
def test_no_form_beyond_the_margin_turns_a_streak(blocks: int, simplify: int, length: int, seed: int) -> None:
    generator = lively_generator(GeneratorConfig(4, blocks, 4, 1, simplify=simplify, streaks=length), seed)
    margin = generator.config.margin
    chance = torch.Generator().manual_seed(seed)
    photo = torch.rand(1, 3, 16, 2 * margin + 24, generator=chance) * 2 - 1
    grain = torch.randn(1, 3, 8, margin + 12, generator=chance)
    column = margin + seed % 8
    other, others = photo.clone(), grain.clone()
    other[..., column + margin + 1 :] *= -1
    others[..., (column + margin + 2) // 2 :] += 1
    with torch.no_grad():
        painted, changed = generator(photo, None, grain), generator(other, None, others)
    assert torch.allclose(painted[..., column], changed[..., column], atol=1e-3)
    assert not torch.allclose(painted[..., -4:], changed[..., -4:], atol=1e-1)


@given(st.integers(0, 99), st.floats(-1, 1))
@settings(max_examples=10, deadline=None)
def test_a_flat_photograph_is_painted_flat(seed: int, value: float) -> None:
    generator = lively_generator(TINY, seed)
    margin = TINY.margin
    photo = torch.full((1, 3, 2 * margin + 16, 2 * margin + 16), value)
    inner = generator(photo)[..., margin:-margin, margin:-margin]
    assert (inner - inner.mean((2, 3), keepdim=True)).abs().max() < 1e-5


def test_output_holds_no_pattern_of_two_pixels() -> None:
    generator = lively_generator(TINY)
    photo = torch.rand(1, 3, 64, 64) * 2 - 1
    change = generator(photo) - photo
    checker = torch.tensor([1.0, -1.0])
    for pattern in (checker.repeat(32)[None, :], checker.repeat(32)[:, None]):
        # The border pixels are filtered with a repeated neighbour, which leaves a trace of the pattern there.
        response = (change * pattern)[..., 1:-1, 1:-1].mean((2, 3))
        assert response.abs().max() < 0.02 * change.abs().max()


@torch.no_grad()
def test_streaks_give_a_flat_photograph_strokes_that_depend_on_the_grain_alone() -> None:
    generator = lively_generator(dataclasses.replace(TINY, streaks=4))
    photo = torch.zeros(1, 3, 64, 64)
    grains = torch.randn(2, 3, 32, 32)
    first, second = generator(photo.expand(2, -1, -1, -1), None, grains)
    assert first.std() > 0.01
    assert (first - second).abs().mean() > 0.01
    assert torch.allclose(generator(photo, None, grains[:1])[0], first, atol=1e-5)
    assert not torch.equal(generator(photo), generator(photo)), "grain is drawn anew where none is given"


@pytest.mark.filterwarnings("ignore:.*copying from a non-meta parameter")
@torch.no_grad()
def test_a_generator_begins_as_one_that_saw_the_photograph_alone() -> None:
    torch.manual_seed(4)
    plain, seeing = lively_generator(TINY), Generator(dataclasses.replace(TINY, streaks=4, noise=2))
    photo = torch.rand(2, 3, 64, 64) * 2 - 1
    seeing.load_matching_weights(plain)
    apart = float((seeing(photo) - plain(photo)).abs().mean())
    assert 0 < apart < 0.5 * float((Generator(seeing.config)(photo) - plain(photo)).abs().mean())
    for name in ("stem.weight", "refine.weight"):
        shared = plain.state_dict()[name].shape[1]
        assert torch.equal(seeing.state_dict()[name][:, :shared], plain.state_dict()[name])
    elsewhere = Generator(seeing.config).to("meta")
    elsewhere.load_matching_weights(plain)
    assert {one.device.type for one in elsewhere.parameters()} == {"meta"}, "as on a CUDA device"
    blind = Generator(TINY)
    blind.load_matching_weights(seeing)
    assert torch.equal(blind(photo), plain(photo))


def test_noise_changes_the_manner_and_zero_is_the_middle() -> None:
    generator = lively_generator(dataclasses.replace(TINY, noise=3))
    photo = torch.rand(1, 3, 64, 64) * 2 - 1
    noise = torch.randn(2, 3)
    first, second = generator(photo.expand(2, -1, -1, -1), noise)
    assert (first - second).abs().mean() > 0.01
    assert torch.allclose(generator(photo, noise[:1])[0], first, atol=1e-5)
    assert torch.equal(generator(photo, torch.zeros(1, 3)), generator(photo))


@pytest.mark.parametrize(
    "values",
    [
        {"channels": 0},
        {"noise": 65},
        {"simplify": 17},
        {"streaks": 33},
        {"channels": 10**9},
        {"blocks": -1},
        {"blocks": 2.5},
    ],
)
def test_configs_out_of_bounds_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        GeneratorConfig(**values)


def test_bf16_stays_close_to_fp32(tiny_generator: Generator) -> None:
    photo = F.interpolate(torch.rand(1, 3, 8, 8), size=(64, 64), mode="bilinear") * 2 - 1
    with torch.autocast("cpu", torch.bfloat16):
        rough = tiny_generator(photo)
    change = (tiny_generator(photo) - photo).abs().mean()
    assert (rough - tiny_generator(photo)).abs().mean() < 0.03 * change


@given(
    channels=st.integers(4, 16), blocks=st.integers(0, 3), refine=st.integers(4, 12), finish=st.integers(0, 2),
    noise=st.integers(0, 5),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_a_config_knows_the_shapes_of_its_tensors(
    channels: int, blocks: int, refine: int, finish: int, noise: int
) -> None:
    config = GeneratorConfig(channels, blocks, refine, finish, noise)
    built = {name: list(value.shape) for name, value in Generator(config).state_dict().items()}
    assert config.shapes() == built
