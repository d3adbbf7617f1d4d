"""What each step sees, drawn a few steps ahead so that pictures are decoded before they are needed."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from gan_style.data.picture_set import Crop, PictureSet

AHEAD = 8
"""Steps."""


class Sampler:
    """Draws crops of photographs and of paintings independently, as a seed says."""

    def __init__(self, photos: PictureSet, paintings: PictureSet, count: int, part: slice, seed: int) -> None:
        """Prepare.

        Args:
            photos: photographs.
            paintings: paintings.
            count: of each in a step, over all processes.
            part: which of them are wanted here.
            seed: of everything random.
        """
        self.sets, self.count, self.part = (photos, paintings), count, part
        self.random = np.random.default_rng(seed)
        self.drawn: deque[tuple[dict[str, Any], list[list[Crop]]]] = deque()

    def next(self) -> list[list[Crop]]:
        """Crops of photographs, and of paintings, for the next step."""
        self.coming()
        return self.drawn.popleft()[1]

    def coming(self) -> list[list[Crop]]:
        """What :meth:`next` will give."""
        while len(self.drawn) <= AHEAD:
            before = self.random.bit_generator.state
            crops = [one.draw(self.count, self.random)[self.part] for one in self.sets]
            for pictures, some in zip(self.sets, crops, strict=True):
                pictures.expect(some)
            self.drawn.append((dict(before), crops))
        return self.drawn[0][1]

    @property
    def state(self) -> dict[str, Any]:
        """Where chance stands, as JSON: before everything that was drawn and not handed out."""
        return self.drawn[0][0] if self.drawn else dict(self.random.bit_generator.state)

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self.random.bit_generator.state = value
        self.drawn.clear()
