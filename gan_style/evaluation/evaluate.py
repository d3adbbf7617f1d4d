"""Entry point of an evaluation."""

from __future__ import annotations

import os
from pathlib import Path

from gan_style.errors import UsageError
from gan_style.evaluation.evaluator import Evaluator, Progress
from gan_style.evaluation.painters import Painted, Painting, PictureSource
from gan_style.evaluation.results import Evaluation
from gan_style.inference.style import load_style
from gan_style.metrics.features import choose_features


def evaluate(
    photos: str | os.PathLike[str],
    paintings: str | os.PathLike[str],
    *,
    style: str | os.PathLike[str] | None = None,
    outputs: str | os.PathLike[str] | None = None,
    features: str = "auto",
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    progress: Progress = lambda _what, _done, _total: None,
) -> Evaluation:
    """Evaluate a style, or the output of any program, against real paintings.

    Use held-out photographs and paintings: results on training pictures are biased in favor of the style.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of real paintings, read recursively.
        style: what :func:`load_style` takes; it paints the photographs.
        outputs: instead of ``style``, a folder of paintings with the names of the photographs and any extension.
        features: feature network; see :func:`choose_features`.
        seed: random seed.
        device: device for painting: "auto", "cpu" or "cuda".
        precision: precision for painting: "auto", "fp32" or "bf16".
        progress: progress callback; receives the phase, the count done and the total.

    Raises:
        UsageError: neither or both of ``style`` and ``outputs`` are given, or an option has an unknown value.
        DataError: a folder is missing or has too few pictures, or both folders contain the same pictures.
        StyleError: the style does not exist.
        ResourceError: weights or the device are missing.
    """
    if (style is None) == (outputs is None):
        raise UsageError("Give either --style, to paint the photographs, or --outputs, a folder of their paintings.")
    painter: PictureSource
    if outputs is not None:
        painter = Painted(Path(outputs))
    else:
        painter = Painting(load_style(os.fspath(style or ""), device=device, precision=precision, downloading=progress))
    return Evaluator(Path(photos), Path(paintings), painter, choose_features(features), seed, progress).run()
