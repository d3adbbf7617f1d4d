"""gan-style turns photographs into paintings and trains new styles from two folders of pictures.

>>> import gan_style
>>> gan_style.load_style("monet").paint("photo.jpg").save("painting.png")

Heavy dependencies are imported on the first use of a name below.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gan_style.version import __version__

if TYPE_CHECKING:
    from gan_style.data.inspection import Inspection
    from gan_style.errors import (
        DataError,
        GanStyleError,
        PictureError,
        ResourceError,
        StyleError,
        TrainingError,
        UsageError,
    )
    from gan_style.evaluation.evaluate import evaluate
    from gan_style.evaluation.results import Evaluation
    from gan_style.inference.artist import Artist
    from gan_style.inference.style import Style, load_artist, load_style, stylize
    from gan_style.sharing.publishing import push
    from gan_style.training.api import check, cross_validate, resume, train
    from gan_style.training.cross_validation.grid import Grid
    from gan_style.training.cross_validation.run import Choice
    from gan_style.training.loop.loop import Outcome
    from gan_style.training.loop.schedule import Limit
    from gan_style.training.recipe import Recipe

__all__ = [
    "Artist",
    "Choice",
    "DataError",
    "Evaluation",
    "GanStyleError",
    "Grid",
    "Inspection",
    "Limit",
    "Outcome",
    "PictureError",
    "Recipe",
    "ResourceError",
    "Style",
    "StyleError",
    "TrainingError",
    "UsageError",
    "__version__",
    "check",
    "cross_validate",
    "evaluate",
    "load_artist",
    "load_style",
    "push",
    "resume",
    "stylize",
    "train",
]

MODULES = {
    "gan_style.evaluation.evaluate": ("evaluate",),
    "gan_style.evaluation.results": ("Evaluation",),
    "gan_style.inference.artist": ("Artist",),
    "gan_style.inference.style": ("Style", "load_artist", "load_style", "stylize"),
    "gan_style.sharing.publishing": ("push",),
    "gan_style.data.inspection": ("Inspection",),
    "gan_style.training.cross_validation.run": ("Choice",),
    "gan_style.training.cross_validation.grid": ("Grid",),
    "gan_style.training.loop.schedule": ("Limit",),
    "gan_style.training.api": ("check", "cross_validate", "resume", "train"),
    "gan_style.training.loop.loop": ("Outcome",),
    "gan_style.training.recipe": ("Recipe",),
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name in __all__:
        source = next((module for module, names in MODULES.items() if name in names), "gan_style.errors")
        return getattr(importlib.import_module(source), name)
    raise AttributeError(f"module 'gan_style' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
