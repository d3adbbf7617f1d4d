"""What pictures are compared by: one vector for each, from a network that is named, hashed and says what it has seen.

Distances mean little without it. A network that training looked through is a poor judge: the generator learnt to please
it. So evaluation looks through another one, and says so where it cannot.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from gan_style.checkpoints.backbone import PUBLISHED, load_pooled_features
from gan_style.errors import UsageError
from gan_style.imaging.decoding import Pixels
from gan_style.imaging.tensors import to_tensor
from gan_style.metrics.networks import load_dinov2, load_inception, load_transformer
from gan_style.models.backbone import PooledFeatures

RELATED = (
    "EfficientNet-Lite2 takes no part in training, but it is a larger sister of the network that does (Lite0), of the "
    "same design and trained on the same pictures; expect a judge of another family to see a wider gap."
)
TRAINED_AGAINST = (
    "EfficientNet-Lite0 is the network that training looks through: styles learnt here were trained against it, and it "
    "flatters them. Install an independent one with: pip install 'gan-style[eval]'"
)
SIDES = {"lite0": 224, "lite2": 260}
NAMES = {"lite0": "EfficientNet-Lite0", "lite2": "EfficientNet-Lite2"}

Look: TypeAlias = Callable[[Tensor], tuple[Tensor, list[Tensor]]]
"""(1, 3, side, side) in [-1, 1] to (1, D) and feature maps."""


@dataclass(frozen=True)
class Seen:
    """What a network says of one picture.

    Attributes:
        vector: (D,), the pooled features, for distances between sets.
        maps: (1, C, H, W) feature maps, finest first, for what has moved within one picture; none from networks that
            give a vector only.
    """

    vector: npt.NDArray[np.float32]
    maps: list[Tensor]


@dataclass(frozen=True)
class FeatureSpace:
    """A network that turns pictures into vectors.

    Attributes:
        name: of the network.
        note: what a reader must know about it; empty if nothing.
        sha256: of the weights as published.
        side: pixels to which the central square of a picture is resized, antialiased.
        look: to the pooled vector and the maps.
        shows_maps: whether there are maps; content is measured through the default network where there are none.
    """

    name: str
    note: str
    sha256: str
    side: int
    look: Look
    shows_maps: bool = True

    def settings(self) -> dict[str, str | int]:
        """What is needed to look through the same again."""
        return {"network": self.name, "sha256": self.sha256, "side": self.side}

    def __call__(self, rgb: Pixels) -> Seen:
        """Look at one picture of any size, (H, W, 3)."""
        square = central_square(rgb, self.side)
        picture = to_tensor(square)
        with torch.inference_mode():
            vector, maps = self.look(picture)
        return Seen(vector[0].float().numpy(), maps)


def central_square(rgb: Pixels, side: int) -> Pixels:
    """The largest central square of a picture, resized with antialiasing (Parmar et al., CVPR 2022, say why)."""
    height, width = rgb.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    square = Image.fromarray(rgb[top : top + short, left : left + short])
    return np.array(square.resize((side, side), Image.Resampling.BICUBIC))


def choose_features(word: str = "auto") -> FeatureSpace:
    """The network that a word of the command line means.

    Args:
        word: "auto" for EfficientNet-Lite2 where it is installed and Lite0 elsewhere; "lite2" or "lite0"; "dinov2" or
            "inception" through the libraries of the extra ``eval``; a folder with a model of the transformers library;
            or a file of weights of torch-fidelity's Inception.

    Raises:
        UsageError: an unknown word, or a path that holds something else.
        ResourceError: the weights or the libraries are not to be had.
    """
    if word == "auto":
        word = "lite2" if importlib.util.find_spec(PUBLISHED["lite2"].package) else "lite0"
    if word in SIDES:
        network = load_pooled_features(word)
        note = TRAINED_AGAINST if word == "lite0" else RELATED
        return FeatureSpace(NAMES[word], note, PUBLISHED[word].sha256, SIDES[word], pyramid_looker(network))
    path = Path(word)
    if word == "dinov2":
        found = load_dinov2()
    elif word == "inception" or path.is_file():
        found = load_inception(path if path.is_file() else None)
    elif path.is_dir():
        found = load_transformer(path)
    else:
        raise UsageError(
            f"features must be auto, {', '.join(SIDES)}, dinov2, inception, or the path of a network, not {word}."
        )
    name, other, side, digest = found
    return FeatureSpace(name, "", digest, side, vector_looker(other), shows_maps=False)


def pyramid_looker(network: PooledFeatures) -> Look:
    """How to look through a network that shows its maps."""

    def look(picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        maps: list[Tensor] = network(picture)
        return network.pool(maps[-1]), maps

    return look


def vector_looker(network: nn.Module) -> Look:
    """How to look through one that gives a vector only."""
    return lambda picture: (network(picture), [])
