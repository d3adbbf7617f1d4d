"""How good a painter was found to be, in a plain sentence, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gan_style.text import counted

KINDS = {"photos": "photograph", "paintings": "painting"}


def subject(settings: Mapping[str, Any]) -> str:
    """What a painter was examined on, such as "10 photographs and 12 paintings kept aside".

    Args:
        settings: as :meth:`Validator.settings` gives them.
    """
    aside = settings["kept_aside"]
    counts = {kind: counted(int(settings[kind]), noun) for kind, noun in KINDS.items()}
    where = {kind: "kept aside" if aside[kind] else "that it learnt from" for kind in KINDS}
    if where["photos"] == where["paintings"]:
        return f"{counts['photos']} and {counts['paintings']} {where['photos']}"
    return f"{counts['photos']} {where['photos']} and {counts['paintings']} {where['paintings']}"


def caution(settings: Mapping[str, Any]) -> str:
    """What must be added where not all pictures were kept aside; empty where all were."""
    return "" if all(settings["kept_aside"].values()) else ", which flatters it"


def verdict(validation: Mapping[str, Any]) -> str:
    """How good a style is, in one sentence.

    Args:
        validation: what the last examination found and how, as the style file has it under ``metrics``; empty where
            there was none.
    """
    if not validation:
        return "It has not been examined yet."
    if validation.get("closed") is None:
        return validation.get("unmeasured") or "How near it is to the paintings could not be measured."
    closed, margin = (100 * validation[name] for name in ("closed", "closed_margin"))
    share = f"it has gone {closed:.0f} % (± {margin:.0f}) of the way from photographs to paintings"
    if closed <= 0:
        share = f"it is no nearer to the paintings than the photographs are ({closed:.0f} ± {margin:.0f} % of the way)"
    return f"On {subject(validation)}{caution(validation)}, {share}."
