"""Computation of all metrics of an evaluation."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch

from gan_style.errors import DataError, GanStyleError
from gan_style.evaluation.consistency import flicker, tile_difference
from gan_style.evaluation.cost import measure_cost
from gan_style.evaluation.examples import ExampleSelection
from gan_style.evaluation.nearest import diversity, nearness
from gan_style.evaluation.painters import SHORT_SIDE, Painted, Painting, PictureSource, pictures_in, same_size
from gan_style.evaluation.results import Content, Diversity, Evaluation, Example, Health, Row
from gan_style.evaluation.sets import Measured, scale_of
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.types import Pixels
from gan_style.inference.style import Style
from gan_style.metrics.color import Palette, transfer_colors
from gan_style.metrics.content import feature_distance, luminance, structural_similarity
from gan_style.metrics.distances import far_apart, frechet_distance, gap_closed, kernel_distance, mean_estimate
from gan_style.metrics.features import FeatureSpace, choose_features
from gan_style.metrics.health import PictureHealth, lattice, saturation
from gan_style.metrics.patches import PatchConfig, sliced_wasserstein
from gan_style.names import path_text
from gan_style.text import counted
from gan_style.version import __version__

MIN_PICTURES = 10
"""Minimum number of photographs and of paintings; with fewer, no interval is meaningful."""

MIN_SIDE = 32
"""Minimum side of a picture in pixels; smaller ones show too little to evaluate."""

FID_PICTURES = 2048
"""Pictures per set below which the Frechet distance is dominated by its sample-size bias."""

PATCH_BUDGET = 1 << 15
"""Maximum number of patches per level and set; with many pictures, each contributes fewer."""

MAX_PICTURES = 50_000
"""Maximum number of photographs and of paintings, to bound memory; of more, a random sample is used."""

TRIALS = 5
"""Number of photographs on which seams and flicker are measured."""

Progress = Callable[[str, int, int], object]


@dataclass
class Paintings:
    """Statistics of the real paintings other than their features."""

    palettes: list[Palette] = field(default_factory=list)
    lattices: list[tuple[float, float]] = field(default_factory=list)
    saturations: list[float] = field(default_factory=list)


@dataclass
class Pair:
    """Statistics of a photograph and its painting other than their features."""

    name: str
    content: float
    similarity: float
    lattice: tuple[float, float]
    health: PictureHealth


class Evaluator:
    """Runs one evaluation."""

    def __init__(
        self,
        photos: Path,
        paintings: Path,
        painter: PictureSource,
        space: FeatureSpace,
        seed: int,
        progress: Progress,
    ) -> None:
        self.photos, self.paintings, self.painter = photos, paintings, painter
        self.space, self.seed, self.progress = space, seed, progress
        self.content_space = space if space.shows_maps else choose_features()
        self.paths = {"photographs": pictures_in(photos), "paintings": pictures_in(paintings)}
        if shared := {*self.paths["photographs"]} & {*self.paths["paintings"]}:
            raise DataError(
                f"{min(shared)} is among the photographs and the paintings; use folders without common files."
            )
        if isinstance(painter, Painted):
            inside = set(painter.files)
            if (
                photos.resolve() in painter.folder.resolve().parents
            ):  # Paintings below the photographs' folder are not photographs.
                self.paths["photographs"] = [path for path in self.paths["photographs"] if path not in inside]
        self.random = np.random.default_rng(seed)
        self.failures: list[str] = []
        self.warnings: list[str] = []
        for what, paths in self.paths.items():
            if len(paths) > MAX_PICTURES:
                self.paths[what] = [
                    paths[index] for index in sorted(self.random.permutation(len(paths))[:MAX_PICTURES])
                ]
                self.warnings.append(f"Of {len(paths)} {what} a random sample of {MAX_PICTURES} is used.")
        count = max(map(len, self.paths.values()))
        self.patches = PatchConfig(patches=max(1, min(64, PATCH_BUDGET // max(1, count))), seed=seed)
        self.fingerprints: dict[str, str] = {}

    def run(self) -> Evaluation:
        """Compute all metrics."""
        real, references = self.measure_paintings()
        self.require_minimum("paintings", len(real), self.paintings)
        photographs, recolored, painted, pairs, examples = self.measure_photos(references)
        self.require_minimum("photographs", len(photographs), self.photos)
        if self.fingerprints["photographs"] == self.fingerprints["paintings"]:
            raise DataError(
                f"{self.photos} and {self.paintings} contain the same pictures; use photographs and paintings."
            )
        self.progress("distances", 0, 1)
        rows = self.rows(real, photographs, recolored, painted)
        distance, similarity = (
            mean_estimate([getattr(pair, what) for pair in pairs]) for what in ("content", "similarity")
        )
        style = self.painter.style if isinstance(self.painter, Painting) else None
        if min(len(real), len(painted)) < FID_PICTURES:
            self.warnings.append(
                f"FID is biased upward for {len(painted)} and {len(real)} pictures ({FID_PICTURES} of each are usual); "
                "compare it only between rows of equal counts, and prefer KID."
            )
        if rows[-1].closed is None:
            self.warnings.append(
                "The distance between photographs and paintings is not significant, so there is no gap to close; use "
                "more pictures, and check that each folder contains only what it should."
            )
        if self.space.note:
            self.warnings.append(self.space.note)
        return Evaluation(
            rows=rows,
            content=Content(distance, similarity, (1 + distance.value) * (1 + rows[-1].fid)),
            health=self.health(pairs, references, style, examples),
            nearness=nearness(painted.vectors, real.vectors),
            diversity=Diversity(*(diversity(one.vectors) for one in (photographs, painted, real))),
            cost=measure_cost(style.painter) if style else None,
            warnings=self.warnings,
            failures=self.failures,
            settings=self.settings(style, {"photographs": len(painted), "paintings": len(real)}),
            examples=examples.spread,
            extremes={"closest": examples.closest, "farthest": examples.farthest},
        )

    def require_minimum(self, what: str, count: int, folder: Path) -> None:
        """Check that a set is large enough.

        Raises:
            DataError: there are too few pictures.
        """
        if count < MIN_PICTURES:
            failed = f" ({len(self.failures)} failed: {self.failures[0]})" if self.failures else ""
            raise DataError(
                f"{folder} gives {counted(count, what.removesuffix('s'))} to evaluate{failed}; "
                f"use at least {MIN_PICTURES}."
            )

    def measure_paintings(self) -> tuple[Measured, Paintings]:
        """Compute features and statistics of the real paintings."""
        real, references, digest = Measured(self.space, self.patches), Paintings(), hashlib.sha256()
        for done, path in enumerate(self.paths["paintings"]):
            self.progress("paintings", done, len(self.paths["paintings"]))
            try:
                rgb = require_size(path, read_picture(path, SHORT_SIDE).rgb)
            except GanStyleError as error:
                self.failures.append(str(error))
                continue
            digest.update(rgb.tobytes())
            real.add(rgb)
            references.palettes.append(Palette.of(rgb))
            references.lattices.append(lattice(rgb))
            references.saturations.append(saturation(rgb))
        self.fingerprints["paintings"] = digest.hexdigest()[:16]
        return real, references

    def measure_photos(
        self, references: Paintings
    ) -> tuple[Measured, Measured, Measured, list[Pair], ExampleSelection]:
        """Compute features of the photographs unchanged, with transferred colors, and painted."""
        photographs, recolored, painted = (Measured(self.space, self.patches) for _ in range(3))
        paths, digest, pairs = self.paths["photographs"], hashlib.sha256(), list[Pair]()
        examples = ExampleSelection()
        for done, path in enumerate(paths):
            self.progress("photographs", done, len(paths))
            name = path.relative_to(self.photos)
            try:
                photo = require_size(path, read_picture(path, SHORT_SIDE).rgb)
                painting = self.painter.paint(name, photo)
            except GanStyleError as error:
                self.failures.append(str(error))
                continue
            digest.update(photo.tobytes())
            grid = lattice(painting)  # Before resizing, which would alter grid patterns.
            painting = same_size(painting, photo)
            before, after = photographs.add(photo), painted.add(painting)
            if self.content_space is not self.space:
                before, after = self.content_space(photo), self.content_space(painting)
            palette = references.palettes[int(self.random.integers(len(references.palettes)))]
            recolored.add(transfer_colors(photo, palette))
            content = feature_distance(before.maps, after.maps)
            similarity = structural_similarity(luminance(photo), luminance(painting))
            pairs.append(Pair(path_text(name), content, similarity, grid, PictureHealth.of(photo, painting)))
            examples.add(Example(path_text(name), photo, painting, content))
        self.progress("photographs", len(paths), len(paths))
        self.fingerprints["photographs"] = digest.hexdigest()[:16]
        return photographs, recolored, painted, pairs, examples

    def rows(self, real: Measured, photographs: Measured, recolored: Measured, painted: Measured) -> list[Row]:
        """Compute the distances of every set to the real paintings."""
        order = np.random.default_rng(self.seed).permutation(len(real)).tolist()
        half, other = real.part(order[: len(order) // 2]), real.part(order[len(order) // 2 :])
        unit = scale_of(real.vectors)

        before = photographs.vectors / unit
        apart = far_apart(before, real.vectors / unit)

        def row(name: str, one: Measured, against: Measured, closed: bool) -> Row:
            vectors, others = one.vectors / unit, against.vectors / unit
            return Row(
                name=name,
                pictures=len(one),
                kid=kernel_distance(vectors, others),
                closed=gap_closed(before, vectors, others).estimate if closed and apart else None,
                fid=frechet_distance(vectors, others),
                patches=tuple(
                    sliced_wasserstein(one.patches(level), against.patches(level), self.patches)
                    for level in range(self.patches.levels)
                ),
            )

        return [
            row("photographs", photographs, real, False),
            row("photographs, colours moved", recolored, real, True),
            row("half of the paintings against the other", half, other, False),
            row("painted photographs", painted, real, True),
        ]

    def health(
        self, pairs: list[Pair], references: Paintings, style: Style | None, examples: ExampleSelection
    ) -> Health:
        """Measure artifacts, relative to the real paintings where applicable."""
        ours, theirs = (np.array(values).mean(0) for values in ([pair.lattice for pair in pairs], references.lattices))
        trials = [example.photo for example in examples.spread[:TRIALS]] if style else []
        self.progress("seams, flicker and cost", 0, 1)
        return Health(
            lattice=(float(ours[0] / max(theirs[0], 1e-12)), float(ours[1] / max(theirs[1], 1e-12))),
            saturation=(mean([pair.health.saturation for pair in pairs]), mean(references.saturations)),
            drained=sum(pair.health.drained for pair in pairs),
            inverted=sum(pair.health.inverted for pair in pairs),
            seam=max(tile_difference(style.painter, photo, "fp32") for photo in trials) if style else None,
            seam_rounded=max(tile_difference(style.painter, photo, "bf16") for photo in trials)
            if style and style.painter.compute.precision == "bf16"
            else None,
            flicker=mean([flicker(style.painter, photo) for photo in trials]) if style else None,
        )

    def settings(self, style: Style | None, counts: dict[str, int]) -> dict[str, Any]:
        """Return everything needed to reproduce the evaluation."""
        return {
            "gan_style": __version__,
            "photographs": {
                "folder": path_text(self.photos),
                "count": counts["photographs"],
                "fingerprint": self.fingerprints["photographs"],
            },
            "paintings": {
                "folder": path_text(self.paintings),
                "count": counts["paintings"],
                "fingerprint": self.fingerprints["paintings"],
            },
            "style": {"name": style.name, "source": style.source or None, "training": style.file.training}
            if style
            else None,
            "outputs": path_text(self.painter.folder) if isinstance(self.painter, Painted) else None,
            "features": self.space.settings(),
            "content_features": self.content_space.settings(),
            "kid": {"kernel": "(x.y / D + 1)^3", "unit": "root mean square over the real paintings", "unbiased": True},
            "interval": "95 %, jackknife over pictures",
            "patches": dataclasses.asdict(self.patches),
            "short_side": SHORT_SIDE,
            "seed": self.seed,
            "libraries": {"torch": torch.__version__, "numpy": np.__version__, "pillow": PIL.__version__},
        }


def require_size(path: Path, rgb: Pixels) -> Pixels:
    """Return the picture if it is large enough.

    Raises:
        DataError: the picture is too small.
    """
    if min(rgb.shape[:2]) < MIN_SIDE:
        raise DataError(
            f"{path} has only {rgb.shape[1]}x{rgb.shape[0]} pixels; use pictures of at least {MIN_SIDE} pixels a side."
        )
    return rgb


def mean(values: list[float]) -> float:
    """Arithmetic mean."""
    return float(np.mean(values))
