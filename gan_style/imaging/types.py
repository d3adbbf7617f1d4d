"""Types of pictures."""

from __future__ import annotations

import os
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3), RGB, 0..255."""

PictureLike: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | npt.NDArray[np.generic]
"""What people give for a picture: a path, a file's bytes, a PIL image or an array."""
