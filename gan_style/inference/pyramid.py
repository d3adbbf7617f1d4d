"""Image pyramid whose levels are computed strip by strip."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F

from gan_style.imaging.canvas import Canvas, Raster, strips
from gan_style.inference.tiles import Box, mirrored, view


def pyramid(photo: Raster, levels: int) -> list[Raster]:
    """Return the picture at ``levels`` + 1 resolutions, coarsest first, padded to multiples of 2 ** levels."""
    factor = 2**levels
    height, width = (side + -side % factor for side in photo.shape[:2])
    photos = [photo if (height, width) == photo.shape[:2] else extended(photo, height, width)]
    for _ in range(levels):
        photos.insert(0, halved(photos[0]))
    return photos


def extended(photo: Raster, height: int, width: int) -> Canvas:
    """Pad a picture by reflection to the right and below, to (height, width, 3)."""
    canvas = Canvas((height, width, 3), photo.dtype)
    columns = mirrored(0, width, photo.shape[1])
    for rows in strips(canvas.shape):
        places = mirrored(rows.start, rows.stop, photo.shape[0])
        first = int(places.min())
        part = photo[first : int(places.max()) + 1, :][places - first]
        canvas[rows, :] = part[:, columns, :3]
    return canvas


def halved(photo: Raster) -> Canvas:
    """Downsample (2H, 2W, 3 or more) to (H, W, 3) by averaging 2x2 squares."""
    canvas = Canvas((photo.shape[0] // 2, photo.shape[1] // 2, 3), photo.dtype)
    for rows in strips(canvas.shape):
        part = photo[2 * rows.start : 2 * rows.stop, :][..., :3].astype(np.uint32)
        sums = part[::2, ::2] + part[1::2, ::2] + part[::2, 1::2] + part[1::2, 1::2]
        canvas[rows, :] = ((sums + 2) // 4).astype(photo.dtype)
    return canvas


def to_short_side(photo: Raster, side: int) -> Raster:
    """Resize a picture to a short side; returns floats in [-1, 1]."""
    height, width = photo.shape[:2]
    factor = side / min(height, width)
    whole = view(photo, Box(0, 0, height, width))[0].permute(1, 2, 0).numpy()
    return resampled(whole, (max(1, round(height * factor)), max(1, round(width * factor))))


def resampled(level: Raster, size: tuple[int, ...]) -> Raster:
    """Resize a level, (H, W, 3) floats, as a whole; only for the coarsest level, which is small."""
    if level.shape[:2] == size:
        return level
    picture = view(level, Box(0, 0, *level.shape[:2]))
    picture = F.interpolate(picture, size, mode="bicubic", align_corners=False, antialias=True)
    return np.asarray(picture[0].permute(1, 2, 0).half().numpy())
