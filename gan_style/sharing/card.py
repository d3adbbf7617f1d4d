"""The model card of a style: metadata that the Hub reads, and what people want to know."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from gan_style.checkpoints.hub.address import Address
from gan_style.checkpoints.hub.client import client
from gan_style.checkpoints.style_file import StyleFile
from gan_style.models.backbone import VARIANTS
from gan_style.models.discriminator import KINDS
from gan_style.models.generator import LIMITS
from gan_style.text import counted
from gan_style.training.recipe import FORMER_NAMES, Recipe

CARD = "README.md"
TAGS = ("gan-style", "style-transfer", "gan", "art")
OPTIONS = {
    "size": "--size",
    "batch_size": "--batch-size",
    "seed": "--seed",
    "content_weight": "--content-weight",
    "objective": "--objective",
    "critic_steps": "--critic-steps",
}
"""Parts of a recipe that ``gan-style train`` has options for."""

LICENCES = {
    *("apache-2.0", "artistic-2.0", "bsd-2-clause", "bsd-3-clause", "isc", "mit", "mpl-2.0", "unlicense", "zlib"),
    *("cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nd-4.0", "cc0-1.0", "pddl", "odc-by"),
    *("cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-4.0", "openrail", "creativeml-openrail-m"),
    *("agpl-3.0", "eupl-1.2", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0"),
}
"""Those that the Hub knows by the name that SPDX gives them; any other is "other", with a name of its own."""

PLAIN = re.compile(r"[\w./][\w.:/@+-]{0,199}\Z", re.ASCII)
"""Words that mean themselves to YAML's readers, to Markdown and to a shell; a style may come from a stranger."""


def card(style: StyleFile, address: Address, pictures: Sequence[str]) -> str:
    """A model card: metadata that the Hub reads, how to use the style, how it was made, what was measured.

    Args:
        style: what it is about; of what its file says, only words and numbers of the expected kinds are repeated.
        address: of the file in its repository.
        pictures: names of pictures in the repository.
    """
    hub = client()
    closed = gap(style.metrics)
    licence = style.licence.lower() if PLAIN.match(style.licence) else ""
    other = bool(licence) and licence not in LICENCES
    metadata = hub.ModelCardData(
        license="other" if other else licence or None,
        license_name=licence if other else None,
        library_name="gan-style",
        pipeline_tag="image-to-image",
        tags=list(TAGS),
        metrics=["kid"] if closed else None,
    ).to_yaml()
    parts = [
        f"---\n{metadata}\n---",
        f"# {Path(address.file).stem}\n\nTurns photographs into paintings, with gan-style.",
        "\n".join(f"![]({one})" for one in pictures),
        f"```\ngan-style stylize photo.jpg --style {address} -o painting.jpg\n```",
        made(style),
        closed,
        "" if licence else "Its maker has named no licence.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def made(style: StyleFile) -> str:
    """How it was made, as far as the file says."""
    training = style.training
    facts = [f"{count_of(training, what)} {word}" for what, word in (("photos", "photographs"), ("paintings",) * 2)]
    facts = [fact for fact in facts if not fact.startswith("0 ")]
    lines = [
        f"Learnt from {' and '.join(facts)}." if facts else "",
        f"```\n{command(training)}\n```",
        besides(training),
    ]
    return "## How it was made\n\n" + "\n\n".join(line for line in lines if line)


def besides(training: Mapping[str, Any]) -> str:
    """What the command alone does not do; numbers only, since nothing else of a stranger's file is to be repeated."""
    recipe, averaged, sentences = training.get("recipe"), training.get("averaged"), []
    if isinstance(recipe, dict):
        usual = usual_recipe(recipe)
        made_with = {FORMER_NAMES.get(name, name): value for name, value in recipe.items()}
        # Those that only Python has, where they are not what an option brings.
        names = [field.name for field in fields(Recipe) if field.name not in OPTIONS]
        terms = [
            f"`{name}={made_with[name]}`"
            for name in names
            if is_number(made_with.get(name), float) and made_with[name] != getattr(usual, name)
        ]
        if terms:
            sentences.append(f"In Python, with {' and '.join(terms)}.")
        backbone = recipe.get("backbone")
        beside = backbone.get("beside") if isinstance(backbone, dict) else None
        if isinstance(beside, list | tuple) and beside and all(name in [*VARIANTS] for name in beside):
            sentences.append(f"Beside the usual backbone looked {' and '.join(beside)}.")
    if isinstance(averaged, list) and len(averaged) > 1:
        sentences.append(f"Its weights are the mean of {len(averaged)} styles, the last of which was made so.")
    refiner = training.get("refiner")
    if isinstance(refiner, dict):
        scans = refiner.get("scans")
        whose = "are another style's"
        if isinstance(scans, int) and is_number(scans, int):
            whose = f"were learnt from {counted(scans, 'large painting')}"
        sentences.append(f"Its finest strokes {whose}.")
    return " ".join(sentences)


def usual_recipe(recipe: Mapping[str, Any]) -> Recipe:
    """The recipe of a training with the same options, or of one that finishes a style with them."""
    usual = Recipe.fine_tuning() if is_number(recipe.get("crop_size"), int) else Recipe()
    return replace(usual, generator=replace(usual.generator, **shown(recipe))).settled(single=False)


def shown(recipe: Mapping[str, Any]) -> dict[str, int]:
    """What a generator is shown, as options and its config call it; nothing where the file does not say."""
    shape = recipe.get("generator")
    values = {name: shape.get(name, 0) if isinstance(shape, dict) else None for name in ("simplify", "streaks")}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, int) and is_number(value, int) and 0 <= value <= LIMITS[name][1]
    }


