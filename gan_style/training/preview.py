"""A picture of how far training is: photographs above, their paintings below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from gan_style.device import Compute
from gan_style.imaging.decoding import Pixels
from gan_style.models.generator import Generator

COLUMNS = 6


def preview_photos(pictures: Sequence[Pixels], size: int) -> list[Pixels]:
    """Central squares of a few photographs spread over the set, (size, size, 3) or smaller, a multiple of 4."""
    chosen = [pictures[index] for index in np.linspace(0, len(pictures) - 1, min(COLUMNS, len(pictures))).astype(int)]
    side = min(size, *(min(picture.shape[:2]) for picture in chosen)) // 4 * 4
    crops = []
    for picture in chosen:
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        crops.append(picture[top : top + side, left : left + side])
    return crops


@torch.inference_mode()
def preview(generator: Generator, photos: Sequence[Pixels], compute: Compute) -> Pixels:
    """Two rows: ``photos`` and what ``generator`` makes of them."""
    rows = [np.concatenate(photos, 1)]
    painted = []
    for photo in photos:
        picture = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].to(compute.device).float() / 127.5 - 1
        margin = min(generator.config.margin, picture.shape[-1] - 4)
        padded = F.pad(picture, (margin,) * 4, mode="reflect").contiguous(memory_format=torch.channels_last)
        with compute.autocast():
            result = generator(padded)[0, :, margin:-margin, margin:-margin]
        painted.append(((result.clamp(-1, 1) + 1) * 127.5 + 0.5).byte().permute(1, 2, 0).cpu().numpy())
    rows.append(np.concatenate(painted, 1))
    return np.concatenate(rows, 0)
