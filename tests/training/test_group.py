"""Real processes that train together, over gloo."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gan_style.checkpoints.style_file import read_style
from gan_style.data.loading import load_pictures
from gan_style.data.sampler import Sampler
from gan_style.errors import UsageError
from gan_style.training.distributed import ProcessGroup
from tests.conftest import save_crops
from tests.warm import PYTHON

PRELUDE = """
import dataclasses, os, sys
from pathlib import Path
import pytest, torch
torch.set_num_threads(1)
from gan_style.checkpoints.backbone import load_backbone
from gan_style.device import Compute
from gan_style.imaging.finding import find_pictures
from gan_style.models.discriminator import DiscriminatorConfig
from gan_style.training.api import resume, train
from gan_style.data.loading import load_pictures
from gan_style.training.distributed import ProcessGroup, joined
from gan_style.training.loop.schedule import Limit
from gan_style.training.recipe import Recipe
from gan_style.training.step.trainer import Trainer
from tests.conftest import TINY
import gan_style.training.loop.loop as session
from tests.training.conftest import quicken
from tests.training.test_training import SHALLOW
quicken(pytest.MonkeyPatch())
session.SAVE_SECONDS, session.EXAMINE_STEPS = 0.0, 3
folder = Path(sys.argv[1])
photos, paintings = folder / "photos", folder / "paintings"
recipe = Recipe(size=64, batch_size=4, generator=dataclasses.replace(TINY, noise=2),
                discriminator=DiscriminatorConfig(head_channels=8, patch_channels=4),
                backbone=SHALLOW, content_strides=(4, 8))
rank, restarts = int(os.environ.get("RANK", 0)), int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
"""

GRADIENTS = """
from safetensors.torch import save_file
recipe = dataclasses.replace(recipe, objective="wasserstein", critic_steps=2)  # Uses all there is of a step.
def learn(group, output):
    sets = [load_pictures(find_pictures(one), 64, smallest=64) for one in (photos, paintings)]
    trainer = Trainer(*sets, load_backbone(SHALLOW), recipe, compute, group)
    trainer.step(1.0)
    gradients = {f"{what}.{name}": value.grad for what in ("generator", "discriminator", "reader")
                 for name, value in trainer.networks()[what].named_parameters()}
    if group.first:
        save_file({name: value.contiguous() for name, value in gradients.items()}, output)
compute = Compute.choose("cpu", "fp32")
with joined(compute) as group:
    learn(group, sys.argv[2])
if rank == 0:
    learn(ProcessGroup(), Path(sys.argv[2]).with_name("alone.safetensors"))
left = [task.read_text().strip() for task in Path("/proc/self/task").glob("*/comm")]
assert not any("gloo" in name for name in left), left
"""

TRAINING = """
train(photos, paintings, sys.argv[2], recipe=recipe, limit=Limit(steps=8), device="cpu", precision="fp32")
"""

DYING = """
step = Trainer.step
def mortal(self, rate):
    if rank == 1 and restarts == 0 and self.steps == 5:
        os._exit(1)
    return step(self, rate)
Trainer.step = mortal
"""


TOGETHER = """
import runpy, sys
import tests.training.test_training
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
def work(script):
    runpy.run_path(script)
script, processes, restarts = sys.argv[1], *map(int, sys.argv[-2:])
config = LaunchConfig(1, 1, processes, run_id="tests", rdzv_backend="c10d", rdzv_endpoint="localhost:0",
                      max_restarts=restarts, monitor_interval=0.1, start_method="fork")
sys.argv = sys.argv[1:-2]
elastic_launch(config, work)(script)
"""
"""What torchrun does, in processes that need not import PyTorch."""

Launch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def launch(folder: Path, program: Path) -> Launch:
    """Runs a script in so many processes."""

    def call(text: str, output: Path, *, processes: int, restarts: int = 0) -> subprocess.CompletedProcess[str]:
        script, together = folder / "script.py", folder / "together.py"
        script.write_text(PRELUDE + text)
        together.write_text(TOGETHER)
        words: list[object] = [script, folder, output]
        if processes > 1:
            words = [together, *words, processes, restarts]
        return subprocess.run(
            [program.with_name(PYTHON), *map(str, words)], capture_output=True, text=True, timeout=240, check=False
        )

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_crops(tmp_path / "photos", "chelsea.png", 6)
    save_crops(tmp_path / "paintings", "coffee.png", 5)
    return tmp_path


def test_two_processes_make_the_gradients_of_one(folder: Path, launch: Launch) -> None:
    done = launch(GRADIENTS, folder / "together.safetensors", processes=2)
    assert done.returncode == 0, done.stderr
    one, two = (load_file(folder / f"{name}.safetensors") for name in ("alone", "together"))
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert (value - two[name]).abs().max() < 1e-5 * max(1.0, float(value.abs().max())), name
    assert max(float(value.abs().max()) for value in one.values()) > 1e-2


def test_a_group_learns_what_one_process_does_and_outlives_a_death(folder: Path, launch: Launch) -> None:
    styles = {}
    for name, text, processes, restarts in (
        ("two", TRAINING, 2, 0),
        ("dying", DYING + TRAINING, 2, 1),
        ("dead", DYING + TRAINING, 2, 0),
    ):
        output = folder / f"{name}.safetensors"
        done = launch(text, output, processes=processes, restarts=restarts)
        assert (done.returncode == 0) is (name != "dead"), done.stderr
        styles[name] = output
    assert styles["two"].read_bytes() == styles["dying"].read_bytes()
    # One process goes on with what two began.
    styles["one"] = folder / "one.safetensors"
    alone = TRAINING + 'resume(Path(sys.argv[2]).with_name("dead-run"))'
    done = launch(alone, styles["one"], processes=1)
    assert done.returncode == 0, done.stderr
    one = load_file(styles["one"])
    for other in ("two", "dead"):
        for name, value in load_file(styles[other]).items():
            assert torch.allclose(value.float(), one[name].float(), atol=2e-3), (other, name)


def test_every_process_cuts_its_own_part_of_the_same_batch(photo_folder: Path) -> None:
    pictures = load_pictures(sorted(photo_folder.iterdir()), 64)
    whole, *parts = (Sampler(pictures, pictures, 4, part, 0) for part in (slice(None), slice(0, 2), slice(2, 4)))
    assert [ProcessGroup(rank, 2).part(4) for rank in range(2)] == [slice(0, 2), slice(2, 4)]
    for _ in range(20):
        photos, paintings = whole.next()
        drawn = [part.next() for part in parts]
        assert [*drawn[0][0], *drawn[1][0]] == photos
        assert [*drawn[0][1], *drawn[1][1]] == paintings != photos
    with pytest.raises(UsageError, match="multiple of 3"):
        ProcessGroup(0, 3).part(4)


def test_the_command_speaks_once(tmp_path: Path, program: Path) -> None:
    photos, paintings = save_crops(tmp_path / "photos", "chelsea.png", 2), save_crops(tmp_path / "p", "coffee.png", 2)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--no-python"]
    options = ["--size=64", "--batch-size=2", "--steps=1", "--device=cpu"]
    output = tmp_path / "cli.safetensors"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [
            *torchrun,
            str(program),
            "train",
            str(photos),
            str(paintings),
            "-o",
            str(output),
            *options,
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    assert done.stdout.split() == [str(output)]
    assert read_style(output).training["processes"] == 2


def test_half_of_the_variables_are_refused(folder: Path, launch: Launch) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORLD_SIZE", "2")
        done = launch(TRAINING, folder / "x.safetensors", processes=1)
    assert "use torchrun" in done.stderr
