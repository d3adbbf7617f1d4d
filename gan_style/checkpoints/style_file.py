"""The style file: a self-contained safetensors file, validated before it is used.

It holds half-precision weights and, under :data:`METADATA_KEY` of the header's metadata, a JSON object with a schema
version.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from gan_style.checkpoints.bundled import locate
from gan_style.checkpoints.files import write_tensors
from gan_style.checkpoints.header import HEADER_LIMIT, METADATA_KEY, is_pickle, open_regular, read_header, strict_json
from gan_style.checkpoints.hub.fetching import ProgressCallback
from gan_style.checkpoints.integrity import Pin
from gan_style.errors import StyleError
from gan_style.models.generator import Generator, GeneratorConfig
from gan_style.models.refiner import Refiner
from gan_style.names import path_text

SCHEMA, REFINED_SCHEMA, NON_RESIDUAL_SCHEMA = 1, 2, 3
"""Schema versions: without a refiner (known to every reader), with a refiner, and with a generator that is not residual
(with or without a refiner)."""

REFINER = "refiner."
"""Prefix of the refiner's tensor names."""

DTYPE_BYTES = {"F16": 2, "BF16": 2, "F32": 4}


@dataclass
class StyleFile:
    """The content of a style file.

    Attributes:
        generator: the network, float32, in evaluation mode.
        size: short side in pixels of the training pictures, 64..4096.
        licence: SPDX license identifier of the weights, or empty.
        training: provenance: recipe, steps, seconds, device, counts and fingerprints of both data sets, tool version.
        metrics: evaluation results with their settings.
        sha256: SHA-256 of the file that it was read from; empty if not read from a file.
        refiner: the network that adds finer strokes after each 2x upsampling of a painting, float32, in evaluation
            mode; None if the style has none.
    """

    generator: Generator
    size: int
    licence: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    refiner: Refiner | None = None


def write_style(path: Path, style: StyleFile) -> None:
    """Write a style file atomically.

    Raises:
        StyleError: a weight is not a finite number in half precision; nothing is written.
        OSError: the folder cannot be written or the disk is full.
    """
    networks = {"": style.generator} | ({REFINER: style.refiner} if style.refiner else {})
    about = {
        "schema": schema_of(style),
        "generator": config_json(style.generator.config),
        **({"refiner": config_json(style.refiner.config)} if style.refiner else {}),
        "size": style.size,
        "licence": style.licence,
        "training": style.training,
        "metrics": style.metrics,
    }
    weights = {
        prefix + name: value.detach().cpu().half().contiguous()
        for prefix, network in networks.items()
        for name, value in network.state_dict().items()
    }
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise StyleError(
            f"{path} was not written because the network has weights that are not finite; train with other settings."
        )
    write_tensors(path, weights, {METADATA_KEY: json.dumps(about, allow_nan=False)})


def schema_of(style: StyleFile) -> int:
    """The lowest schema version that supports the style, for compatibility with older readers."""
    if not style.generator.config.residual:
        return NON_RESIDUAL_SCHEMA
    return REFINED_SCHEMA if style.refiner else SCHEMA


def config_json(config: GeneratorConfig) -> dict[str, int]:
    """Convert a config to JSON, without the fields unknown to older readers if they have their default value."""
    return {name: value for name, value in dataclasses.asdict(config).items() if name != "residual" or not value}


def open_style(word: str, progress: ProgressCallback | None = None) -> StyleFile:
    """Read the style of a --style argument.

    Args:
        word: as for :func:`gan_style.checkpoints.bundled.locate`.
        progress: receives download progress.

    Raises:
        StyleError: there is no such style, or the file is invalid or has another SHA-256 than required.
        ResourceError: the Hub cannot be reached.
    """
    found = locate(word, progress)
    return read_style(found.path, found.pin)


def read_style(path: Path, pin: Pin | None = None) -> StyleFile:
    """Read and validate a style file.

    Args:
        path: the file.
        pin: the required SHA-256.

    Raises:
        StyleError: the file is missing, damaged, of another type, from a newer version, or has another SHA-256.
    """
    with open_regular(path) as (stream, size):
        # Validate the header before reading the rest or building a network.
        data = stream.read(8 + HEADER_LIMIT)
        if is_pickle(data):
            raise StyleError(
                f"{path} is a pickle (an ordinary PyTorch checkpoint), which can execute code when loaded; "
                "use a style written by gan-style train."
            )
        header = read_header(path, data)
        about = read_metadata(path, header)
        configs, short_side = read_configs(path, about), read_size(path, about)
        end = check_tensors(path, header, configs) + 8 + int.from_bytes(data[:8], "little")
        if size != end:
            fault = "is truncated" if size < end else "has trailing data"
            raise StyleError(f"{path} {fault}; copy or download it again.")
        data += stream.read(end - len(data)) if end > len(data) else b""
    digest = hashlib.sha256(data).hexdigest()
    if pin:
        pin.check(path, digest)
    networks = load_networks(path, data, configs)
    refiner = networks.get(REFINER)
    return StyleFile(
        networks[""],
        size=short_side,
        licence=about["licence"] if isinstance(about.get("licence"), str) else "",
        training=about["training"] if isinstance(about.get("training"), dict) else {},
        metrics=about["metrics"] if isinstance(about.get("metrics"), dict) else {},
        sha256=digest,
        refiner=refiner if isinstance(refiner, Refiner) else None,
    )


