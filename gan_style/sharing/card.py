"""Model card of a style: metadata for the Hub, usage, training and metrics."""

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
from gan_style.training.recipe import Recipe, current_names

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
"""Fields of a recipe and their options in ``gan-style train``."""

LICENSES = {
    *("apache-2.0", "artistic-2.0", "bsd-2-clause", "bsd-3-clause", "isc", "mit", "mpl-2.0", "unlicense", "zlib"),
    *("cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nd-4.0", "cc0-1.0", "pddl", "odc-by"),
    *("cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-4.0", "openrail", "creativeml-openrail-m"),
    *("agpl-3.0", "eupl-1.2", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0"),
}
"""Licenses that the Hub knows by their SPDX identifier; any other becomes "other" with a license name."""

PLAIN = re.compile(r"[\w./][\w.:/@+-]{0,199}\Z", re.ASCII)
"""Strings without special meaning in YAML, Markdown and shells; a style's metadata is untrusted."""


def card(style: StyleFile, address: Address, pictures: Sequence[str]) -> str:
    """Render a model card with metadata, usage, training and metrics.

    Args:
        style: the style; of its metadata, only strings and numbers of the expected kinds are used.
        address: address of the style file.
        pictures: file names of pictures in the repository.
    """
    hub = client()
    closed = gap(style.metrics)
    license_name = style.licence.lower() if PLAIN.match(style.licence) else ""
    other = bool(license_name) and license_name not in LICENSES
    metadata = hub.ModelCardData(
        license="other" if other else license_name or None,
        license_name=license_name if other else None,
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
        describe_training(style),
        closed,
        "" if license_name else "The author has specified no license.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def describe_training(style: StyleFile) -> str:
    """Describe the training as far as the metadata allows."""
    training = style.training
    facts = [f"{count_of(training, what)} {word}" for what, word in (("photos", "photographs"), ("paintings",) * 2)]
    facts = [fact for fact in facts if not fact.startswith("0 ")]
    lines = [
        f"Trained on {' and '.join(facts)}." if facts else "",
        f"```\n{command(training)}\n```",
        describe_extras(training),
    ]
    return "## Training\n\n" + "\n\n".join(line for line in lines if line)


def describe_extras(training: Mapping[str, Any]) -> str:
    """Describe what the command does not reproduce; from untrusted metadata, only numbers and known names."""
    recipe, averaged, sentences = training.get("recipe"), training.get("averaged"), []
    if isinstance(recipe, dict):
        default = default_recipe(recipe)
        values = current_names(recipe)
        # Fields without an option whose values differ from the defaults.
        names = [field.name for field in fields(Recipe) if field.name not in OPTIONS]
        terms = [
            f"`{name}={values[name]}`"
            for name in names
            if is_number(values.get(name), float) and values[name] != getattr(default, name)
        ]
        if terms:
            sentences.append(f"In Python, with {' and '.join(terms)}.")
        backbone = recipe.get("backbone")
        beside = backbone.get("beside") if isinstance(backbone, dict) else None
        if isinstance(beside, list | tuple) and beside and all(name in [*VARIANTS] for name in beside):
            sentences.append(f"Training also used the backbone {' and '.join(beside)}.")
    if isinstance(averaged, list) and len(averaged) > 1:
        sentences.append(f"Its weights are the mean of {len(averaged)} styles, the last of which was trained this way.")
    refiner = training.get("refiner")
    if isinstance(refiner, dict):
        scans = refiner.get("scans")
        origin = "are those of another style"
        if isinstance(scans, int) and is_number(scans, int):
            origin = f"were trained on {counted(scans, 'large painting')}"
        sentences.append(f"Its finest strokes {origin}.")
    return " ".join(sentences)


def default_recipe(recipe: Mapping[str, Any]) -> Recipe:
    """Return the default recipe, for training or fine-tuning, with the same generator inputs."""
    default = Recipe.fine_tuning() if is_number(recipe.get("crop_size"), int) else Recipe()
    return replace(default, generator=replace(default.generator, **input_options(recipe))).settled(single=False)


def input_options(recipe: Mapping[str, Any]) -> dict[str, int]:
    """Return the options of the generator's input; omits those that the metadata lacks."""
    shape = recipe.get("generator")
    values = {name: shape.get(name, 0) if isinstance(shape, dict) else None for name in ("simplify", "streaks")}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, int) and is_number(value, int) and 0 <= value <= LIMITS[name][1]
    }


def count_of(training: Mapping[str, Any], what: str) -> int:
    """Return the number of training pictures of a kind, 0 if unknown."""
    part = training.get(what)
    count = part.get("count") if isinstance(part, dict) else None
    return count if isinstance(count, int) and is_number(count, int) else 0


def is_number(value: object, kind: type[int] | type[float]) -> bool:
    """Whether a value is a finite number of a type, and not a boolean."""
    return isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value)


def is_like(value: object, default: object) -> bool:
    """Whether a recipe's value is valid and of the same type as the default."""
    if isinstance(default, str):
        return isinstance(value, str) and PLAIN.match(value) is not None
    return is_number(value, int if isinstance(default, int) else float)


def command(training: Mapping[str, Any]) -> str:
    """Return the command that trains such a style, with placeholders for the folders."""
    words = ["gan-style train PHOTOS PAINTINGS"]
    start = training.get("start")
    if isinstance(start, str) and PLAIN.match(start):
        words.append(f"--from {start}")
    if is_number(training.get("steps"), int):
        words.append(f"--steps {training['steps']}")
    recipe = training.get("recipe")
    if isinstance(recipe, dict):
        default = default_recipe(recipe)
        if default.crop_size is not None:
            words.append("--fine-tune")
        plain = (Recipe if default.crop_size is None else Recipe.fine_tuning)().generator
        kind = recipe.get("discriminator")
        kind = kind.get("kind") if isinstance(kind, dict) else None
        if kind != default.discriminator.kind and kind in KINDS:
            words.append(f"--discriminator {kind}")
        words += [f"--{name} {value}" for name, value in input_options(recipe).items() if value != getattr(plain, name)]
        for name, option in OPTIONS.items():
            value, before = recipe.get(name), getattr(default, name)
            if is_like(value, before) and value != before:
                words.append(f"{option} {value}")
    return " ".join(words)


def gap(metrics: Mapping[str, Any]) -> str:
    """Describe the metrics on held-out pictures; empty if there are none."""
    found = metrics.get("validation")
    if not isinstance(found, dict) or not is_number(found.get("closed"), float):
        return ""
    if not all(is_number(found.get(what), int) for what in ("photos", "paintings")):
        return ""
    aside = found.get("kept_aside")
    held_out = isinstance(aside, dict) and [aside.get(what) for what in ("photos", "paintings")] == [True, True]
    where = "held out from training" if held_out else "of which not all were held out from training"
    photographs, paintings = counted(found["photos"], "photograph"), counted(found["paintings"], "painting")
    return (
        f"## Evaluation\n\nOn {photographs} and {paintings} {where}, "
        f"it closes {100 * found['closed']:.0f} % of the distance (KID) between photographs and paintings"
        f"{'' if held_out else ', which is optimistic'}."
    )
