"""Selection of example pictures for the report: evenly spread ones, and those that changed least and most."""

from __future__ import annotations

from gan_style.evaluation.results import Example


class ExampleSelection:
    """Selects a bounded number of examples from a stream of pictures."""

    SPREAD, EXTREMES = 24, 5

    def __init__(self) -> None:
        self.seen, self.stride = 0, 1
        self.kept: list[Example] = []
        self.closest: list[Example] = []
        self.farthest: list[Example] = []

    @property
    def spread(self) -> list[Example]:
        """At most ``SPREAD`` examples, evenly spread over all pictures."""
        count = min(self.SPREAD, len(self.kept))
        return [self.kept[index * len(self.kept) // count] for index in range(count)]

    def add(self, example: Example) -> None:
        """Offer the next picture; drops every second stored example when there are too many."""
        if self.seen % self.stride == 0:
            self.kept.append(example)
        self.seen += 1
        if len(self.kept) > 2 * self.SPREAD:
            self.kept, self.stride = self.kept[::2], 2 * self.stride
        self.closest = sorted([*self.closest, example], key=lambda one: one.content)[: self.EXTREMES]
        self.farthest = sorted([*self.farthest, example], key=lambda one: -one.content)[: self.EXTREMES]
