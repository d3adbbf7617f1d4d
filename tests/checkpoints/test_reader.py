"""A reader of style files from docs/reference/style-file.md alone: NumPy, and nothing of this package or of PyTorch.

Its tests have styles painted by both.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

import gan_style
from gan_style.checkpoints.bundled import bundled_styles
from gan_style.checkpoints.style_file import StyleFile, read_style, write_style
from gan_style.device import Compute
from gan_style.imaging.tensors import to_pixels
from gan_style.imaging.types import Pixels
from gan_style.inference.painter import Painter
from gan_style.inference.tiles import Box, view
from gan_style.models.generator import Generator, GeneratorConfig
from gan_style.models.refiner import Refiner
from tests.conftest import TINY, lively, lively_generator

Array = npt.NDArray[np.float64]


class Reader:
    """A style, and how it paints a picture at the scale at which it learnt."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        about = json.loads(header.pop("__metadata__")["gan_style"])
        assert about["schema"] in (1, 2, 3)
        self.configs: dict[str, dict[str, Any]] = {"": about["generator"], "refiner.": about.get("refiner", {})}
        self.tensors: dict[str, Array] = {}
        for name, entry in header.items():
            start, stop = (8 + length + offset for offset in entry["data_offsets"])
            kind = {"F16": np.float16, "F32": np.float32}[entry["dtype"]]
            self.tensors[name] = np.frombuffer(data[start:stop], kind).reshape(entry["shape"]).astype(np.float64)

    def convolve(self, name: str, x: Array) -> Array:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        side = weight.shape[2]
        padded = np.pad(x, ((0, 0), (side // 2,) * 2, (side // 2,) * 2))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), (1, 2))
        result: Array = np.tensordot(weight, windows, ((1, 2, 3), (0, 3, 4))) + bias[:, None, None]
        return result

    def block(self, name: str, x: Array, shift: Array) -> Array:
        hidden = self.convolve(f"{name}.first", leaky(x)) + shift[:, None, None]
        return x + self.convolve(f"{name}.second", leaky(hidden))

    def paint(self, rgb: Pixels, z: Array) -> Array:
        return self.run("", rgb, z)

    def run(self, prefix: str, rgb: Pixels, z: Array | None = None) -> Array:
        """What a network makes of a picture and its mirror image around."""
        config, (height, width) = self.configs[prefix], rgb.shape[:2]
        blocks, finish = config["blocks"], config["refine_blocks"]
        reach, length = config.get("simplify", 0), config.get("streaks", 0)
        beyond = max(5 * reach, 2 * (length + 12) if length else 0)
        margin = -(-(4 * (1 + 2 * blocks) + 9 + 4 * finish) // 4) * 4 - (-beyond // 4) * 4 + 12 * bool(prefix)
        x = np.pad(rgb, ((margin, margin), (margin, margin), (0, 0)), "symmetric").transpose(2, 0, 1) / 127.5 - 1
        field = np.random.default_rng(0).standard_normal((3, 509, 521), np.float32) / 127.5
        rows, columns = (np.arange(-margin, side + margin) for side in (height, width))
        grain = field[:, rows % 509][:, :, columns % 521]
        beside = self.streaks(x + grain, length, margin) if length else np.zeros((0, *(n // 2 for n in x.shape[1:])))
        x = kuwahara_filter(x + grain, reach)
        widths = [config["channels"]] * blocks + [config["refine_channels"]] * finish
        shift = np.zeros(sum(widths)) if z is None else self.tensors["manner.weight"] @ z
        shifts = np.split(shift, np.cumsum(widths)[:-1])
        h = self.convolve(prefix + "stem", np.concatenate([unshuffle(x, 4), unshuffle(beside, 2)]))
        for index in range(blocks):
            h = self.block(f"{prefix}trunk.{index}", h, shifts[index])
        h = np.concatenate([twice(self.convolve(prefix + "squeeze", leaky(h))), unshuffle(x, 2), beside])
        h = self.convolve(prefix + "refine", leaky(h))
        for index in range(finish):
            h = self.block(f"{prefix}finish.{index}", h, shifts[blocks + index])
        delta = shuffle(self.convolve(prefix + "head", leaky(h)))
        for axis in (1, 2):
            edge = np.pad(delta, [(0, 0), *((1, 1) if one == axis else (0, 0) for one in (1, 2))], "edge")
            parts = [np.take(edge, range(start, start + delta.shape[axis]), axis) for start in range(3)]
            delta = (parts[0] + 2 * parts[1] + parts[2]) / 4
        if prefix:
            delta += np.stack([mean(mean(-one, 6), 6) for one in delta])
        painted = (x + delta - grain if config.get("residual", 1) else delta)[:, margin:-margin, margin:-margin]
        return np.floor((np.clip(painted, -1, 1).transpose(1, 2, 0) + 1) * 127.5 + 0.5)

    def streaks(self, x: Array, length: int, margin: int) -> Array:
        cells = x.reshape(3, x.shape[1] // 2, 2, x.shape[2] // 2, 2).mean((2, 4))
        height, width = cells.shape[1:]
        around = np.pad(cells, ((0, 0), (1, 1), (1, 1)), "edge")
        u, v = around[:, 1:-1, 2:] - around[:, 1:-1, :-2], around[:, 2:, 1:-1] - around[:, :-2, 1:-1]
        c, s = (u**2 - v**2).sum(0), (2 * u * v).sum(0)
        flow = np.stack([start - mean(mean(e, 2), 2) - 0.3 * mean(mean(e, 5), 5) for start, e in ((1e-4, c), (0, s))])
        field = np.random.default_rng(0).standard_normal((3, 509, 521), np.float32)
        rows, columns = (np.arange(side) - margin // 2 for side in (height, width))
        own = field[:, rows % 509][:, :, columns % 521].astype(np.float64)
        total, squares = own.copy(), 1.0
        for sign in (1, -1):
            way = sign * ways(flow)
            place = np.stack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float64)
            for step in range(1, length + 1):
                place = place + way
                seen = read(np.concatenate([flow, own]), place)
                w = (1 + np.cos(np.pi * step / (length + 1))) / 2
                total, squares = total + w * seen[2:], squares + w**2
                ahead = ways(seen[:2])
                way = np.where((ahead * way).sum(0) < 0, -ahead, ahead)
        result: Array = total / np.sqrt(squares)
        return result


def ways(flow: Array) -> Array:
    a, b = flow / np.hypot(*flow)
    return np.stack([np.sqrt(np.maximum(1 + a, 0)), np.sqrt(np.maximum(1 - a, 0)) * np.where(b < 0, -1, 1)]) / 2**0.5


def read(field: Array, place: Array) -> Array:
    """Bilinear interpolation of (C, H, W) at (2, H, W) columns and rows."""
    height, width = field.shape[1:]
    x, y = np.clip(place[0], 0, width - 1), np.clip(place[1], 0, height - 1)
    left, top = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    p, q = x - left, y - top
    above, below = ((1 - p) * field[:, row, left] + p * field[:, row, left + 1] for row in (top, top + 1))
    result: Array = (1 - q) * above + q * below
    return result


def leaky(x: Array) -> Array:
    return np.where(x > 0, x, 0.2 * x)


def kuwahara_filter(x: Array, reach: int) -> Array:
    if not reach:
        return x
    around = np.pad(x, ((0, 0), (reach,) * 2, (reach,) * 2), "edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, (reach + 1,) * 2, (1, 2))
    m, v = windows.mean((3, 4)), windows.var((3, 4)).sum(0) + 1e-4
    h, w = x.shape[1:]
    corners = [(slice(a, a + h), slice(b, b + w)) for a in (0, reach) for b in (0, reach)]
    weights = np.stack([v[corner] ** -4.0 for corner in corners])
    means = np.stack([m[:, corner[0], corner[1]] for corner in corners])
    flat: Array = (weights[:, None] * means).sum(0) / weights.sum(0)
    detail = x - flat
    e = (detail**2).mean(0)
    near, far = mean(mean(e, 1), 1), mean(e, 4 * reach)
    s = np.clip((np.sqrt(near / (far + 1e-4)) - 0.9) / 0.6, 0, 1)
    return flat + s**2 * (3 - 2 * s) * detail


def mean(e: Array, reach: int) -> Array:
    around = np.pad(e, reach, "edge")
    result: Array = np.lib.stride_tricks.sliding_window_view(around, (2 * reach + 1,) * 2).mean((2, 3))
    return result


def unshuffle(x: Array, n: int) -> Array:
    c, h, w = x.shape
    return x.reshape(c, h // n, n, w // n, n).transpose(0, 2, 4, 1, 3).reshape(c * n * n, h // n, w // n)


def shuffle(x: Array) -> Array:
    c, h, w = x.shape
    return x.reshape(c // 4, 2, 2, h, w).transpose(0, 3, 1, 4, 2).reshape(c // 4, 2 * h, 2 * w)


def twice(x: Array) -> Array:
    for axis in (1, 2):
        before, after = (
            np.take(x, np.clip(np.arange(x.shape[axis]) + step, 0, x.shape[axis] - 1), axis) for step in (-1, 1)
        )
        x = np.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1)
        shape = list(x.shape)
        x = x.reshape(*shape[:axis], shape[axis] * 2, *shape[axis + 2 :])
    return x


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("monet", {}),
        ("ukiyoe", {}),
        ("monet", {"simplify": 3, "streaks": 0}),
        ("vangogh", {"simplify": 1, "streaks": 6}),
        ("vangogh", {"residual": 0}),
    ],
)
def test_the_documented_format_is_enough_to_paint(
    name: str, changes: dict[str, int], cat: Pixels, tmp_path: Path
) -> None:
    path = bundled_styles()[name]
    if changes:
        style = read_style(path)
        torch.manual_seed(0)
        generator = Generator(dataclasses.replace(style.generator.config, **changes)).eval()
        generator.load_matching_weights(style.generator)
        path = tmp_path / "shown.safetensors"
        write_style(path, dataclasses.replace(style, generator=generator))
    photo = cat[60:108, 90:154].copy()
    z = np.random.default_rng(3).standard_normal((1, 8), np.float32)[0]
    ours = np.asarray(gan_style.load_style(path, device="cpu", precision="fp32").paint(photo, seed=3), float)
    theirs = Reader(path).paint(photo, z)
    assert np.abs(ours - photo).mean() > 5, "it does paint"
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("length", [0, 5])
def test_the_documented_refiner_is_enough_to_refine(length: int, cat: Pixels, tmp_path: Path) -> None:
    path = tmp_path / "refined.safetensors"
    config = GeneratorConfig(channels=8, blocks=1, refine_channels=8, streaks=length)
    write_style(path, StyleFile(lively_generator(TINY), 64, refiner=lively(lambda: Refiner(config))))
    style = read_style(path)
    painter = Painter(style.generator, 64, Compute.choose("cpu", "fp32"), refiner=style.refiner)
    window = Box(0, 0, 48, 64).grown(64, 8)
    small = cat[60:108, 90:154].copy()
    refined = painter.generate(view(small, window), window, None, style.refiner)
    ours = to_pixels(refined[(..., *Box(0, 0, 48, 64).inside(window))]).astype(float)
    assert np.abs(ours - small).mean() > 5, "it does refine"
    assert np.abs(ours - Reader(path).run("refiner.", small)).max() <= 1
