"""The quality of a style in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gan_style.text import counted

KINDS = {"photos": "photograph", "paintings": "painting"}


def subject(settings: Mapping[str, Any]) -> str:
    """Describe the validation pictures, such as "10 held-out photographs and 12 held-out paintings".

    Args:
        settings: as returned by :meth:`Validator.settings`.
    """
    return " and ".join(
        counted(int(settings[kind]), f"{'held-out' if settings['kept_aside'][kind] else 'training'} {noun}")
        for kind, noun in KINDS.items()
    )


def caution(settings: Mapping[str, Any]) -> str:
    """Return the caveat if some validation pictures were used in training; otherwise empty."""
    return "" if all(settings["kept_aside"].values()) else " (biased: includes training pictures)"


def verdict(validation: Mapping[str, Any]) -> str:
    """Summarize the quality of a style in one sentence.

    Args:
        validation: metrics and settings of the validation, as in the style file's ``metrics``; empty if there was none.
    """
    if not validation:
        return "The style has not been validated yet."
    if validation.get("closed") is None:
        return validation.get("unmeasured") or "The style gap could not be measured."
    closed, margin = (100 * validation[name] for name in ("closed", "closed_margin"))
    share = f"it closes {closed:.0f} ± {margin:.0f} % of the style gap between photographs and paintings"
    if closed <= 0:
        share = f"it is no closer to the paintings than the photographs are ({closed:.0f} ± {margin:.0f} % of the gap)"
    return f"On {subject(validation)}{caution(validation)}, {share}."
