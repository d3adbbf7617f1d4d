"""Average the weights of several styles from the same training lineage.

    python benchmarks/average.py -o vangogh.safetensors first.safetensors:0.4 finished.safetensors:0.6

Weights from the same training are close enough for averaging (Wortsman et al., "Model soups", ICML 2022). This
interpolates between a style and its further training, or between two styles that were trained differently. The extra
inputs beside the photograph may differ; those of the last style are used. The metadata is also that of the last style
and records the average; metrics are omitted, because the average has not been evaluated.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from gan_style.checkpoints.style_file import StyleFile, open_style, write_style
from gan_style.models.generator import Generator


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("styles", nargs="+", type=part, metavar="STYLE:SHARE")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    words, shares = zip(*options.styles, strict=True)
    styles = [open_style(word) for word in words]
    last = styles[-1]
    if not all(0 <= share <= 1 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        parser.error("shares must be from 0 to 1 and add up to 1")
    try:
        weights = [seen_as(last.generator, style.generator).state_dict() for style in styles]
    except RuntimeError:
        parser.error("styles must have the same shape")
    last.generator.load_state_dict(mean(weights, shares))
    averaged = [
        {"style": word, "sha256": one.sha256, "share": share}
        for word, one, share in zip(words, styles, shares, strict=True)
    ]
    write_style(
        options.output, StyleFile(last.generator, last.size, last.licence, last.training | {"averaged": averaged})
    )
    print(options.output)


def part(word: str) -> tuple[str, float]:
    """A style and its weight."""
    style, _, share = word.rpartition(":")
    return style, float(share)


def seen_as(last: Generator, generator: Generator) -> Generator:
    """Give a generator the same extra inputs as the last one."""
    torch.manual_seed(0)  # The weights of what it has never seen begin small and random, the same ones every time.
    same = Generator(last.config)
    same.load_matching_weights(generator)
    return same


def mean(weights: list[dict[str, torch.Tensor]], shares: Sequence[float]) -> dict[str, torch.Tensor]:
    """Average networks of the same architecture."""
    return {
        name: torch.stack([share * one[name] for share, one in zip(shares, weights, strict=True)]).sum(0)
        for name in weights[0]
    }


if __name__ == "__main__":
    main()