def describe(path: Path, pin: Pin | None = None) -> dict[str, Any]:
    """Describe a style file as JSON: its name, size, SHA-256 and complete metadata.

    Args:
        path: the file.
        pin: the required SHA-256.

    Raises:
        StyleError: as for :func:`read_style`.
    """
    style = read_style(path, pin)
    networks = {"generator": style.generator} | ({"refiner": style.refiner} if style.refiner else {})
    return {
        "file": path_text(path),
        "bytes": path.stat().st_size,
        "sha256": style.sha256,
        "schema": schema_of(style),
        "parameters": sum(value.numel() for one in networks.values() for value in one.state_dict().values()),
        **{name: config_json(network.config) for name, network in networks.items()},
        "size": style.size,
        "licence": style.licence,
        "training": style.training,
        "metrics": style.metrics,
    }


def read_metadata(path: Path, header: Mapping[str, Any]) -> dict[str, Any]:
    """Parse the style description and check its schema version."""
    metadata = header.get("__metadata__")
    text = metadata.get(METADATA_KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise StyleError(f"{path} is a safetensors file but not a gan-style style; use one written by gan-style train.")
    try:
        about = strict_json(text)
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or type(about.get("schema")) is not int:
        raise StyleError(f"{path} has a damaged style description; copy or download it again.")
    if about["schema"] not in (SCHEMA, REFINED_SCHEMA, NON_RESIDUAL_SCHEMA):
        raise StyleError(
            f"{path} has schema {str(about['schema'])[:20]}; this gan-style reads {SCHEMA} to {NON_RESIDUAL_SCHEMA}; "
            "upgrade gan-style."
        )
    return about


def read_configs(path: Path, about: Mapping[str, Any]) -> dict[str, GeneratorConfig]:
    """Read and validate the network configs, keyed by the prefix of the tensor names."""
    refined = about["schema"] == REFINED_SCHEMA or (about["schema"] == NON_RESIDUAL_SCHEMA and "refiner" in about)
    wanted = {"": "generator"} | ({REFINER: "refiner"} if refined else {})
    configs = {}
    for prefix, what in wanted.items():
        values = about.get(what)
        try:
            configs[prefix] = GeneratorConfig(**values) if isinstance(values, dict) else GeneratorConfig(channels=-1)
            if prefix and (configs[prefix].noise or configs[prefix].simplify or not configs[prefix].residual):
                raise ValueError("a refiner must be residual, without noise and simplification")
        except (TypeError, ValueError) as error:
            raise StyleError(
                f"{path} has an invalid {what} config ({str(error)[:200]}); copy or download it again."
            ) from None
    return configs


def read_size(path: Path, about: Mapping[str, Any]) -> int:
    """Read the short side of the training pictures, which sets the stroke scale."""
    size = about.get("size")
    if type(size) is not int or not 64 <= size <= 4096:
        raise StyleError(f"{path} has an invalid training size of {str(size)[:20]} pixels; copy or download it again.")
    return size


def check_tensors(path: Path, header: Mapping[str, Any], configs: Mapping[str, GeneratorConfig]) -> int:
    """Check the tensor names, dtypes and shapes of the header against the configs; return the total bytes of data."""
    expected = {prefix + name: shape for prefix, config in configs.items() for name, shape in config.shapes().items()}
    found = {name: entry for name, entry in header.items() if name != "__metadata__"}
    if found.keys() != expected.keys():
        odd = sorted(found.keys() ^ expected.keys())[0]
        raise StyleError(
            f"In {path} the tensor {odd[:60]!r} does not match the config; copy or download the file again."
        )
    total = 0
    for name, entry in found.items():
        match entry:
            case {"dtype": str(dtype), "shape": shape, "data_offsets": [int(start), int(stop)]}:
                sound = shape == expected[name] and stop - start == math.prod(expected[name]) * DTYPE_BYTES.get(
                    dtype, 0
                )
            case _:
                sound = False
        if not sound:
            raise StyleError(
                f"In {path} the tensor {name!r} does not match the config; copy or download the file again."
            )
        total += stop - start
    return total


def load_networks(path: Path, data: bytes, configs: Mapping[str, GeneratorConfig]) -> dict[str, Generator]:
    """Load the networks, keyed by the prefix of the tensor names; all weights must be finite."""
    try:
        weights = load_tensors(data)
    except SafetensorError as error:
        raise StyleError(f"{path} is damaged or truncated ({error}); copy or download it again.") from None
    for name, value in weights.items():
        if not torch.isfinite(value).all():
            raise StyleError(
                f"In {path} the tensor {name!r} has a value that is not finite; copy or download the file again."
            )
    networks = {}
    for prefix, config in configs.items():
        network = Refiner(config) if prefix == REFINER else Generator(config)
        # Converts to float32 one tensor at a time.
        network.load_state_dict({name: weights[prefix + name] for name in config.shapes()})
        networks[prefix] = network.requires_grad_(False).eval()
    return networks
