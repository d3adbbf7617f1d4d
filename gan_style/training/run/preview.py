"""A picture of how far training is: photographs above, their paintings below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from gan_style.device import Compute
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.latent import latent_of_picture
from gan_style.imaging.tensors import cell_grain, grain, to_pixels, to_tensor
from gan_style.models.generator import Generator

COLUMNS = 6


def preview_photos(pictures: Sequence[Pixels], size: int, count: int | None = None) -> list[Pixels]:
    """Central squares of a few pictures spread over the set, all of one size, (size, size, 3) or smaller."""
    count = min(COLUMNS if count is None else count, len(pictures))
    chosen = [pictures[index] for index in np.linspace(0, len(pictures) - 1, count).astype(int)]
    side = min(size, *(min(picture.shape[:2]) for picture in chosen))
    return [central(picture, side) for picture in chosen]


def central(picture: Pixels, size: int) -> Pixels:
    """A copy of the central square of a picture, (size, size, 3) or smaller, its side a multiple of 4."""
    side = min(size, *picture.shape[:2]) // 4 * 4
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return np.array(picture[top : top + side, left : left + side])


@torch.inference_mode()
def paint(generator: Generator, photo: Pixels, compute: Compute) -> Pixels:
    """What ``generator`` makes of a photograph, (H, W, 3) with sides that are multiples of 4, as painting would."""
    margin = generator.config.margin
    padded = np.pad(photo, ((margin, margin), (margin, margin), (0, 0)), "symmetric")
    window = (-margin, -margin, *padded.shape[:2])
    fine, cells = grain(*window), cell_grain(*window).to(compute.device)
    picture = (to_tensor(padded) + fine).to(compute.device).contiguous(memory_format=torch.channels_last)
    noise = latent_of_picture(photo, generator.config.noise).to(compute.device)
    with compute.autocast():
        whole = generator(picture, noise, cells).cpu() - fine
    return to_pixels(whole[..., margin:-margin, margin:-margin])


def preview(generator: Generator, photos: Sequence[Pixels], compute: Compute) -> Pixels:
    """Two rows: ``photos`` and what ``generator`` makes of them."""
    painted = [paint(generator, photo, compute) for photo in photos]
    return np.concatenate([np.concatenate(photos, 1), np.concatenate(painted, 1)], 0)
