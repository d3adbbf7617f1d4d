"""Detection of photographs among the paintings, and of paintings among the photographs.

A linear classifier on backbone features predicts the set of each picture from all other pictures. For ridge regression
this leave-one-out prediction needs no refitting (Allen's PRESS; Cook, "Detection of Influential Observation in Linear
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
"""Smallest prediction for the other set, where 1 is the center of that set and -1 that of its own."""


@torch.inference_mode()
def style_statistics(backbone: Backbone, picture: Tensor) -> Doubles:
    """Compute style features of one picture, (1, 3, H, W) in [-1, 1]: mean and deviation of each feature channel."""
    maps = backbone(picture)
    parts = [torch.cat([one.mean((2, 3)), one.std((2, 3))], 1)[0] for one in maps]
    return np.asarray(torch.cat(parts).double().cpu().numpy())


def find_misplaced(photos: Doubles, paintings: Doubles) -> tuple[list[int], list[int]]:
    """Find pictures that seem to belong to the other set.

    Args:
        photos: (M, D) style features, see :func:`style_statistics`.
        paintings: (N, D).

    Returns:
        Photographs that look like paintings, and paintings that look like photographs, most certain first.
    """
    values = np.concatenate([photos, paintings])
    values = (values - values.mean(0)) / (values.std(0) + 1e-9)
    sides = np.concatenate([-np.ones(len(photos)), np.ones(len(paintings))])
    # Both sets have the same total weight, whatever their size.
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
