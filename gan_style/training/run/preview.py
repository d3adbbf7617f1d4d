"""Preview of training: photographs above, their paintings below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gan_style.device import Compute
from gan_style.imaging.latent import latent_of_picture
from gan_style.imaging.tensors import to_pixels
from gan_style.imaging.types import Pixels
from gan_style.inference.painter import run_network
from gan_style.inference.tiles import Box, view
from gan_style.models.generator import Generator

COLUMNS = 6


def preview_photos(pictures: Sequence[Pixels], size: int, count: int | None = None) -> list[Pixels]:
    """Return central squares of a few pictures spread over the set, all of one size, (size, size, 3) or smaller."""
    count = min(COLUMNS if count is None else count, len(pictures))
    chosen = [pictures[index] for index in np.linspace(0, len(pictures) - 1, count).astype(int)]
    side = min(size, *(min(picture.shape[:2]) for picture in chosen))
    return [central(picture, side) for picture in chosen]


def central(picture: Pixels, size: int) -> Pixels:
    """Copy the central square of a picture, (size, size, 3) or smaller; its side is a multiple of 4."""
    side = min(size, *picture.shape[:2]) // 4 * 4
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return np.array(picture[top : top + side, left : left + side])


def paint(generator: Generator, photo: Pixels, compute: Compute) -> Pixels:
    """Paint a photograph, (H, W, 3) with sides that are multiples of 4, with the same result as the painter."""
    height, width = photo.shape[:2]
    box = Box(0, 0, height, width)
    window = box.grown(generator.config.margin)
    dimensions = generator.config.noise
    noise = latent_of_picture(photo, dimensions).to(compute.device) if dimensions else None
    return to_pixels(run_network(generator, view(photo, window), window, noise, compute)[(..., *box.inside(window))])


def preview(generator: Generator, photos: Sequence[Pixels], compute: Compute) -> Pixels:
    """Build a grid of two rows: ``photos`` and their paintings."""
    painted = [paint(generator, photo, compute) for photo in photos]
    return np.concatenate([np.concatenate(photos, 1), np.concatenate(painted, 1)], 0)
