"""Optional feature networks: DINOv2, Inception, and models of the transformers library.

They require the libraries of the extra ``eval`` and are not bundled.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_style.errors import ResourceError, UsageError

DINOV2 = "facebook/dinov2-small"
"""On the Hub; Oquab et al., "DINOv2" (TMLR 2024)."""

FILES = ("config.json", "model.safetensors", "preprocessor_config.json")

INCEPTION_SIDE, TRANSFORMER_SIDE = 299, 224
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

EXTRA = "Install it with: pip install 'gan-style[eval]'"


class TransformerFeatures(nn.Module):
    """Wraps a model of the transformers library as a function from pictures to vectors."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, mean: list[float], std: list[float]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, D): the pooled output, or else the mean of the last hidden states."""
        output = self.model(pixel_values=((picture + 1) / 2 - self.mean) / self.std)
        pooled = getattr(output, "pooler_output", None)
        features: Tensor = output.last_hidden_state.mean(1) if pooled is None else pooled.flatten(1)
        return features


class InceptionFeatures(nn.Module):
    """The Inception v3 of the original FID, as ported by torch-fidelity."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, 2048). The network requires bytes."""
        features: Tensor = self.model(((picture + 1) * 127.5 + 0.5).clamp(0, 255).byte())[0]
        return features


def load_dinov2() -> tuple[str, nn.Module, int, str]:
    """Load DINOv2 from the Hub or its cache: name, network, side of its pictures, and SHA-256 of the weights.

    Raises:
        ResourceError: the transformers library or the weights are not available.
    """
    from huggingface_hub import snapshot_download

    need("transformers", "dinov2")
    try:
        folder = Path(snapshot_download(DINOV2, allow_patterns=list(FILES)))
    except Exception as error:  # The client raises many types; all mean that the files are unavailable.
        raise ResourceError(
            f"Cannot download {DINOV2} from the Hub ({type(error).__name__}). Download {' and '.join(FILES[:2])} on a "
            "machine with internet access, and pass their folder to --features."
        ) from error
    name, network, side, digest = load_transformer(folder)
    return f"{name} ({DINOV2}, revision {folder.name})", network, side, digest


def load_transformer(folder: Path) -> tuple[str, nn.Module, int, str]:
    """Load any vision model of the transformers library from a folder with config.json and model.safetensors.

    No code from the folder is executed.

    Raises:
        ResourceError: the transformers library is missing.
        UsageError: the folder does not contain such a model.
    """
    need("transformers", str(folder))
    from transformers import AutoModel
    from transformers import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        model: Any
        model, loading = AutoModel.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
        if loading["missing_keys"]:  # The library would initialize them at random.
            missing = sorted(loading["missing_keys"])[0]
            raise ValueError(f"weights are missing, {missing} among them")
        preprocessing = folder / "preprocessor_config.json"
        wanted = json.loads(preprocessing.read_text()) if preprocessing.exists() else {}
        config = model.config
        side = (
            TRANSFORMER_SIDE if "dinov2" in config.model_type else int(getattr(config, "image_size", TRANSFORMER_SIDE))
        )
        network = TransformerFeatures(
            model.eval().requires_grad_(False),
            wanted.get("image_mean", IMAGENET_MEAN),
            wanted.get("image_std", IMAGENET_STD),
        )
        with torch.inference_mode():
            network(torch.zeros(1, 3, side, side))
    except Exception as error:  # The folder is untrusted and may contain anything.
        raise UsageError(
            f"{folder} does not contain a vision model for --features ({reason(error)}); "
            f"use a folder with {' and '.join(FILES[:2])} of the transformers library."
        ) from error
    return f"{config.model_type} from {folder}", network, side, digest


def load_inception(weights: Path | None) -> tuple[str, nn.Module, int, str]:
    """Load the Inception v3 of FID: name, network, side of its pictures, and SHA-256 of the weights.

    Args:
        weights: torch-fidelity's weights file; None downloads it.

    Raises:
        ResourceError: torch-fidelity or the weights are not available.
        UsageError: the file is not a weights file.
    """
    need("torch_fidelity", "inception")
    if weights is not None:
        # torch-fidelity would execute code in a pickle; a file that passes this check contains only tensors.
        try:
            torch.load(weights, map_location="cpu", weights_only=True)
        except Exception as error:  # Unpickling arbitrary bytes can raise any exception.
            raise UsageError(
                f"{weights} is not a weights file ({type(error).__name__}); use torch-fidelity's file."
            ) from error
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        model = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=weights)
    except Exception as error:
        raise ResourceError(
            f"Cannot load torch-fidelity's Inception ({reason(error)}). Download its weights on a machine with "
            "internet access, and pass the file to --features."
        ) from error
    state = b"".join(value.cpu().numpy().tobytes() for value in model.state_dict().values())
    digest = hashlib.sha256(state).hexdigest()
    return (
        "Inception v3 (torch-fidelity)",
        InceptionFeatures(model.eval().requires_grad_(False)),
        INCEPTION_SIDE,
        digest,
    )


def need(package: str, word: str) -> None:
    """Check that a library is installed.

    Raises:
        ResourceError: it is missing.
    """
    if importlib.util.find_spec(package) is None:
        raise ResourceError(f"--features {word} needs {package.replace('_', '-')}. {EXTRA}")


def reason(error: Exception) -> str:
    """Return the type and first line of an error."""
    return ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
