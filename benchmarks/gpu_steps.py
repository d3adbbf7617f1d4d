"""Steps a second on a CUDA device, kernel by kernel and replayed as a graph, and whether both learn the same.

    python benchmarks/gpu_steps.py [--seconds 90] [--dry]

Learns from pictures that it makes itself. Everything runs in a process of its own, since one error on the device may
leave it unusable for a process: what that was in the middle of fails, and another goes on with the rest. ``--dry``
does the same on the CPU with tiny networks, where nothing is recorded.
"""

from __future__ import annotations

import argparse
import copy
import gc
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from gan_style.checkpoints.backbone import load_backbone
from gan_style.device import Compute
from gan_style.errors import GanStyleError
from gan_style.models.backbone import Backbone, BackboneConfig
from gan_style.models.generator import GeneratorConfig
from gan_style.training import trainer as trainer_module
from gan_style.training.data import PictureSet
from gan_style.training.graph import GraphedStep
from gan_style.training.recipe import Recipe
from gan_style.training.state import restore, snapshot
from gan_style.training.trainer import Losses, Seen, Trainer

BEGUN = time.monotonic()
FAILED = 3
"""The exit code of a process whose measurement failed, and was counted."""

TINY: dict[str, Any] = {"generator": GeneratorConfig(channels=8, blocks=1, refine_channels=8, noise=2, streaks=4)}


def say(*words: object) -> None:
    """A line, and when."""
    print(f"[{time.monotonic() - BEGUN:5.1f}s]", *words, flush=True)


class KernelByKernel(Trainer):
    """A variant, and therefore never recorded."""


class Unrecorded:
    """What stands in for a graph on a CPU: the same function of the same tensors, called each time."""

    graph, usable, calls = None, True, 0

    def __init__(self, device: torch.device) -> None:
        self.device, self.inputs = device, list[Tensor]()

    def forget(self) -> None:
        """Nothing is kept."""

    def __call__(self, step: Callable[..., Tensor], settings: object, *inputs: Tensor) -> Tensor:  # noqa: ARG002
        """Call it."""
        self.inputs = self.inputs or [torch.empty_like(one) for one in inputs]
        for one, there in zip(inputs, self.inputs, strict=True):
            there.copy_(one)
        return step(*self.inputs)


