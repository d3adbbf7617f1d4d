"""The processes that train together, on one machine or on many.

Every process draws the whole global batch from the same source of chance and keeps its own part of it, so that what is
learnt does not depend on how many there are, and a training may go on with another number of them. The first process
alone decides and writes; what it decides is told to the others.
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

# DistributedDataParallel would import this after the group is made, and its functions then keep the group as a default
# argument for ever: its threads outlive it and abort now and then when the process ends.
import torch.distributed.nn.functional
from torch import Tensor, nn
from torch.distributed import PrefixStore  # type: ignore[attr-defined]  # public, and not listed as such
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from gan_style.device import Compute
from gan_style.errors import GanStyleError, UsageError

T = TypeVar("T")

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What a launcher such as torchrun tells each process."""


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of a training, seen from one of them.

    Attributes:
        rank: which one this is; the first, 0, decides and writes.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that decides and writes."""
        return self.rank == 0

    def part(self, count: int) -> slice:
        """This process's part of a global batch.

        Raises:
            UsageError: the batch cannot be shared out evenly.
        """
        if count % self.size:
            raise UsageError(
                f"A batch of {count} cannot be shared among {self.size} processes; use a --batch-size that is a "
                f"multiple of {self.size}."
            )
        own = count // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def wrap(self, network: nn.Module, compute: Compute) -> nn.Module:
        """The network with its gradients averaged over all processes."""
        if self.size == 1:
            return network
        devices = [compute.device] if compute.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=devices)

    @torch.no_grad()
    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes, without a gradient; the same everywhere."""
        if self.size == 1:
            return values.detach()
        total = values.detach().clone()
        dist.all_reduce(total)
        return total / self.size

    @torch.no_grad()
    def gather(self, values: Tensor) -> Tensor:
        """All processes' values one after another, without a gradient; the same everywhere."""
        if self.size == 1:
            return values.detach()
        parts = [torch.empty_like(values) for _ in range(self.size)]
        dist.all_gather(parts, values.detach().contiguous())
        return torch.cat(parts)

    def broadcast(self, decide: Callable[[], T]) -> T:
        """What the first process decides, or says; the others wait for it."""
        if self.size == 1:
            return decide()
        box: list[tuple[T | None, GanStyleError | None]] = [(None, None)]
        if self.first:
            try:
                box[0] = decide(), None
            except GanStyleError as error:  # Else the others would wait for ever.
                box[0] = None, error
        dist.broadcast_object_list(box)
        result, failure = box[0]
        if failure:
            raise failure
        return cast("T", result)


@contextlib.contextmanager
def joined(compute: Compute) -> Iterator[ProcessGroup]:
    """The group that the launcher's variables describe; this process alone where there are none.

    Raises:
        UsageError: some of the variables are missing or make no sense.
    """
    present = [name for name in VARIABLES if name in os.environ]
    if "WORLD_SIZE" not in present or os.environ["WORLD_SIZE"] == "1":
        yield ProcessGroup()
        return
    if missing := [name for name in VARIABLES if name not in present]:
        raise UsageError(f"WORLD_SIZE is set and {', '.join(missing)} not; use torchrun, which sets all of them.")
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
        gc.collect()  # DistributedDataParallel, too, keeps the group, and refers to itself.
        dist.destroy_process_group()


def attempt() -> str:
    """A name for this life of a group, so that it does not find the addresses of the one before (PyTorch issue 135712).

    Several machines do not count alike; docs/how-to/several-machines.md says what helps there.
    """
    alone = os.environ.get("GROUP_WORLD_SIZE", "1") == "1"
    return f"gan-style-{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0') if alone else ''}"
