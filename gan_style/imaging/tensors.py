"""Between bytes and the numbers that networks see."""

from __future__ import annotations

import torch
from torch import Tensor

from gan_style.imaging.decoding import Pixels


def to_unit(pixels: Tensor) -> Tensor:
    """Any shape, 0..255 -> float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_tensor(rgb: Pixels) -> Tensor:
    """(H, W, 3), 0..255, writable -> (1, 3, H, W), float32 in [-1, 1]."""
    return to_unit(torch.from_numpy(rgb).permute(2, 0, 1)[None])


def to_pixels(picture: Tensor) -> Pixels:
    """(1, 3, H, W) in [-1, 1], clamped -> (H, W, 3), 0..255."""
    pixels: Pixels = ((picture[0].clamp(-1, 1) + 1) * 127.5 + 0.5).byte().permute(1, 2, 0).cpu().numpy()
    return pixels
