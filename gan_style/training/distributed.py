"""Distributed training on one or several machines.

Every process draws the whole global batch from the same random state and keeps its own part of it, so the result does
not depend on the number of processes, and a run can be resumed with another number of them. Only rank 0 makes decisions
and writes files; it broadcasts its decisions.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

import torch
import torch.distributed as dist

# DistributedDataParallel would import this after the group is created, and its functions then keep the group as a
# default argument forever: its threads outlive it and occasionally abort at exit.
import torch.distributed.nn.functional
from torch import Tensor, nn
from torch.distributed import PrefixStore  # type: ignore[attr-defined]  # public, but not exported
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from gan_style.device import Compute
from gan_style.errors import GanStyleError, UsageError

T = TypeVar("T")

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""Environment variables set by a launcher such as torchrun."""


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of a run, seen from one of them.

    Attributes:
        rank: index of this process; rank 0 makes decisions and writes files.
        size: number of processes.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is rank 0."""
        return self.rank == 0

    def part(self, count: int) -> slice:
        """Return this process's part of a global batch.

        Raises:
            UsageError: the batch cannot be split evenly.
        """
        if count % self.size:
            raise UsageError(
                f"A batch of {count} cannot be split evenly among {self.size} processes; use a --batch-size that is a "
                f"multiple of {self.size}."
            )
        own = count // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def wrap(self, network: nn.Module, compute: Compute) -> nn.Module:
        """Wrap a network so that its gradients are averaged over all processes."""
        if self.size == 1:
            return network
        devices = [compute.device] if compute.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=devices)

    @torch.no_grad()
    def mean(self, values: Tensor) -> Tensor:
        """Return the mean over all processes, without a gradient; the same on all of them."""
        if self.size == 1:
            return values.detach()
        total = values.detach().clone()
        dist.all_reduce(total)
        return total / self.size

    @torch.no_grad()
    def gather(self, values: Tensor) -> Tensor:
        """Concatenate the values of all processes, without a gradient; the same on all of them."""
        if self.size == 1:
            return values.detach()
        parts = [torch.empty_like(values) for _ in range(self.size)]
        dist.all_gather(parts, values.detach().contiguous())
        return torch.cat(parts)

    def broadcast(self, decide: Callable[[], T]) -> T:
        """Return the result of ``decide`` on rank 0, or raise its error, on all processes."""
        if self.size == 1:
            return decide()
        box: list[tuple[T | None, GanStyleError | None]] = [(None, None)]
        if self.first:
            try:
                box[0] = decide(), None
            except GanStyleError as error:  # Otherwise the others would wait forever.
                box[0] = None, error
        dist.broadcast_object_list(box)
        result, failure = box[0]
        if failure:
            raise failure
        return cast("T", result)


@contextlib.contextmanager
def joined(compute: Compute) -> Iterator[ProcessGroup]:
    """Join the process group that the launcher's variables describe; a group of one if there are none.

    Raises:
        UsageError: some of the variables are missing or invalid.
    """
    present = [name for name in VARIABLES if name in os.environ]
    if "WORLD_SIZE" not in present or os.environ["WORLD_SIZE"] == "1":
        yield ProcessGroup()
        return
    if missing := [name for name in VARIABLES if name not in present]:
        raise UsageError(f"WORLD_SIZE is set but {', '.join(missing)} is not; use torchrun, which sets all of them.")
    try:
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except ValueError:
        raise UsageError("RANK and WORLD_SIZE must be whole numbers; use torchrun, which sets them.") from None
    cuda = compute.device.type == "cuda"
    if cuda:
        torch.cuda.set_device(compute.device)
    store, rank, size = next(rendezvous("env://", rank, size))
    store = PrefixStore(attempt(), store)
    dist.init_process_group("nccl" if cuda else "gloo", store=store, rank=rank, world_size=size)
    try:
        yield ProcessGroup(rank, size)
    finally:
        gc.collect()  # DistributedDataParallel keeps the group, in a reference cycle.
        dist.destroy_process_group()


def attempt() -> str:
    """Return a name for this attempt, so that it does not find addresses of the last one (PyTorch issue 135712).

    Restart counts differ between machines; docs/how-to/several-machines.md describes the remedy.
    """
    alone = os.environ.get("GROUP_WORLD_SIZE", "1") == "1"
    return f"gan-style-{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0') if alone else ''}"
