"""The noise that chooses a manner of painting: from a seed, or from the photograph itself."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_style.imaging.decoding import Pixels

CELLS = 16
"""Cells in a row and in a column of what is seen of a photograph."""


def latent_of_seed(seed: int, dimensions: int) -> Tensor:
    """(1, Z), standard normal, the same for the same seed everywhere."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((1, dimensions), np.float32))


def latent_of_picture(rgb: Pixels, dimensions: int) -> Tensor:
    """A photograph's own noise: (1, Z), over many photographs about standard normal.

    A fixed random projection of the differences between neighbouring cells of a coarse grid (differences, since the
    spectrum of natural pictures falls with frequency, and what is projected should not). So the same photograph is
    painted in the same manner every time, at any size, however it is compressed, and the frames of a scene in nearly
    the same. Zero for a photograph without anything on it.

    Args:
        rgb: (H, W, 3), 0..255.
        dimensions: Z.
    """
    cells = np.asarray(Image.fromarray(rgb).resize((CELLS, CELLS), Image.Resampling.BILINEAR), np.float64)
    differences = np.concatenate([np.diff(cells, axis=axis).ravel() for axis in (0, 1)])
    length = np.linalg.norm(differences)
    projection = np.random.default_rng(0).standard_normal((dimensions, len(differences)))
    return torch.from_numpy(projection @ differences / (length or 1.0))[None].float()
