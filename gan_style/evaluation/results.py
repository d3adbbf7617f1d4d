"""Result types of an evaluation."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from gan_style.evaluation.cost import Cost
from gan_style.imaging.types import Pixels
from gan_style.metrics.distances import Estimate, Range


@dataclass(frozen=True)
class Example:
    """A photograph and its painting for the report.

    Attributes:
        name: path of the photograph relative to its folder.
        photo: (H, W, 3).
        painting: (H, W, 3).
        content: feature distance of the two.
    """

    name: str
    photo: Pixels
    painting: Pixels
    content: float


@dataclass(frozen=True)
class Row:
    """Distances of one set of pictures to the real paintings.

    Attributes:
        name: description of the set.
        pictures: number of pictures.
        kid: kernel distance to the real paintings.
        closed: share of the style gap closed, None if undefined.
        fid: Frechet distance to the real paintings.
        patches: sliced Wasserstein distance of patches for each scale, the finest first.
    """

    name: str
    pictures: int
    kid: Estimate
    closed: Estimate | None
    fid: float
    patches: tuple[Estimate, ...]


@dataclass(frozen=True)
class Content:
    """Content preservation.

    Attributes:
        distance: mean feature distance between photograph and painting.
        similarity: mean structural similarity of their luminance.
        combined: (1 + distance) * (1 + FID), the form of ArtFID (Wright & Ommer, GCPR 2022).
    """

    distance: Estimate
    similarity: Estimate
    combined: float


@dataclass(frozen=True)
class Health:
    """Artifacts of the painted pictures.

    Attributes:
        lattice: energy of grid patterns with periods of 2 and 4 pixels, relative to the real paintings.
        saturation: mean saturation of the painted pictures and of the real paintings, 0..1.
        drained: photographs whose painting has less than a quarter of their saturation.
        inverted: photographs whose painting has light and dark inverted.
        seam: largest difference in 1/255 between painting in tiles and as a whole, both in float32; None without a
            style.
        seam_rounded: the same in bfloat16, whose rounding depends on the picture size; None unless the style painted
            in it.
        flicker: mean difference in 1/255 if the photograph shifts by one pixel; None without a style.
    """

    lattice: tuple[float, float]
    saturation: tuple[float, float]
    drained: int
    inverted: int
    seam: int | None
    seam_rounded: int | None
    flicker: float | None


@dataclass(frozen=True)
class NearestDistances:
    """Cosine distances between feature vectors, to detect memorization.

    Attributes:
        to_paintings: median distance of a painted photograph to the nearest real painting. A value far below
            ``among_paintings`` indicates memorized paintings.
        among_paintings: median distance of a real painting to the nearest other one.
    """

    to_paintings: float
    among_paintings: float


@dataclass(frozen=True)
class Diversity:
    """Mean cosine distance between the feature vectors of two pictures of a set.

    A painter that suffers from mode collapse has a much lower diversity than the real paintings.
    """

    photographs: Estimate
    painted: Estimate
    paintings: Estimate


@dataclass
class Evaluation:
    """All results of an evaluation, with its settings."""

    rows: list[Row]
    content: Content
    health: Health
    nearness: NearestDistances
    diversity: Diversity
    cost: Cost | None
    warnings: list[str]
    failures: list[str]
    settings: dict[str, Any]
    examples: list[Example] = field(default_factory=list)
    extremes: dict[str, list[Example]] = field(default_factory=dict)

    @property
    def painted(self) -> Row:
        """The row of the painted photographs."""
        return self.rows[-1]

    def as_json(self) -> dict[str, Any]:
        """Return all figures and settings, without pictures, as JSON-serializable data."""
        result = {
            name.name: getattr(self, name.name)
            for name in dataclasses.fields(self)
            if name.name not in ("examples", "extremes")
        }
        plain: dict[str, Any] = to_plain(result)
        return plain


def to_plain(value: Any) -> Any:
    """Convert dataclasses, tuples and estimates to JSON-serializable data."""
    if isinstance(value, Estimate | Range):
        return {"value": value.value, "interval_95": list(value.interval)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: to_plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(one) for one in value]
    return value
