from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_style.errors import ResourceError, UsageError
from gan_style.evaluation.evaluate import evaluate
from gan_style.imaging.types import Pixels
from gan_style.metrics import networks
from gan_style.metrics.features import choose_features
from tests.conftest import save_crops

transformers: Any = pytest.importorskip("transformers")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A tiny DINOv2 with random weights."""
    torch.manual_seed(0)
    torch.manual_seed(0)
    config = transformers.Dinov2Config(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=56)
    folder = tmp_path / "model"
    transformers.Dinov2Model(config).save_pretrained(folder)
    return folder


def test_a_folder_with_a_model_is_looked_through(model: Path, cat: Pixels) -> None:
    space = choose_features(str(model))
    seen = space(cat)
    assert seen.vector.shape == (16,)
    assert not seen.maps
    assert len(space.sha256) == 64
    square = Image.fromarray(cat[:, 75:375]).resize((224, 224), Image.Resampling.BICUBIC)
    pixels = (
        torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255 - torch.tensor(networks.IMAGENET_MEAN)[:, None, None]
    )
    pixels = pixels / torch.tensor(networks.IMAGENET_STD)[:, None, None]
    with torch.inference_mode():
        expected = transformers.Dinov2Model.from_pretrained(model)(pixel_values=pixels[None]).pooler_output[0]
    assert seen.vector == pytest.approx(expected.numpy(), abs=1e-5)


def test_content_is_measured_through_the_default_network_then(model: Path, tmp_path: Path) -> None:
    photos = save_crops(tmp_path / "photos", "chelsea.png", 10)
    paintings = save_crops(tmp_path / "paintings", "coffee.png", 10)
    result = evaluate(photos, paintings, outputs=paintings, features=str(model))
    assert str(model) in result.settings["features"]["network"]
    assert "EfficientNet" in result.settings["content_features"]["network"]
    assert result.content.distance.value > 0
    assert result.painted.kid.value < result.rows[0].kid.value


def test_what_is_no_network_gets_a_sentence(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="not contain a vision model"):
        choose_features(str(tmp_path / "empty"))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "config.json").write_text('{"model_type": "dinov2"}')
    (tmp_path / "bad" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="not contain a vision model"):
        choose_features(str(tmp_path / "bad"))
    from safetensors.torch import load_file, save_file

    weights = load_file(model / "model.safetensors")
    weights.pop(sorted(weights)[0])
    save_file(weights, model / "model.safetensors", {"format": "pt"})
    with pytest.raises(UsageError, match="weights are missing"):
        choose_features(str(model))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for word, package in (("dinov2", "transformers"), ("inception", "torch-fidelity"), (str(tmp_path), "transformers")):
        with pytest.raises(ResourceError, match=rf"{package}.*gan-style\[eval\]"):
            choose_features(word)


def test_weights_that_would_run_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "need", lambda *_: None)
    path = tmp_path / "weights.pth"
    torch.save({"weight": Path("a class, not a tensor")}, path)
    with pytest.raises(UsageError, match="not a weights file"):
        choose_features(str(path))


def test_without_a_network_dinov2_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ResourceError, match=r"config\.json"):
        choose_features("dinov2")
