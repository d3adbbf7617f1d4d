"""Random crops for each step, drawn several steps ahead so that pictures are decoded in time."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from gan_style.data.picture_set import Crop, PictureSet

AHEAD = 8
"""Number of steps drawn ahead."""


class Sampler:
    """Draws crops of photographs and of paintings independently, with a seed."""

    def __init__(self, photos: PictureSet, paintings: PictureSet, count: int, part: slice, seed: int) -> None:
        """Initialize the sampler.

        Args:
            photos: training photographs.
            paintings: training paintings.
            count: batch size over all processes.
            part: this process's part of the batch.
            seed: random seed.
        """
        self.sets, self.count, self.part = (photos, paintings), count, part
        self.random = np.random.default_rng(seed)
        self.drawn: deque[tuple[dict[str, Any], list[list[Crop]]]] = deque()

    def next(self) -> list[list[Crop]]:
        """Return the crops of photographs and of paintings for the next step."""
        self.coming()
        return self.drawn.popleft()[1]

    def coming(self) -> list[list[Crop]]:
        """Return the crops that :meth:`next` will return, without consuming them."""
        while len(self.drawn) <= AHEAD:
            before = self.random.bit_generator.state
            crops = [one.draw(self.count, self.random)[self.part] for one in self.sets]
            for pictures, some in zip(self.sets, crops, strict=True):
                pictures.expect(some)
            self.drawn.append((dict(before), crops))
        return self.drawn[0][1]

    @property
    def state(self) -> dict[str, Any]:
        """Random state as JSON, from before all crops that were drawn but not returned."""
        return self.drawn[0][0] if self.drawn else dict(self.random.bit_generator.state)

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self.random.bit_generator.state = value
        self.drawn.clear()