def pictures(count: int, seed: int) -> PictureSet:
    """Blots of random colours with some grain, (256, 320, 3)."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        blots = random.integers(0, 256, (16, 20, 3)).repeat(16, 0).repeat(16, 1)
        made.append((blots + random.normal(0, 8, blots.shape)).clip(0, 255).astype(np.uint8))
    return PictureSet(made, [Path(f"{index}.png") for index in range(count)])


class Bench:
    """What all measurements share.

    Attributes:
        dry: whether there is no device.
        steps: how many are timed.
    """

    def __init__(self, *, dry: bool, steps: int) -> None:
        self.dry, self.steps = dry, steps
        self.photos, self.paintings = pictures(64, 1), pictures(64, 2)
        self.backbones: dict[BackboneConfig, Backbone] = {}
        for recipe in (Recipe(), Recipe.fine_tuning(), Recipe.fine_tuning(**self.everything())):
            self.backbones[recipe.backbone] = some_backbone(recipe.backbone)

    @property
    def compute(self) -> Compute:
        """Where."""
        return Compute(torch.device("cpu") if self.dry else torch.device("cuda", 0), "bf16" if not self.dry else "fp32")

    def recipe(self, *, fine: bool, batch_size: int, everything: bool = False) -> Recipe:
        """The recipe; a toy where there is no device."""
        size: dict[str, Any] = {"size": 128, "batch_size": 2, **TINY} if self.dry else {"batch_size": batch_size}
        if fine:
            return Recipe.fine_tuning(**size, **(self.everything() if everything else {}))
        return Recipe(crop_size=64 if self.dry else None, **size)

    def everything(self) -> dict[str, Any]:
        """All terms, and two backbones."""
        backbone = BackboneConfig((0, 1, 2, 4, 5), beside=("lite2",))
        weights = {"order_weight": 1000.0, "colour_weight": 30.0, "gram_weight": 1.0, "feature_weight": 0.5}
        return {**weights, "backbone": backbone}

    def trainer(self, kind: type[Trainer], recipe: Recipe) -> Trainer:
        """A new one."""
        return kind(self.photos, self.paintings, self.backbones[recipe.backbone], recipe, self.compute)

    def wait(self) -> None:
        """Until the device has done everything."""
        if not self.dry:
            torch.cuda.synchronize()

    def rate(self, step: Callable[[], object], steps: int | None = None) -> float:
        """How often a second something can be done."""
        count = steps or self.steps
        self.wait()
        begun = time.monotonic()
        for _ in range(count):
            step()
        self.wait()
        return count / (time.monotonic() - begun)

    def memory(self) -> str:
        """The most that was ever taken from the device since this was asked for last."""
        if self.dry:
            return "-"
        most = torch.cuda.max_memory_reserved() / 2**30
        torch.cuda.reset_peak_memory_stats()
        return f"{most:.1f} GiB"

    def clean(self) -> None:
        """Give back the memory of trainers that are gone."""
        gc.collect()
        if not self.dry:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def recorded(self, trainer: Trainer) -> GraphedStep:
        """What makes a trainer's steps, once one is recorded.

        Raises:
            RuntimeError: none is.
        """
        graph = cast("GraphedStep", trainer.graph)
        if not self.dry and graph.graph is None:
            raise RuntimeError("NOT RECORDED")
        return graph

    # Measurements.

    def speed(self, name: str, *, fine: bool, batch_size: int, everything: bool = False) -> None:
        """Steps a second both ways."""
        recipe = self.recipe(fine=fine, batch_size=batch_size, everything=everything)
        self.clean()
        trainer = self.trainer(KernelByKernel, recipe)
        for _ in range(4):
            trainer.step(1.0)
        rate = self.rate(lambda: trainer.step(1.0))
        say(f"{name}: kernel by kernel {rate:.1f} steps/s, {self.memory()}")
        del trainer
        self.clean()
        trainer, begun = self.trainer(Trainer, recipe), time.monotonic()
        losses = [trainer.step(1.0) for _ in range(5)]
        graph = self.recorded(trainer)
        say(f"{name}: five first steps with the recording {time.monotonic() - begun:.1f} s")
        rate = self.rate(lambda: losses.append(trainer.step(1.0)))
        bare = self.rate(graph.graph.replay) if graph.graph else float("nan")
        cutting = self.rate(lambda: trainer.cut_out(trainer.sampler.coming()), 10)
        healthy = all(one.healthy() for one in losses)
        say(
            f"{name}: REPLAYED {rate:.1f} steps/s; bare replays {bare:.1f}/s, cutting crops {cutting:.0f}/s, "
            f"{self.memory()}, all finite: {healthy}"
        )
        say(f"{name}: last losses {losses[-1]}")

    def replays(self, name: str) -> None:
        """Whether each replay draws anew and changes all networks."""
        trainer = self.trainer(Trainer, self.recipe(fine=False, batch_size=4))
        for _ in range(6):
            trainer.step(1.0)
        networks = {network: getattr(trainer, network) for network in (*trainer.NETWORKS, "reader")}
        for _ in range(3):
            before = {which: checksum(network) for which, network in networks.items()}
            trainer.step(1.0)
            still = [which for which, network in networks.items() if checksum(network) == before[which]]
            say(f"{name}: networks that a replay left as they were: {still or 'none'}")
        before = {which: checksum(network) for which, network in networks.items() if which != "average"}
        trainer.set_rate(0.0)
        graph, same = self.recorded(trainer), trainer.cut()
        dials = torch.tensor([*trainer.dials().values()])
        drawn = [
            Losses(*graph(trainer.learn_held, trainer.disturbance, *same, dials).tolist()).generator for _ in range(4)
        ]
        still = [which for which in before if checksum(networks[which]) == before[which]]
        say(f"{name}: at rate 0 generator losses for the same crops {drawn}; they differ: {len({*drawn}) == 4}")
        say(f"{name}: networks left alone at rate 0: {still}")

    def sameness(self, name: str, steps: int) -> None:
        """Whether both ways learn the same from the same start."""
        recipe = self.recipe(fine=False, batch_size=4)
        curves = []
        for kind in (KernelByKernel, Trainer):
            trainer = self.trainer(kind, recipe)
            curves.append([trainer.step(1.0) for _ in range(steps)])
            say(f"{name}: {kind.__name__} is through, content weight {trainer.content.weight:.4f}")
        for index in (0, 1, 2, 3, 4, 5, 9, steps - 1):
            pairs = [
                (f"{one.discriminator:.4f}", f"{one.generator:.4f}", f"{one.content:.5f}")
                for one in (curve[index] for curve in curves)
            ]
            say(f"{name}: step {index + 1}: discriminator, generator, content {pairs[0]} and {pairs[1]}")
        for field in ("discriminator", "generator", "content", "calm", "noise"):
            means = [float(np.mean([getattr(one, field) for one in curve])) for curve in curves]
            apart = abs(means[0] - means[1]) / max(abs(means[0]), 1e-6)
            say(f"{name}: {field} {means[0]:.5f} and {means[1]:.5f}, {'alike' if apart < 0.15 else 'DIFFERENT'}")

    def going_back(self, name: str) -> None:
        """Whether a state can be restored once a step is recorded, and a changed disturbance is taken note of."""
        trainer = self.trainer(Trainer, self.recipe(fine=False, batch_size=4))
        for _ in range(8):
            trainer.step(1.0)
        numbers, tensors = snapshot(trainer)
        state = dict(numbers), {key: value.clone() for key, value in tensors.items()}
        first = [trainer.step(1.0) for _ in range(6)]
        restore(trainer, *state)
        again = [trainer.step(1.0) for _ in range(6)]
        apart = [abs(one.discriminator - two.discriminator) for one, two in zip(first, again, strict=True)]
        say(f"{name}: after going back discriminator losses differ by {[f'{value:.1e}' for value in apart]}")
        trainer.disturbance = 1.5
        stronger = [trainer.step(1.0) for _ in range(6)]
        self.recorded(trainer)
        say(f"{name}: stronger disturbance, recorded again, all finite: {all(one.healthy() for one in stronger)}")

    def falling_back(self, name: str) -> None:
        """Whether a step that asks the host something is made all the same, once it could not be recorded."""
        content_loss = Trainer.content_loss

        def asking(trainer: Trainer, seen: Seen) -> Tensor:
            loss = content_loss(trainer, seen)
            return loss * (1.0 if loss.item() < 10 else 2.0)

        cast("Any", Trainer).content_loss = asking
        try:
            trainer = self.trainer(Trainer, self.recipe(fine=False, batch_size=4))
            losses = [trainer.step(1.0) for _ in range(10)]
        finally:
            cast("Any", Trainer).content_loss = content_loss
        noise = torch.randn(1000, device=self.compute.device).std().item()
        graph = cast("GraphedStep", trainer.graph)
        say(
            f"{name}: given up, as it should be: {not graph.usable}; all finite: {all(x.healthy() for x in losses)}; "
            f"spread of noise afterwards {noise:.2f}"
        )

    def looking(self, name: str, *, fine: bool, batch_size: int) -> None:
        """What looking through the backbone once takes, with gradients and without, in several formats."""
        recipe = self.recipe(fine=fine, batch_size=batch_size)
        channels_last, contiguous = torch.channels_last, torch.contiguous_format
        picture = torch.randn(recipe.batch_size, 3, recipe.crop, recipe.crop, device=self.compute.device)
        for dtype in (torch.float32,) if self.dry else (torch.float32, torch.bfloat16):
            for layout in (channels_last, contiguous):
                backbone = copy.deepcopy(self.backbones[recipe.backbone]).to(self.compute.device, dtype)
                convert_conv2d_weight_memory_format(backbone, layout)
                seen = picture.clone().contiguous(memory_format=layout).requires_grad_()
                look, learn = self.looks(backbone, seen)
                times = [1000 / self.rate(one, 20) for one in (look, learn)]
                what = f"{dtype}, {'channels last' if layout is channels_last else 'contiguous'}"
                say(f"{name}: {what}: {times[0]:.2f} ms, {times[1]:.2f} ms with the gradient of the picture")

    def looks(self, backbone: Backbone, picture: Tensor) -> tuple[Callable[[], object], Callable[[], object]]:
        """Two calls, recorded where there is a device: a look, and one with the gradient of the picture."""

        def look() -> None:
            with torch.no_grad():
                backbone(picture)

        def learn() -> None:
            total = sum(one.float().mean() for one in backbone(picture))
            torch.autograd.grad(cast("Tensor", total), picture)

        if self.dry:
            return look, learn
        stream, replays = torch.cuda.Stream(), []  # type: ignore[no-untyped-call]
        for one in (look, learn):
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(3):
                    one()
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=stream):
                one()
            replays.append(graph.replay)
        return replays[0], replays[1]

    def profile(self, name: str, *, fine: bool, batch_size: int) -> None:
        """Which kernels a replay spends its time on."""
        trainer = self.trainer(Trainer, self.recipe(fine=fine, batch_size=batch_size))
        for _ in range(6):
            trainer.step(1.0)
        self.wait()
        kinds = torch.profiler.ProfilerActivity
        with torch.profiler.profile(activities=[kinds.CPU if self.dry else kinds.CUDA]) as profiler:
            for _ in range(2):
                trainer.step(1.0)
            self.wait()
        averages = profiler.key_averages()
        for one in averages:
            one.key = one.key[:90]
        say(f"{name}: {sum(one.count for one in averages)} kernels and copies in two steps")
        key = "self_cpu_time_total" if self.dry else "self_device_time_total"
        rows = sorted(averages, key=lambda one: -float(getattr(one, key)))[:22]
        for one in rows:
            print(f"    {getattr(one, key) / 2000:8.3f} ms a step, {one.count // 2:5} times  {one.key}", flush=True)

    def tasks(self) -> Iterator[tuple[str, Callable[[str], None]]]:
        """Everything, the most important first."""

        def timed(fine: bool, batch_size: int) -> tuple[str, Callable[[str], None]]:
            what = f"{'fine-tuning' if fine else 'default'}, batch {batch_size}"
            return what, lambda name: self.speed(name, fine=fine, batch_size=batch_size)

        yield timed(False, 16)
        yield timed(True, 16)
        yield "replays", self.replays
        yield "going back", self.going_back
        yield timed(False, 4)
        yield "sameness", lambda name: self.sameness(name, 10 if self.dry else 100)
        yield timed(True, 8)
        yield timed(False, 64)
        what = "fine-tuning with all terms and two backbones, batch 8"
        yield what, lambda name: self.speed(name, fine=True, batch_size=8, everything=True)
        yield "looks, crops of 128", lambda name: self.looking(name, fine=False, batch_size=16)
        yield "looks, crops of 224", lambda name: self.looking(name, fine=True, batch_size=16)
        yield "profile, default, batch 16", lambda name: self.profile(name, fine=False, batch_size=16)
        yield "profile, fine-tuning, batch 16", lambda name: self.profile(name, fine=True, batch_size=16)
        yield "falling back", self.falling_back


def some_backbone(config: BackboneConfig) -> Backbone:
    """With its weights, or random ones where they are not to be had: it is as fast with them."""
    try:
        return load_backbone(config)
    except (GanStyleError, OSError) as error:
        say("random weights for the backbone:", error)
    torch.manual_seed(0)
    backbone = Backbone(config)
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return backbone


def checksum(network: nn.Module) -> float:
    """A number that changes when any parameter does."""
    return float(sum((one.detach().double() * 1e3).sin().sum() for one in network.parameters()))


@contextmanager
def without_device() -> Iterator[None]:
    """Steps are made as if they were to be recorded, on the CPU."""
    capturable, module = Trainer.capturable, cast("Any", trainer_module)
    cast("Any", Trainer).capturable, module.GraphedStep = lambda self: type(self) is Trainer, Unrecorded
    try:
        yield
    finally:
        cast("Any", Trainer).capturable, module.GraphedStep = capturable, GraphedStep


def work(bench: Bench, first: int, progress: int) -> None:
    """Do everything from a task on; the number of each that is over goes to the parent before the next begins."""
    for index, (name, task) in enumerate(bench.tasks()):
        if index < first:
            continue
        say(f"--- {name}")
        try:
            task(name)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            say(f"{name}: FAILED")
            failed = True
        else:
            failed = False
        os.write(progress, bytes([index + 1]))
        if failed and not bench.dry:
            os._exit(FAILED)  # The device may be in any state; a new process has a new one.


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=90.0, help="after which everything ends")
    parser.add_argument("--steps", type=int, default=30, help="that are timed")
    parser.add_argument("--longest", type=float, default=30.0, help="seconds that a single measurement may take")
    parser.add_argument("--dry", action="store_true", help="on the CPU, with toys")
    options = parser.parse_args()
    torch.set_num_threads(1)  # A child does not have the threads of its parent, and would wait for them.
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("gan_style.training.graph").setLevel(logging.DEBUG)
    bench = Bench(dry=options.dry, steps=3 if options.dry else options.steps)
    say("torch", torch.__version__, "pictures and backbones are there")
    count, done = len([*bench.tasks()]), 0
    while done < count and (left := options.seconds - (time.monotonic() - BEGUN)) > 2:
        done = watched(bench, done, options.longest, left)
    say("done" if done >= count else f"out of time after {done} of {count}")


def watched(bench: Bench, first: int, longest: float, left: float) -> int:
    """Work in a child until it is through, fails, or takes too long; the number of the task to go on with."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    child = os.fork()  # Before anything has touched the device.
    if not child:
        code = 1
        try:
            if bench.dry:
                with without_device():
                    work(bench, first, writing)
            else:
                torch.cuda.set_device(0)
                say(torch.cuda.get_device_name(0))
                work(bench, first, writing)
            code = 0
        except BaseException:
            traceback.print_exc(file=sys.stdout)
        finally:
            sys.stdout.flush()
            os._exit(code)
    os.close(writing)
    begun, since, done = time.monotonic(), time.monotonic(), first
    try:
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            try:
                if news := os.read(reading, 64):
                    done, since = news[-1], time.monotonic()
            except BlockingIOError:
                pass
            if ended:
                code = os.waitstatus_to_exitcode(status)
                if code not in (0, FAILED):
                    say(f"the process ended with {code}")
                return done + (code not in (0, FAILED))  # What broke it is not tried again.
            # The first measurement of a process waits for the device and its libraries.
            patience = longest + 15 * (done == first)
            if time.monotonic() - since > patience or time.monotonic() - begun > left:
                say(f"stopped after {time.monotonic() - since:.0f} s in the middle of a measurement")
                os.kill(child, 9)
                os.waitpid(child, 0)
                return done + 1
            time.sleep(0.05)
    finally:
        os.close(reading)


if __name__ == "__main__":
    main()
