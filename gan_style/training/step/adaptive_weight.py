"""Adaptive weight of the content term."""

from __future__ import annotations

import math


class AdaptiveWeight:
    """Keeps the weight of the content term at its minimum, and raises it while the content distance exceeds a limit.

    No single weight fits all painters, or all of a long run: a weight that preserves content in the first minutes later
    lets motifs of the paintings appear in empty skies. The distance itself shows when that begins.

    Attributes:
        weight: the current weight.
        distance: running mean of the content distance.
    """

    MEMORY = 0.02
    """Share of the latest distance in the running mean."""

    GAIN = 0.02
    """Rate of adaptation: change of the weight's logarithm per step at twice the limit, and minus that at zero."""

    HIGHEST = 1000.0

    def __init__(self, lowest: float, limit: float) -> None:
        self.lowest, self.limit = lowest, limit
        self.weight, self.distance = lowest, 0.0

    def update(self, distance: float) -> None:
        """Update the weight from the content distance of one step."""
        self.distance += self.MEMORY * (distance - self.distance)
        wanted = self.weight * math.exp(self.GAIN * (self.distance / self.limit - 1))
        self.weight = min(max(wanted, self.lowest), self.HIGHEST)
