"""Masks that decide where finer pyramid levels restore detail of the photograph."""

from __future__ import annotations

from torch import Tensor

from gan_style.edge_flow import box_blur

STRUCTURE = 0.06
"""Standard deviation of detail, in units of a picture in [-1, 1], at which half of it is restored."""

NEIGHBORHOOD = 3
"""Radius in pixels of the box blur, applied twice, over which detail is measured."""

FORM_NEIGHBORHOOD = 6
"""Radius in pixels of the box blur, applied twice, over which small shapes are detected."""

FORM_CONTRAST = 0.04
"""Contrast of small shapes, in units of a picture in [-1, 1], at which half of the painting is the finer level's."""

TEXTURE = 3.0
"""Maximum ratio of the variance of coarser shapes to that of the finest detail in a texture: grass and distant trees
have 1 to 2, faces in crowds, clothes and animals 6 to 12."""


def detail_mask(fine: Tensor) -> Tensor:
    """Return how much of a photograph's detail, (N, 3, H, W), exceeds noise and texture: (N, 1, H, W) in 0..1."""
    strength = variance(fine, NEIGHBORHOOD)
    return strength / (strength + STRUCTURE**2)


def form_mask(photo: Tensor, below: Tensor) -> Tensor:
    """Detect shapes of a few pixels that are not texture and need finer strokes.

    A texture has about the same variance in its finest detail as at several times that scale; an object with edges
    does not.

    Args:
        photo: (N, 3, H, W) in [-1, 1].
        below: the same photograph without its finest detail.

    Returns:
        (N, 1, H, W) in 0..1.
    """
    mean = box_blur(below, FORM_NEIGHBORHOOD, 2)
    whole, fine = (variance(part, FORM_NEIGHBORHOOD) for part in (below - mean, photo - below))
    strength = (whole - TEXTURE * fine).clamp(min=0)
    return strength / (strength + FORM_CONTRAST**2)


def variance(detail: Tensor, neighborhood: int) -> Tensor:
    """Average the squared detail around each pixel and over channels: (N, 3, H, W) to (N, 1, H, W)."""
    return box_blur(detail.square().mean(1, keepdim=True), neighborhood, 2)
