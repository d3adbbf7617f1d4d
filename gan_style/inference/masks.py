"""Where in a photograph detail matters: masks that decide how much of it a finer brush brings back."""

from __future__ import annotations

from torch import Tensor

from gan_style.edge_flow import box_blur

STRUCTURE = 0.06
"""How strong the detail of a photograph is, in units of a picture in [-1, 1], where half of it comes back."""

NEIGHBORHOOD = 3
"""Half width in pixels of the squares, two times one after the other, in which that is judged."""

FORM_NEIGHBORHOOD = 6
"""Half width in pixels of the squares, likewise, in which it is judged whether a small brush is needed."""

FORM_CONTRAST = 0.04
"""How strong forms are, in units of a picture in [-1, 1], where half of the painting is the small brush's."""

TEXTURE = 3.0
"""How many times the variance of a photograph's finest detail that of its forms has in a mere texture at most: grass
and distant trees have 1 to 2 times, faces in crowds, clothes and animals 6 to 12."""


def detail_mask(fine: Tensor) -> Tensor:
    """How much of a photograph's detail, (N, 3, H, W), is more than noise or texture: (N, 1, H, W) in 0..1."""
    strength = variance(fine, NEIGHBORHOOD)
    return strength / (strength + STRUCTURE**2)


def form_mask(photo: Tensor, below: Tensor) -> Tensor:
    """Where a photograph has forms of a few pixels that are more than a texture, for which a small brush is needed.

    A texture is as strong in its finest detail as in what is several times as large, a thing with edges is not.

    Args:
        photo: (N, 3, H, W) in [-1, 1].
        below: likewise, without its finest detail.

    Returns:
        (N, 1, H, W) in 0..1.
    """
    mean = box_blur(below, FORM_NEIGHBORHOOD, 2)
    whole, fine = (variance(part, FORM_NEIGHBORHOOD) for part in (below - mean, photo - below))
    strength = (whole - TEXTURE * fine).clamp(min=0)
    return strength / (strength + FORM_CONTRAST**2)


def variance(detail: Tensor, neighborhood: int) -> Tensor:
    """Mean square of a picture's detail around each pixel, over colors, too: (N, 3, H, W) to (N, 1, H, W)."""
    return box_blur(detail.square().mean(1, keepdim=True), neighborhood, 2)
