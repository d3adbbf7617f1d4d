"""What a training adjusts by itself while it runs."""

from __future__ import annotations

import math


class AdaptiveWeight:
    """The weight of the content term: as low as given, and higher while paintings drift beyond a limit.

    One weight does not fit all painters, nor the whole of a long training: what keeps things in place in the first
    minutes lets motifs of the paintings appear in empty skies later. The distance itself says when that begins.

    Attributes:
        weight: the weight now.
        distance: running mean of the content distance.
    """

    MEMORY = 0.02
    """Share of the newest distance in the running mean."""

    GAIN = 0.02
    """How fast the weight follows: its logarithm changes by this at twice the limit, and by minus this at zero."""

    HIGHEST = 1000.0

    def __init__(self, lowest: float, limit: float) -> None:
        self.lowest, self.limit = lowest, limit
        self.weight, self.distance = lowest, 0.0

    def update(self, distance: float) -> None:
        """Take note of one step's content distance."""
        self.distance += self.MEMORY * (distance - self.distance)
        wanted = self.weight * math.exp(self.GAIN * (self.distance / self.limit - 1))
        self.weight = min(max(wanted, self.lowest), self.HIGHEST)
