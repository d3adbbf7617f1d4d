"""Which pictures an evaluation keeps to be shown: some from everywhere, and those that changed least and most."""

from __future__ import annotations

from gan_style.evaluation.results import Example


class Shown:
    """A bounded number of examples, whatever the number of pictures."""

    SPREAD, EXTREMES = 24, 5

    def __init__(self, total: int) -> None:
        self.wanted = {index * total // self.SPREAD for index in range(self.SPREAD)} if total > self.SPREAD else None
        self.spread: list[Example] = []
        self.closest: list[Example] = []
        self.farthest: list[Example] = []

    def add(self, example: Example, index: int) -> None:
        """Take note of the picture at a position of its folder."""
        if self.wanted is None or index in self.wanted:
            self.spread.append(example)
        self.closest = sorted([*self.closest, example], key=lambda one: one.content)[: self.EXTREMES]
        self.farthest = sorted([*self.farthest, example], key=lambda one: -one.content)[: self.EXTREMES]
