"""Feature spaces for comparing pictures: one vector per picture, from an identified network.

A distance is only meaningful with its feature space. A network used in training is a biased judge, since the generator
was trained against it. So evaluation uses a different network, or notes that it could not.
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
from gan_style.imaging.tensors import to_tensor
from gan_style.imaging.types import Pixels
from gan_style.metrics.networks import load_dinov2, load_inception, load_transformer
from gan_style.models.backbone import PooledFeatures

RELATED = (
    "EfficientNet-Lite2 is not used in training, but it is a larger variant of the network that is (Lite0), with the "
    "same design and training data; expect a network of another family to measure a wider gap."
)
TRAINED_AGAINST = (
    "EfficientNet-Lite0 is used in training, so its metrics are biased in favor of styles trained here. Install an "
    "independent network with: pip install 'gan-style[eval]'"
)
SIDES = {"lite0": 224, "lite2": 260}
NAMES = {"lite0": "EfficientNet-Lite0", "lite2": "EfficientNet-Lite2"}

Look: TypeAlias = Callable[[Tensor], tuple[Tensor, list[Tensor]]]
"""(1, 3, side, side) in [-1, 1] to (1, D) and feature maps."""


@dataclass(frozen=True)
class Seen:
    """Features of one picture.

    Attributes:
        vector: (D,), the pooled features, for distances between sets.
        maps: (1, C, H, W) feature maps, finest first, for comparing two pictures by position; empty for networks that
            return only a vector.
    """

    vector: npt.NDArray[np.float32]
    maps: list[Tensor]


@dataclass(frozen=True)
class FeatureSpace:
    """A network that maps pictures to vectors.

    Attributes:
        name: name of the network.
        note: caveat for readers of results, or empty.
        sha256: hash of the published weights.
        side: pixels to which the central square of a picture is resized, antialiased.
        look: function from a picture to the pooled vector and the maps.
        shows_maps: whether there are maps; without them, content is measured with the default network.
    """

    name: str
    note: str
    sha256: str
    side: int
    look: Look
    shows_maps: bool = True

    def settings(self) -> dict[str, str | int]:
        """Settings needed to reproduce the features."""
        return {"network": self.name, "sha256": self.sha256, "side": self.side}

    def __call__(self, rgb: Pixels) -> Seen:
        """Compute the features of one picture of any size, (H, W, 3)."""
        square = central_square(rgb, self.side)
        picture = to_tensor(square)
        with torch.inference_mode():
            vector, maps = self.look(picture)
        return Seen(vector[0].float().numpy(), maps)


def central_square(rgb: Pixels, side: int) -> Pixels:
    """Crop the largest central square and resize it with antialiasing (see Parmar et al., CVPR 2022)."""
    height, width = rgb.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    square = Image.fromarray(rgb[top : top + short, left : left + short])
    return np.array(square.resize((side, side), Image.Resampling.BICUBIC))


def choose_features(word: str = "auto") -> FeatureSpace:
    """Select a feature space by the value of the command-line option.

    Args:
        word: "auto" for EfficientNet-Lite2 if it is installed and otherwise Lite0; "lite2" or "lite0"; "dinov2" or
            "inception" from the libraries of the extra ``eval``; a folder with a model of the transformers library; or
            a weights file of torch-fidelity's Inception.

    Raises:
        UsageError: the value is unknown, or the path is not a network.
        ResourceError: the weights or the libraries are not available.
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
    """Return the feature function of a network with maps."""

    def look(picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        maps: list[Tensor] = network(picture)
        return network.pool(maps[-1]), maps

    return look


def vector_looker(network: nn.Module) -> Look:
    """Return the feature function of a network that returns only a vector."""
    return lambda picture: (network(picture), [])
