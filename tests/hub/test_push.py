"""Putting a style on the Hub: what is asked, what is sent, and what is said where it fails."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from gan_style.checkpoints.bundled import resolve_style
from gan_style.checkpoints.hub.address import Address
from gan_style.checkpoints.hub.client import client
from gan_style.checkpoints.style_file import StyleFile, write_style
from gan_style.models.backbone import BackboneConfig
from gan_style.models.generator import Generator, GeneratorConfig
from gan_style.sharing.card import card, command
from gan_style.training.recipe import Recipe
from tests.conftest import photo, save_crops
from tests.hub.conftest import Command, Result
from tests.hub.server import COMMIT, TOKEN, Hub

ASIDE = {"photos": True, "paintings": True}
METRICS = {"validation": {"closed": 0.754, "photos": 32, "paintings": 25, "kept_aside": ASIDE}}


@pytest.fixture
def style(tmp_path: Path, tiny_generator: Generator) -> Path:
    """A tiny style with a story, and a preview of its training beside it."""
    path = tmp_path / "degas.safetensors"
    training = {
        "start": "base",
        "steps": 7,
        "photos": {"count": 9},
        "paintings": {"count": 5},
        "recipe": {"batch_size": 2, "objective": "hinge"},
    }
    write_style(path, StyleFile(tiny_generator, 64, licence="CC0-1.0", training=training, metrics=METRICS))
    (tmp_path / "degas-run").mkdir()
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    photo("chelsea.png").resize((2000, 900)).save(tmp_path / "degas-run" / "preview.png", exif=exif)
    return path


def pushed(gan_style: Command, style: Path, *words: str) -> Result:
    """Push with a token."""
    return gan_style("push", style.name, "ada/degas", *words, HF_TOKEN=TOKEN)


def test_public_with_card_and_preview_and_back_again(hub: Hub, gan_style: Command, fetch: Command, style: Path) -> None:
    result = pushed(gan_style, style, "--yes")
    assert (result.code, result.err) == (0, "")
    repository = hub.repositories["ada/degas"]
    files = repository.revisions["main"]
    assert files.keys() == {"degas.safetensors", "README.md", "preview-degas-1.jpg"}
    assert not repository.private
    assert result.out == f"hf://ada/degas/degas.safetensors@{repository.commits['main']}"
    assert files["degas.safetensors"] == style.read_bytes() == Path(fetch(result.out).out).read_bytes()
    with Image.open(io.BytesIO(files["preview-degas-1.jpg"])) as preview:
        assert preview.size == (1600, 720)
        assert not preview.getexif()
    assert b"secret" not in files["preview-degas-1.jpg"]
    text = files["README.md"].decode()
    data = client().ModelCard(text).data
    assert (data.license, data.pipeline_tag, data.metrics) == ("cc0-1.0", "image-to-image", ["kid"])
    assert {"gan-style", "style-transfer"} <= set(data.tags)
    assert "gan-style stylize photo.jpg --style hf://ada/degas/degas.safetensors " in text
    assert "gan-style train PHOTOS PAINTINGS --from base --steps 7 --batch-size 2 --objective hinge" in text
    assert "9 photographs and 5 paintings" in text
    assert "32 photographs and 25 paintings held out from training, it closes 75 %" in text
    assert "preview-degas-1.jpg" in text


def test_nothing_becomes_public_unasked(hub: Hub, gan_style: Command, style: Path) -> None:
    hub.put("ada/degas", {})
    for _ in range(2):
        result = pushed(gan_style, style)
        assert result.code == 2
        assert "--yes" in result.err
        assert "--private" in result.err
        hub.repositories.pop("ada/degas", None)
    assert not any(one.startswith(("POST", "PUT")) for one in hub.requests)


def test_private(hub: Hub, gan_style: Command, style: Path) -> None:
    assert pushed(gan_style, style, "--private", "--no-preview").code == 0
    assert hub.repositories["ada/degas"].private
    assert hub.repositories["ada/degas"].revisions["main"].keys() == {"degas.safetensors", "README.md"}
    # It is private, so that nobody need be asked.
    assert pushed(gan_style, style).code == 0
    hub.repositories["ada/degas"].private = False
    result = pushed(gan_style, style, "--private")
    assert result.code == 2
    assert "is already public" in result.err


def test_a_card_stays_unless_it_may_be_replaced(hub: Hub, gan_style: Command, style: Path) -> None:
    files = hub.put("ada/degas", {"README.md": b"mine"}).revisions["main"]
    result = pushed(gan_style, style, "--yes")
    assert files["README.md"] == b"mine"
    assert "--replace-card" in result.err
    assert pushed(gan_style, style, "--yes", "--replace-card").code == 0
    assert b"# degas" in files["README.md"]


def test_who_may(hub: Hub, gan_style: Command, style: Path) -> None:
    for token, words, code, sentence in [
        ("", ("ada/degas",), 4, "You are not logged in"),
        ("wrong", ("ada/degas",), 4, "denies access"),
        (TOKEN, ("monet/degas",), 2, "You are ada on the Hub and cannot write to monet/degas"),
        (TOKEN, ("degas",), 2, "write owner/repo"),
        (TOKEN, ("ada/degas@v1",), 2, "write owner/repo"),
    ]:
        gan_style("push", style.name, *words, "--yes", HF_TOKEN=token).fails(code, sentence)
    assert not hub.repositories


def test_a_token_that_may_only_read(hub: Hub, gan_style: Command, style: Path) -> None:
    hub.role = "read"
    pushed(gan_style, style, "--yes").fails(4, "read-only")
    assert not hub.repositories


def test_a_card_that_the_hub_refuses(hub: Hub, gan_style: Command, style: Path) -> None:
    hub.faulty = "license: cc0-1.0"
    result = pushed(gan_style, style, "--yes")
    result.fails(6, "license is not allowed")
    assert not hub.repositories


@pytest.mark.parametrize("name", ["my été (1)", "-a@b"])
def test_odd_names(hub: Hub, gan_style: Command, fetch: Command, style: Path, name: str) -> None:
    odd = style.rename(style.with_name(f"{name}.safetensors"))
    result = gan_style("push", str(odd), "ada/odd", "--yes", "--preview", "degas-run/preview.png", HF_TOKEN=TOKEN)
    assert result.code == 0, result
    assert Path(fetch(result.out).out).read_bytes() == odd.read_bytes()
    files = hub.repositories["ada/odd"].revisions["main"]
    assert all(re.fullmatch(r"[A-Za-z0-9_][\w.-]*", file, re.ASCII) for file in files)


def test_a_preview_that_never_ends(hub: Hub, gan_style: Command, style: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    pushed(gan_style, style, "--yes", "--preview", "pipe").fails(3, "not a regular file")
    assert not hub.repositories


@pytest.mark.parametrize("where", ["repos/create", "preupload", "objects/batch", "PUT /lfs", "/commit/"])
def test_a_hub_that_fails_half_way(hub: Hub, gan_style: Command, style: Path, where: str) -> None:
    hub.status[where] = 403
    pushed(gan_style, style, "--yes").fails(4, "denies access to hf://ada/degas")
    assert not any(repository.revisions["main"] for repository in hub.repositories.values())


def test_no_network_and_no_style(hub: Hub, gan_style: Command, style: Path) -> None:
    words = ("ada/degas", "--yes")
    gan_style("push", style.name, *words, HF_TOKEN=TOKEN, HF_HUB_OFFLINE="1").fails(6, "HF_HUB_OFFLINE")
    gan_style("push", style.name, *words, HF_TOKEN=TOKEN, HF_ENDPOINT="http://127.0.0.1:9").fails(6, "unreachable")
    style.write_bytes(b"nothing")
    assert pushed(gan_style, style, "--yes").code == 4
    assert not hub.requests


def test_train_and_push(hub: Hub, gan_style: Command, tmp_path: Path) -> None:
    save_crops(tmp_path / "photos", "chelsea.png", 3)
    save_crops(tmp_path / "degas", "coffee.png", 3)
    words = (
        "train",
        "photos",
        "degas",
        "--steps",
        "2",
        "--size",
        "64",
        "--from",
        "scratch",
        "--streaks",
        "0",
        "--batch-size",
        "2",
    )
    unasked = gan_style(*words, "--push-to", "ada/degas", HF_TOKEN=TOKEN)
    assert unasked.code == 2
    assert not (tmp_path / "degas.safetensors").exists()
    result = gan_style(*words, "--push-to", "ada/degas", "--private", HF_TOKEN=TOKEN)
    assert result.code == 0, result
    path, address = result.out.splitlines()
    files = hub.repositories["ada/degas"].revisions["main"]
    assert files.keys() == {"degas.safetensors", "README.md", "preview-degas-1.jpg"}
    assert files["degas.safetensors"] == (tmp_path / path).read_bytes()
    assert address.startswith("hf://ada/degas/")


def test_train_from_the_hub(hub: Hub, gan_style: Command, tmp_path: Path, style: Path) -> None:
    """What it began as is written down with its commit."""
    save_crops(tmp_path / "photos", "chelsea.png", 2)
    save_crops(tmp_path / "other", "coffee.png", 2)
    hub.put("ada/degas", {"degas.safetensors": style.read_bytes()})
    hub.put("ada/base", {"base.safetensors": resolve_style("base").read_bytes()})
    words = ("train", "photos", "other", "--steps", "2", "--size", "64", "--batch-size", "2", "--streaks", "0")
    gan_style(*words, "--from", "ada/degas").fails(2, "hf://ada/degas/", "has another shape")
    assert gan_style(*words, "--from", "ada/base").code == 0
    about = json.loads(gan_style("stylize", "--style", "other.safetensors", "--info").out)
    assert about["training"]["start"] == f"hf://ada/base/base.safetensors@{COMMIT}"


def test_a_card_of_a_style_that_says_nothing(tiny_generator: Generator) -> None:
    text = card(StyleFile(tiny_generator, 64), Address("ada/x", "x.safetensors"), [])
    assert "no license" in text
    assert "## Evaluation" not in text
    assert "![" not in text
    assert command({"recipe": "odd", "start": 3, "steps": "many"}) == "gan-style train PHOTOS PAINTINGS"
    assert command({"recipe": dataclasses.asdict(Recipe())}) == "gan-style train PHOTOS PAINTINGS"
    bare = dataclasses.asdict(Recipe(generator=GeneratorConfig(simplify=1)))
    for shape in (bare["generator"], {"simplify": 1}):
        blind = {**bare, "generator": shape}
        assert command({"recipe": blind}) == "gan-style train PHOTOS PAINTINGS --simplify 1 --streaks 0"
    finished = {"recipe": dataclasses.asdict(Recipe.fine_tuning(seed=1)), "start": "monet"}
    assert command(finished) == "gan-style train PHOTOS PAINTINGS --from monet --fine-tune --seed 1"
    flat = Recipe.fine_tuning(seed=1, generator=GeneratorConfig(simplify=3, streaks=8))
    assert (
        command({**finished, "recipe": dataclasses.asdict(flat)})
        == "gan-style train PHOTOS PAINTINGS --from monet --fine-tune --simplify 3 --streaks 8 --seed 1"
    )


def test_a_card_says_what_its_command_does_not_do(tiny_generator: Generator) -> None:
    def said(**training: object) -> str:
        return card(StyleFile(tiny_generator, 64, training=training), Address("ada/x", "x.safetensors"), [])

    terms = dataclasses.asdict(Recipe.fine_tuning(order_weight=300.0, color_weight=30.0))
    assert "with `order_weight=300.0` and `color_weight=30.0`." in said(recipe=terms)
    assert "Python" not in said(recipe=dataclasses.asdict(Recipe()))
    flat = Recipe(generator=GeneratorConfig(simplify=3, streaks=8)).settled(single=False)
    assert "Python" not in said(recipe=dataclasses.asdict(flat))
    freer = dataclasses.replace(flat, order_weight=300.0, flow_weight=20.0)
    assert "with `order_weight=300.0` and `flow_weight=20.0`." in said(recipe=dataclasses.asdict(freer))
    finished = Recipe.fine_tuning(generator=GeneratorConfig(streaks=8)).settled(single=False)
    assert finished.flow_weight
    assert "Python" not in said(recipe=dataclasses.asdict(finished))
    assert "with `flow_weight=0.0`." in said(recipe=dataclasses.asdict(dataclasses.replace(finished, flow_weight=0.0)))
    seen = Recipe(color_turn=40.0, backbone=BackboneConfig(beside=("lite1",)))
    assert "with `color_turn=40.0`. Training also used the backbone lite1." in said(recipe=dataclasses.asdict(seen))
    assert "backbone" not in said(recipe={"backbone": {"beside": ["<b>"]}})
    assert "the mean of 2 styles" in said(averaged=[{"share": 0.5}, {"share": 0.5}])
    assert "mean" not in said(averaged="2")
    assert "finest strokes were trained on 60 large paintings." in said(refiner={"source": "own", "scans": 60})
    assert "finest strokes are those of another style." in said(refiner={"source": "monet", "scans": True})
    assert "finest strokes" not in said(refiner="own")


@pytest.mark.parametrize(
    "evil", ["a\n```\n# Hi\n<script>alert(1)</script>", "$(rm -rf ~)", "1; rm x", "[x](http://evil)", "\ud800", "-x"]
)
def test_a_card_repeats_nothing_that_could_be_obeyed(tiny_generator: Generator, evil: str) -> None:
    training = {
        "start": evil,
        "steps": True,
        "photos": {"count": True},
        "paintings": {"count": evil},
        "recipe": {
            "seed": evil,
            "objective": evil,
            "batch_size": evil,
            "discriminator": {"kind": [evil]},
            "color_weight": evil,
        },
        "averaged": [evil],
        "refiner": {"source": evil, "scans": evil},
    }
    for closed, count in ((0.5, evil), (float("inf"), 3), (True, 3), (evil, 3)):
        metrics = {"validation": {"closed": closed, "photos": count, "paintings": 3, "kept_aside": ASIDE}}
        style = StyleFile(tiny_generator, 64, licence=evil, training=training, metrics=metrics)
        text = card(style, Address("ada/x", "x.safetensors"), [])
        assert evil not in text
        assert "```\ngan-style train PHOTOS PAINTINGS\n```" in text
        assert "## Evaluation" not in text
        text.encode()


def test_what_a_card_says_of_licences_and_of_what_was_not_kept_aside(tiny_generator: Generator) -> None:
    metrics = {"validation": {**METRICS["validation"], "kept_aside": {"photos": False, "paintings": True}}}
    for licence, known in (("CC0-1.0", "cc0-1.0"), ("GPL-3.0-only", "other"), ("My own words", None)):
        text = card(StyleFile(tiny_generator, 64, licence, metrics=metrics), Address("ada/x", "x.safetensors"), [])
        data = client().ModelCard(text).data
        assert data.license == known
        assert data.license_name == ("gpl-3.0-only" if known == "other" else None)
        assert "not all were held out" in text
        assert "optimistic" in text
