"""Which pictures an evaluation keeps to be shown: some from everywhere, and those that changed least and most."""

from __future__ import annotations

from gan_style.evaluation.results import Example


class Shown:
    """A bounded number of examples, whatever the number of pictures."""

    SPREAD, EXTREMES = 24, 5

    def __init__(self) -> None:
        self.seen, self.stride = 0, 1
        self.kept: list[Example] = []
        self.closest: list[Example] = []
        self.farthest: list[Example] = []

    @property
    def spread(self) -> list[Example]:
        """At most ``SPREAD`` examples from everywhere."""
        count = min(self.SPREAD, len(self.kept))
        return [self.kept[index * len(self.kept) // count] for index in range(count)]

    def add(self, example: Example) -> None:
        """Take note of the next picture; every second example goes when there are too many."""
        if self.seen % self.stride == 0:
            self.kept.append(example)
        self.seen += 1
        if len(self.kept) > 2 * self.SPREAD:
            self.kept, self.stride = self.kept[::2], 2 * self.stride
        self.closest = sorted([*self.closest, example], key=lambda one: one.content)[: self.EXTREMES]
        self.farthest = sorted([*self.farthest, example], key=lambda one: -one.content)[: self.EXTREMES]
