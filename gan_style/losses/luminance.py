"""How light a picture is, for terms that tell lightness from colour."""

from __future__ import annotations

from torch import Tensor

from gan_style.device import constant


def luminance(picture: Tensor) -> Tensor:
    """(N, 3, H, W), RGB -> (N, 1, H, W), as in ITU-R BT.601; in units of ``picture``."""
    weights = constant([0.299, 0.587, 0.114], picture.device, picture.dtype)
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)
