"""Read a style file without gan-style: safetensors and NumPy are enough.

python examples/read_style.py mine.safetensors
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from safetensors import safe_open


def main() -> None:
    """Print what a style file says about itself, and how its parameters are spread over its layers."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("style", type=Path)
    with safe_open(parser.parse_args().style, framework="numpy") as file:
        about = json.loads(file.metadata()["gan_style"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it has no __iter__)

    print(f"schema {about['schema']}, license {about['licence'] or 'not given'}, learned at {about['size']} pixels")
    print("generator:", json.dumps(about["generator"]))
    layers: dict[str, list[np.ndarray]] = defaultdict(list)
    for name, tensor in tensors.items():
        layers[name.rpartition(".")[0]].append(tensor.astype(np.float32))
    for layer, parts in layers.items():
        values = np.concatenate([part.ravel() for part in parts])
        print(f"{layer:28} {values.size:>9,} parameters, standard deviation {values.std():.4f}")
    print(f"total {sum(tensor.size for tensor in tensors.values()):,} parameters")


if __name__ == "__main__":
    main()
