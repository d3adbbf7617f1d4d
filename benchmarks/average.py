"""One style from several that learnt from one another: the weighted mean of their weights.

    python benchmarks/average.py -o vangogh.safetensors first.safetensors:0.4 finished.safetensors:0.6

Weights that stem from the same training lie close enough for it (Wortsman et al., "Model soups", ICML 2022). What
became of a painter by further training can so be had in part, and two that learnt different things meet in the middle.
What they are shown beside the photograph may differ, and is what the last one is shown. The records are the last one's,
too, and say what was averaged; figures that it was examined with are left out, since nobody has examined the mean.
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
    """A style, and how much of it."""
    style, _, share = word.rpartition(":")
    return style, float(share)


def seen_as(last: Generator, generator: Generator) -> Generator:
    """A generator that is shown, beside the photograph, what the last one is shown."""
    torch.manual_seed(0)  # The weights of what it has never seen begin small and random, the same ones every time.
    same = Generator(last.config)
    same.load_matching_weights(generator)
    return same


def mean(weights: list[dict[str, torch.Tensor]], shares: Sequence[float]) -> dict[str, torch.Tensor]:
    """The mean of networks of one shape."""
    return {
        name: torch.stack([share * one[name] for share, one in zip(shares, weights, strict=True)]).sum(0)
        for name in weights[0]
    }


if __name__ == "__main__":
    main()