def count_of(training: Mapping[str, Any], what: str) -> int:
    """Pictures of a kind that were learnt from; 0 where the file does not say."""
    part = training.get(what)
    count = part.get("count") if isinstance(part, dict) else None
    return count if isinstance(count, int) and is_number(count, int) else 0


def is_number(value: object, kind: type[int] | type[float]) -> bool:
    """Whether something is a number of a kind, and neither true nor false nor infinite."""
    return isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value)


def is_like(value: object, usual: object) -> bool:
    """Whether a part of a recipe is of the kind of the usual one."""
    if isinstance(usual, str):
        return isinstance(value, str) and PLAIN.match(value) is not None
    return is_number(value, int if isinstance(usual, int) else float)


def command(training: Mapping[str, Any]) -> str:
    """The command that makes such a style; folders had names that are not told."""
    words = ["gan-style train PHOTOS PAINTINGS"]
    start = training.get("start")
    if isinstance(start, str) and PLAIN.match(start):
        words.append(f"--from {start}")
    if is_number(training.get("steps"), int):
        words.append(f"--steps {training['steps']}")
    recipe = training.get("recipe")
    if isinstance(recipe, dict):
        usual = usual_recipe(recipe)
        if usual.crop_size is not None:
            words.append("--fine-tune")
        plain = (Recipe if usual.crop_size is None else Recipe.fine_tuning)().generator
        kind = recipe.get("discriminator")
        kind = kind.get("kind") if isinstance(kind, dict) else None
        if kind != usual.discriminator.kind and kind in KINDS:
            words.append(f"--discriminator {kind}")
        words += [f"--{name} {value}" for name, value in shown(recipe).items() if value != getattr(plain, name)]
        for name, option in OPTIONS.items():
            value, before = recipe.get(name), getattr(usual, name)
            if is_like(value, before) and value != before:
                words.append(f"{option} {value}")
    return " ".join(words)


def gap(metrics: Mapping[str, Any]) -> str:
    """What was measured on pictures kept aside from the training; empty where nothing was."""
    found = metrics.get("validation")
    if not isinstance(found, dict) or not is_number(found.get("closed"), float):
        return ""
    if not all(is_number(found.get(what), int) for what in ("photos", "paintings")):
        return ""
    aside = found.get("kept_aside")
    kept = isinstance(aside, dict) and [aside.get(what) for what in ("photos", "paintings")] == [True, True]
    where = "kept aside from the training" if kept else "of which not all were kept aside from the training"
    photographs, paintings = counted(found["photos"], "photograph"), counted(found["paintings"], "painting")
    return (
        f"## What was measured\n\nOn {photographs} and {paintings} {where}, "
        f"it closes {100 * found['closed']:.0f} % of the distance (KID) between photographs and paintings"
        f"{'' if kept else ', which flatters it'}."
    )
