"""The model card of a style: metadata that the Hub reads, and what people want to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_style.checkpoints.hub import Address, client
from gan_style.checkpoints.style_file import StyleFile
from gan_style.training.recipe import Recipe

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


def card(style: StyleFile, address: Address, file: str, pictures: Sequence[str]) -> str:
    """A model card: metadata that the Hub reads, how to use the style, how it was made, what was measured."""
    hub = client()
    closed = gap(style.metrics)
    metadata = hub.ModelCardData(
        license=style.licence.lower() or None,
        library_name="gan-style",
        pipeline_tag="image-to-image",
        tags=list(TAGS),
        metrics=["kid"] if closed else None,
    ).to_yaml()
    title = Path(file).stem
    parts = [
        f"---\n{metadata}\n---",
        f"# {title}\n\nTurns photographs into paintings, with gan-style.",
        "\n".join(f"![]({one})" for one in pictures),
        f"```\ngan-style stylize photo.jpg --style {address} -o painting.jpg\n```\n\n"
        f"Where this repository holds several styles, this one is `{Address(address.repository, file)}`.",
        made(style),
        closed,
        "" if style.licence else "Its maker has named no licence.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def made(style: StyleFile) -> str:
    """How it was made, as far as the file says."""
    training = style.training
    facts = [f"{count_of(training, what)} {word}" for what, word in (("photos", "photographs"), ("paintings",) * 2)]
    facts = [fact for fact in facts if not fact.startswith("0 ")]
    lines = [f"Learnt from {' and '.join(facts)}." if facts else "", f"```\n{command(training)}\n```"]
    return "## How it was made\n\n" + "\n\n".join(line for line in lines if line)


def count_of(training: Mapping[str, Any], what: str) -> int:
    """Pictures of a kind that were learnt from; 0 where the file does not say."""
    part = training.get(what)
    count = part.get("count") if isinstance(part, dict) else None
    return count if isinstance(count, int) else 0


def command(training: Mapping[str, Any]) -> str:
    """The command that makes such a style; folders had names that are not told."""
    words = ["gan-style train PHOTOS PAINTINGS"]
    if isinstance(training.get("start"), str):
        words.append(f"--from {training['start']}")
    if isinstance(training.get("steps"), int):
        words.append(f"--steps {training['steps']}")
    recipe, usual = training.get("recipe"), Recipe()
    if isinstance(recipe, dict):
        kind = recipe.get("discriminator")
        if isinstance(kind, dict) and kind.get("kind", usual.discriminator.kind) != usual.discriminator.kind:
            words.append(f"--discriminator {kind['kind']}")
        words += [
            f"{option} {recipe[name]}"
            for name, option in OPTIONS.items()
            if recipe.get(name, getattr(usual, name)) != getattr(usual, name)
        ]
    return " ".join(words)


def gap(metrics: Mapping[str, Any]) -> str:
    """What was measured on pictures kept aside from the training; empty where nothing was."""
    found = metrics.get("validation")
    closed = found.get("closed") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(closed, float):
        return ""
    lines = [
        "## What was measured",
        f"On {found.get('photos')} photographs and {found.get('paintings')} paintings kept aside from the training, it "
        f"closes {100 * closed:.0f} % of the distance (KID) between photographs and paintings.",
    ]
    return "\n\n".join(lines)
