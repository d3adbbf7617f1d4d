"""Shared fixtures: real photographs that scikit-image ships, and tiny networks."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import skimage
import torch
from PIL import Image
from torch import Tensor

from gan_style.checkpoints.style_file import StyleFile, write_style
from gan_style.imaging.types import Pixels
from gan_style.models.generator import Generator, GeneratorConfig
from tests.warm import warm_program

PHOTO_FOLDER = Path(skimage.__file__).parent / "data"
Network = TypeVar("Network", bound=torch.nn.Module)

TINY = GeneratorConfig(channels=8, blocks=1, refine_channels=8)


CUDA = bool(os.environ.get("GAN_STYLE_TEST_CUDA"))
"""Whether CUDA devices may be used: what is compared byte for byte is so on CPUs only."""

if not CUDA:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # Also for the commands that tests start.

# For the processes to come, in which several threads would otherwise wait for one another at full speed.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Tests run side by side; several threads in each would wait for one another.
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


def photo(name: str) -> Image.Image:
    """One of scikit-image's photographs."""
    with Image.open(PHOTO_FOLDER / name) as image:
        return image.convert("RGB")


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the tests' own, so that neither an old one hides a fault nor a new one stays behind."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        patch.setattr("gan_style.checkpoints.backbone.user_cache_path", lambda *_: cache)
        yield


@pytest.fixture(scope="session")
def cat() -> Pixels:
    """A real photograph, (300, 451, 3)."""
    return np.asarray(photo("chelsea.png"))


@pytest.fixture(scope="session")
def faults() -> Path:
    """A folder of other projects' test pictures, which are not ours to ship."""
    folder = Path(os.environ.get("GAN_STYLE_TEST_FAULTS", "faults"))
    if not folder.is_dir():
        pytest.skip("GAN_STYLE_TEST_FAULTS names no folder of other projects' test pictures")
    return folder


@pytest.fixture
def tiny_generator() -> Generator:
    """A small generator that changes pictures visibly."""
    return lively_generator(TINY)


def lively_generator(config: GeneratorConfig, seed: int = 0) -> Generator:
    """A generator far from the identity, every layer at work."""
    return lively(lambda: Generator(config), seed)


def lively(build: Callable[[], Network], seed: int = 0) -> Network:
    """A network of any kind with random weights in every layer, frozen."""
    torch.manual_seed(seed)
    network = build()
    for parameter in network.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, std=0.1)
        else:
            torch.nn.init.kaiming_normal_(parameter, a=0.2)
    return network.requires_grad_(False).eval()


@pytest.fixture
def style_path(tmp_path: Path, tiny_generator: Generator) -> Path:
    """A tiny style on disk."""
    path = tmp_path / "tiny.safetensors"
    write_style(path, StyleFile(tiny_generator, size=256, licence="CC0-1.0", training={"steps": 3}))
    return path


def save_crops(folder: Path, name: str, count: int, side: int = 80) -> Path:
    """A folder of ``count`` crops of one real photograph."""
    folder.mkdir(parents=True, exist_ok=True)
    image = photo(name)
    random = np.random.default_rng(len(name))
    for index in range(count):
        left = int(random.integers(image.width - side))
        top = int(random.integers(image.height - side))
        image.crop((left, top, left + side, top + side)).save(folder / f"{index:03}.png")
    return folder


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """30 photographs."""
    return save_crops(tmp_path / "photos", "chelsea.png", 30)


@pytest.fixture
def painting_folder(tmp_path: Path) -> Path:
    """10 pictures that look quite different from the photographs."""
    return save_crops(tmp_path / "paintings", "coffee.png", 10)


def waves(angle: float, period: float, side: int = 64) -> Tensor:
    """Light and dark bands that run at an angle, in degrees, above the horizontal; (1, 3, side, side) in [-1, 1]."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    turn = math.radians(angle)
    across = rows * math.cos(turn) + columns * math.sin(turn)
    return (across * 2 * math.pi / period).sin().expand(1, 3, side, side)


@pytest.fixture(scope="session")
def program() -> Iterator[Path]:
    """``gan-style`` in processes of its own, which need not import PyTorch first."""
    with warm_program() as path:
        yield path
