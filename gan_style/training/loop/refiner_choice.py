"""Choice of the refiner, which adds strokes finer than those of the generator.

If enough paintings are large enough to show single strokes, a refiner is trained on them. Otherwise a style uses the
refiner, of another style, that restores its paintings best.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_style.checkpoints.backbone import load_backbone
from gan_style.checkpoints.bundled import named_styles
from gan_style.checkpoints.style_file import open_style
from gan_style.data.picture_set import PictureSet
from gan_style.data.scans import find_scans
from gan_style.defaults import NO_REFINER, REFINER, SCRATCH, START
from gan_style.edge_flow import CELL
from gan_style.errors import StyleError, UsageError, readable
from gan_style.imaging.tensors import enlarge, shrink, to_tensor
from gan_style.imaging.types import Pixels
from gan_style.losses.style import relative_difference
from gan_style.models.backbone import Backbone
from gan_style.models.refiner import Refiner
from gan_style.models.streaks import CHANNELS
from gan_style.training.loop.schedule import Limit
from gan_style.training.run.config import RunConfig
from gan_style.training.run.listener import Listener
from gan_style.training.run.preview import preview_photos
from gan_style.training.step.refiner_trainer import RefinerConfig

logger = logging.getLogger(__name__)

SHARE, LONGEST = 1 / 3, 3600.0
"""Share of the time limit spent on a refiner, and upper bound in seconds."""

RESTORED, SIDE = 8, 96
"""Number of paintings, and their size in pixels, on which refiners are compared."""


@dataclass(frozen=True)
class RefinerChoice:
    """The refiner of a style, and the paintings on which to train a new one.

    Attributes:
        refiner: refiner of another style, or None.
        source: name of that style.
        scans: large paintings on which to train a new refiner, (H, W, 3) in 0..255; empty to keep ``refiner``.
    """

    refiner: Refiner | None = None
    source: str = ""
    scans: list[Pixels] = field(default_factory=list)

    @property
    def training(self) -> dict[str, Any]:
        """Metadata on the refiner for the style file."""
        return {"refiner": {"source": self.source}} if self.refiner else {}

    def seconds(self, limit: Limit) -> float:
        """Return the share of the time limit reserved for training a refiner, in seconds."""
        if not self.scans or limit.steps is not None or limit.until_done:
            return 0.0
        return min(SHARE * 60 * limit.minutes, LONGEST)

    @property
    def sentence(self) -> str:
        """Origin of the refiner, in a sentence."""
        if self.scans:
            return f" Its refiner was trained on {len(self.scans)} large paintings."
        return f" It uses the refiner of {self.source}." if self.refiner else ""


def choose_refiner(config: RunConfig, paintings: PictureSet, listener: Listener) -> RefinerChoice:
    """Choose the refiner of a style.

    Args:
        config: settings of the run.
        paintings: training paintings.
        listener: receives progress.

    Raises:
        StyleError: the requested style is not a valid style.
        UsageError: the requested style has no refiner.
    """
    if config.refiner == NO_REFINER:
        return RefinerChoice()
    if config.refiner != REFINER:
        refiner = open_style(config.refiner).refiner
        if refiner is None:
            raise UsageError(f"The style {config.refiner} has no refiner; choose another style, or --refiner none.")
        return RefinerChoice(refiner, name_of(config.refiner))
    recipe, paths = config.recipe, list(dict.fromkeys(paintings.paths))
    scans = find_scans(
        paths,
        recipe.size,
        RefinerConfig().seen,
        trim=config.trim,
        seed=recipe.seed,
        progress=lambda done, total: listener.reading("large paintings", done, total),
    )
    return dataclasses.replace(nearest(paintings.pictures, candidates(config.start)), scans=scans)


def candidates(start: str) -> dict[str, Refiner]:
    """Return the available refiners: that of the starting style, if it has one; otherwise of all named styles."""
    if start not in (START, SCRATCH) and (refiner := open_style(start).refiner):
        return {name_of(start): refiner}
    found = {}
    for word in sorted(named_styles()):
        try:
            style = open_style(word)
        except StyleError:  # A user's invalid file in the folder of named styles.
            continue
        about = style.training.get("refiner")
        # All others reuse one of these.
        if style.refiner is not None and isinstance(about, dict) and about.get("source") == "own":
            found[name_of(word)] = style.refiner
    return found


def name_of(word: str) -> str:
    """Return the display name of a style."""
    return readable(Path(word).stem)


def nearest(paintings: Sequence[Pixels], refiners: dict[str, Refiner]) -> RefinerChoice:
    """Return the refiner under which paintings, halved and restored, look most like the originals."""
    if not refiners:
        return RefinerChoice()
    if len(refiners) == 1:
        return RefinerChoice(*next((refiner, name) for name, refiner in refiners.items()))
    real = torch.cat([to_tensor(crop) for crop in preview_photos(paintings, SIDE, RESTORED)])
    backbone = load_backbone()
    differences = {name: restoration_error(refiner, real, backbone) for name, refiner in refiners.items()}
    best = min(differences, key=differences.__getitem__)
    logger.info("the refiner of %s restores the paintings best, of %s", best, differences)
    return RefinerChoice(refiners[best], best)


@torch.no_grad()
def restoration_error(refiner: Refiner, paintings: Tensor, backbone: Backbone) -> float:
    """Return the feature difference between paintings, (N, 3, H, W), and their halved and restored copies."""
    count, _, height, width = paintings.shape
    grain = torch.randn(count, CHANNELS, height // CELL, width // CELL, generator=torch.Generator().manual_seed(0))
    restored = refiner(enlarge(shrink(paintings)), None, grain)
    means = [[one.mean((0, 2, 3)) for one in backbone(picture)] for picture in (restored, paintings)]
    return float(relative_difference(*means))
