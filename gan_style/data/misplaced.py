"""Photographs among the paintings, and paintings among the photographs.

A linear classifier on what the backbone sees, asked about each picture by one that has not learnt from it: for ridge
regression that answer needs no second fit (Allen's PRESS; Cook, "Detection of Influential Observation in Linear
Regression", Technometrics 1977).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_style.models.backbone import Backbone

Doubles = npt.NDArray[np.float64]

RIDGE = 1.0
"""Penalty, as a multiple of the number of pictures."""

SURE = 0.3
"""How far on the wrong side a picture must lie, where 1 is the middle of the other set and -1 that of its own."""


@torch.inference_mode()
def manner(backbone: Backbone, picture: Tensor) -> Doubles:
    """How one picture, (1, 3, H, W) in [-1, 1], is made, rather than what it shows: means and spreads of all maps."""
    maps = backbone(picture)
    parts = [torch.cat([one.mean((2, 3)), one.std((2, 3))], 1)[0] for one in maps]
    return np.asarray(torch.cat(parts).double().cpu().numpy())


def find_misplaced(photos: Doubles, paintings: Doubles) -> tuple[list[int], list[int]]:
    """Which pictures look as if they belonged to the other set.

    Args:
        photos: (M, D), see :func:`manner`.
        paintings: (N, D).

    Returns:
        Photographs that look like paintings, and paintings that look like photographs, the surest first.
    """
    values = np.concatenate([photos, paintings])
    values = (values - values.mean(0)) / (values.std(0) + 1e-9)
    sides = np.concatenate([-np.ones(len(photos)), np.ones(len(paintings))])
    # Both sets count alike, however many pictures they have.
    weights = np.concatenate([np.full(len(one), len(sides) / 2 / max(1, len(one))) for one in (photos, paintings)])
    design = np.column_stack([np.ones(len(sides)), values])
    penalty = RIDGE * len(sides) * np.eye(design.shape[1])
    penalty[0, 0] = 0
    weighted = design * weights[:, None]
    solved = np.linalg.solve(design.T @ weighted + penalty, weighted.T)
    fitted, leverage = design @ (solved @ sides), np.einsum("ij,ji->i", design, solved)
    answers = sides - (sides - fitted) / np.maximum(1 - leverage, 1e-6)
    wrong = -answers * sides
    order = np.argsort(-wrong)
    misplaced = [int(index) for index in order if wrong[index] > SURE]
    count = len(photos)
    return [one for one in misplaced if one < count], [one - count for one in misplaced if one >= count]
