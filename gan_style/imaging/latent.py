"""Latent vectors that select a variation of the style: from a seed, or from the photograph."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_style.imaging.types import Pixels

CELLS = 16
"""Rows and columns of the grid to which a photograph is reduced."""


def latent_of_seed(seed: int, dimensions: int) -> Tensor:
    """Latent vector of a seed: (1, Z), standard normal, identical on all machines."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((1, dimensions), np.float32))


def latent_of_picture(rgb: Pixels, dimensions: int) -> Tensor:
    """Latent vector of a photograph: (1, Z), approximately standard normal over many photographs.

    A fixed random projection of the differences between neighboring cells of a coarse grid (differences, because the
    spectrum of natural images falls with frequency and the projected values should not). So the same photograph gets
    the same variation at any size and compression, and the frames of a scene get nearly the same. Zero for a blank
    photograph.

    Args:
        rgb: (H, W, 3), 0..255.
        dimensions: Z.
    """
    cells = np.asarray(Image.fromarray(rgb).resize((CELLS, CELLS), Image.Resampling.BILINEAR), np.float64)
    differences = np.concatenate([np.diff(cells, axis=axis).ravel() for axis in (0, 1)])
    length = np.linalg.norm(differences)
    projection = np.random.default_rng(0).standard_normal((dimensions, len(differences)))
    return torch.from_numpy(projection @ differences / (length or 1.0))[None].float()
