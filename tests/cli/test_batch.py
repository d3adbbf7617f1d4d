"""Many pictures, as shell scripts paint them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_style.imaging.opening import open_photograph
from gan_style.imaging.types import Pixels
from tests.cli.conftest import Run
from tests.conftest import save_crops

DOCS = Path(__file__).parent.parent.parent / "docs" / "how-to" / "many-pictures.md"


Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(program: Path) -> Shell:
    """Runs a command of a shell script with ``gan-style`` on its path."""

    def call(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=folder,
            env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"} | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def blocks(kind: str) -> list[str]:
    """The examples of one kind in the guide."""
    return re.findall(rf"```{kind}\n(.*?)```", DOCS.read_text(), re.DOTALL)


@pytest.fixture
def holiday(tmp_path: Path, cat: Pixels, style_path: Path) -> Path:
    """A folder with holiday photographs, and tiny styles of the names that the guide uses."""
    (tmp_path / "holiday" / "sea").mkdir(parents=True)
    for index, name in enumerate(("a", "b", "sea/c")):
        Image.fromarray(cat[index : index + 40, :60]).save(tmp_path / "holiday" / f"{name}.jpg")
    (tmp_path / "styles").mkdir()
    for name in ("monet", "vangogh", "ukiyoe"):
        shutil.copy(style_path, tmp_path / "styles" / f"{name}.safetensors")
    return tmp_path


@pytest.mark.parametrize("example", [one for one in blocks("sh") if "--variations" not in one])
def test_the_examples_of_the_guide(shell: Shell, holiday: Path, example: str) -> None:
    done = shell(example, holiday, GAN_STYLE_WEIGHTS=str(holiday / "styles"))
    assert (done.returncode, done.stderr) == (0, ""), (example, done.stderr)
    made = [path for path in holiday.rglob("*") if path.is_file() and path.parent.name != "styles"]
    made = [path for path in made if "holiday" not in path.relative_to(holiday).parts]
    pictures = [path for path in made if path.suffix not in (".jsonl", ".safetensors")]
    assert pictures
    assert all(open_photograph(path).size == (60, 40) for path in pictures)


def test_the_makefile_and_the_crontab_of_the_guide(shell: Shell, holiday: Path) -> None:
    (holiday / "Makefile").write_text(blocks("make")[0])
    weights = str(holiday / "styles")
    if shutil.which("make"):
        done = shell("make", holiday, GAN_STYLE_WEIGHTS=weights)
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in (holiday / "made").iterdir()) == ["a.jpg", "b.jpg"]
        assert "Nothing to be done" in shell("make", holiday, GAN_STYLE_WEIGHTS=weights).stdout
    (line,) = blocks("cron")[0].splitlines()
    command = line.split(maxsplit=5)[5]
    done = shell(command, holiday, GAN_STYLE_WEIGHTS=weights, HOME=str(holiday))
    assert done.returncode == 0, done.stderr
    assert (holiday / "painted.log").read_text().split() == [
        f"paintings/{name}-monet.jpg" for name in ("a", "b", "sea/c")
    ]


def test_lists_patterns_names_and_json(shell: Shell, run: Run, holiday: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"GAN_STYLE_WEIGHTS": str(holiday / "styles")}
    (holiday / "holiday" / "odd\nname.jpg").write_bytes((holiday / "holiday" / "a.jpg").read_bytes())
    (holiday / "holiday" / "bad.jpg").write_bytes((holiday / "holiday" / "a.jpg").read_bytes()[:300])
    done = shell(
        'find holiday -name "*.jpg" -print0 | sort -z | gan-style stylize --from-file - -o out '
        '--name "{style} of {name}" --json',
        holiday,
        **weights,
    )
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(line["source"]).name for line in lines] == ["a.jpg", "b.jpg", "bad.jpg", "odd\nname.jpg", "c.jpg"]
    states = [(line["state"], line["code"]) for line in lines]
    assert states == [("painted", 0), ("painted", 0), ("failed", 3), ("painted", 0), ("painted", 0)]
    assert "damaged" in lines[2]["error"]
    assert lines[0]["target"] == "out/monet of a.jpg"
    assert (lines[0]["width"], lines[0]["height"]) == (60, 40)
    (holiday / "list").write_text("holiday/a.jpg\n\nholiday/sea\n")
    listed = shell("gan-style stylize --from-file list -o listed", holiday, **weights)
    assert listed.stdout.split() == ["listed/a-monet.jpg", "listed/c-monet.jpg"]
    monkeypatch.chdir(holiday)
    monkeypatch.setenv("GAN_STYLE_WEIGHTS", weights["GAN_STYLE_WEIGHTS"])
    for wrong, words in (
        (("--from-file", "none"), "cannot be read"),
        (("--from-file", "list", "--name", "../{name}"), "is not a file name pattern"),
        (("--from-file", "list", "--name", "same"), "add {name}"),
        (("--from-file", "list", "--name", "{nobody}"), "is not a file name pattern"),
        (("--from-file", "/dev/null"), "No input"),
        (("holiday/*.nef",), "does not exist"),
        (("holiday/a.jpg", "--max-pixels", 100), "or use --max-pixels 2400"),
    ):
        refused = run("stylize", *wrong, "-o", "out2")
        assert refused.code in (2, 3)
        assert words in refused.error
        assert refused.error.count("\n") == 1


def test_whoever_reads_may_go_away(shell: Shell, holiday: Path) -> None:
    weights = {"GAN_STYLE_WEIGHTS": str(holiday / "styles")}
    for index in range(30):
        shutil.copy(holiday / "holiday" / "a.jpg", holiday / "holiday" / f"z{index}.jpg")
    done = shell("set +e; gan-style stylize holiday -o out | head -n 1; echo ${PIPESTATUS[0]}", holiday, **weights)
    assert done.stdout.split()[0] == "out/a-monet.jpg"
    assert done.stdout.split()[1] in ("0", "141")
    assert done.stderr == ""
    done = shell("set +e; gan-style stylize holiday/a.jpg -o - | true; echo ${PIPESTATUS[0]}", holiday, **weights)
    assert (done.stdout.strip() in ("0", "141"), done.stderr) == (True, "")


def test_a_batch_that_is_killed_goes_on_to_the_same_files(tmp_path: Path, style_path: Path, program: Path) -> None:
    photos = save_crops(tmp_path / "photos", "coffee.png", 60)
    words = ["stylize", str(photos), "--style", str(style_path), "--skip-existing", "-o"]

    def sums(folder: Path) -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}

    whole, cut = tmp_path / "whole", tmp_path / "cut"
    subprocess.run([program, *words, str(whole)], check=True, capture_output=True)
    chance = random.Random(0)
    for _ in range(2):
        running = subprocess.Popen([program, *words, str(cut)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert running.stdout is not None
        running.stdout.readline()  # It has begun.
        time.sleep(chance.uniform(0, 0.3))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        finished = {name: value for name, value in sums(cut).items() if not name.startswith(".")}
        assert finished.items() <= sums(whole).items()
    subprocess.run([program, *words, str(cut)], check=True, capture_output=True)
    assert sums(cut) == sums(whole)


def test_two_runs_over_one_folder_do_no_harm(tmp_path: Path, style_path: Path, program: Path) -> None:
    photos = save_crops(tmp_path / "photos", "coffee.png", 20)
    command = [str(program), "stylize", str(photos), "--style", str(style_path), "--skip-existing"]
    both = [
        subprocess.Popen([*command, "-o", str(tmp_path / "out")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for one in both:
        _, said = one.communicate()
        assert (one.returncode, said) == (0, b"")
    made = sorted((tmp_path / "out").iterdir())
    assert len(made) == 20
    assert all(open_photograph(path).size == (80, 80) for path in made)


def test_a_full_disk_is_survived(shell: Shell, holiday: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs to mount a small disk")
    small = holiday / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("cannot mount")
    try:
        done = shell("gan-style stylize holiday -o small", holiday, GAN_STYLE_WEIGHTS=str(holiday / "styles"))
        assert done.returncode == 1
        assert "The disk that holds small is full" in done.stderr
        assert "3 of 3 pictures failed" in done.stderr
        single = shell(
            "gan-style stylize holiday/a.jpg -o small/new/a.png", holiday, GAN_STYLE_WEIGHTS=str(holiday / "styles")
        )
        assert (single.returncode, single.stderr) == (
            6,
            done.stderr.splitlines(keepends=True)[0].replace("small", "small/new").replace("holiday/a.jpg: ", ""),
        )
        assert not list(small.iterdir())
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_folders_that_cannot_be_read_are_named(shell: Shell, holiday: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (holiday / "holiday" / "sea").chmod(0)
    done = shell("gan-style stylize holiday -o out", holiday, GAN_STYLE_WEIGHTS=str(holiday / "styles"))
    (holiday / "holiday" / "sea").chmod(0o755)
    assert done.returncode == 1
    assert "sea cannot be read" in done.stderr
    assert len(done.stdout.split()) == 2


def test_the_animation_of_a_folder_stays_one(shell: Shell, tmp_path: Path, cat: Pixels, style_path: Path) -> None:
    frames = [Image.fromarray(np.ascontiguousarray(cat[top : top + 40, :60])) for top in (0, 40, 80)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:], duration=[100, 200, 50], loop=0)
    done = shell(f"gan-style stylize x.gif --style {style_path} -o y.webp", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    painted = open_photograph(tmp_path / "y.webp")
    assert painted.animation is not None
    assert painted.animation.delays == (100, 200, 50)
    still = shell(f"gan-style stylize x.gif --style {style_path} -o y.jpg", tmp_path)
    assert "JPEG holds one frame; only the first of 3 is painted" in still.stderr


def test_a_folder_that_is_painted_into_itself_can_be_painted_again(run: Run, style_path: Path, tmp_path: Path) -> None:
    folder = save_crops(tmp_path / "photos", "chelsea.png", 3, 40)
    words = ("stylize", folder, "--style", style_path, "-o", folder)
    first = run(*words)
    painted = sorted(folder.iterdir())
    assert (first.code, len(painted)) == (0, 6)
    again = run(*words, "--skip-existing", "--json")
    assert again.code == 0
    assert {json.loads(line)["state"] for line in again.out.splitlines()} == {"skipped"}
    assert sorted(folder.iterdir()) == painted
    own = run(*words, "--skip-existing", "--name", "{name}")
    assert own.code == 1
    assert "never replaced" in own.error
