"""A whole evaluation: photographs, paintings and a painter in; figures that can be read out."""

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
    """Judge a style, or pictures that any program made, against real paintings.

    Keep photographs and paintings aside for this: on what a style has learnt from it looks better than it is.

    Args:
        photos: folder of photographs, read recursively.
        paintings: folder of real paintings, likewise.
        style: what :func:`load_style` takes; it paints the photographs.
        outputs: instead of ``style``, a folder of painted photographs with the names of the photographs, whatever their
            extensions.
        features: whose eyes to look through; see :func:`choose_features`.
        seed: of every random choice.
        device: "auto", "cpu" or "cuda", for painting.
        precision: "auto", "fp32" or "bf16", likewise.
        progress: called with what is being read, how many are done and how many there are.

    Raises:
        UsageError: neither or both of ``style`` and ``outputs``, or an unknown word.
        DataError: a folder is missing or has too few pictures, or both hold the same.
        StyleError: there is no such style.
        ResourceError: weights or a device are missing.
    """
    if (style is None) == (outputs is None):
        raise UsageError("Give either --style, to paint the photographs, or --outputs, a folder of painted ones.")
    painter: PictureSource
    if outputs is not None:
        painter = Painted(Path(outputs))
    else:
        painter = Painting(load_style(os.fspath(style or ""), device=device, precision=precision, downloading=progress))
    return Evaluator(Path(photos), Path(paintings), painter, choose_features(features), seed, progress).run()
