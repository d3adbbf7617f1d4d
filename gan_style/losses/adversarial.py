"""Adversarial objectives: pure functions of the discriminator's score maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def least_squares_discriminator(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Paintings should score one and painted photographs zero (LSGAN; Mao et al., ICCV 2017).

    Args:
        real: scores of paintings, one map of any shape for each head.
        fake: scores of painted photographs, likewise.

    Returns:
        A scalar >= 0, summed over heads. A head that cannot tell them apart and answers one half adds 0.5.
    """
    heads = zip(real, fake, strict=True)
    return torch.stack([(r.float() - 1).square().mean() + f.float().square().mean() for r, f in heads]).sum()


def least_squares_generator(fake: Sequence[Tensor]) -> Tensor:
    """Painted photographs should score one.

    Args:
        fake: scores of painted photographs, one map for each head.

    Returns:
        A scalar >= 0, summed over heads.
    """
    return torch.stack([(f.float() - 1).square().mean() for f in fake]).sum()
