"""The one place that knows about devices and number formats."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format

from gan_style.errors import ResourceError, UsageError

Network = TypeVar("Network", bound=torch.nn.Module)

logger = logging.getLogger(__name__)

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16")


@dataclass(frozen=True)
class Compute:
    """Where the networks run and in which format.

    Attributes:
        device: the device that holds the networks.
        precision: "fp32", or "bf16" for convolutions in bfloat16 over float32 weights.
    """

    device: torch.device
    precision: str

    @classmethod
    def choose(cls, device: str = "auto", precision: str = "auto") -> Compute:
        """Resolve the words of the command line.

        Raises:
            UsageError: an unknown word.
            ResourceError: CUDA is asked for and not there.
        """
        for what, word, words in (("device", device, DEVICES), ("precision", precision, PRECISIONS)):
            if word not in words:
                raise UsageError(f"{what} must be one of {', '.join(words)}, not {word}.")
        available = torch.cuda.is_available()
        if device == "cuda" and not available:
            raise ResourceError("PyTorch finds no CUDA device here; leave --device out, or install PyTorch with CUDA.")
        chosen = torch.device("cuda", local_rank()) if available and device != "cpu" else torch.device("cpu")
        if precision == "auto":
            fast = torch.cuda.get_device_capability()[0] >= 8 if chosen.type == "cuda" else cpu_computes_bf16()
            precision = "bf16" if fast else "fp32"
        compute, threads = cls(chosen, precision), torch.get_num_threads()
        logger.info("computing on %s, %d thread%s", compute, threads, "s"[: threads > 1])
        return compute

    def place(self, module: Network) -> Network:
        """Move a network to the device, in the memory layout that convolutions like."""
        convert_conv2d_weight_memory_format(module.to(self.device), torch.channels_last)
        return module

    def autocast(self) -> AbstractContextManager[None]:
        """A context in which convolutions compute in the chosen precision."""
        enabled, cached = self.precision == "bf16", self.device.type == "cpu"
        # A graph must cast weights anew whenever it is replayed; and none is used twice within one context.
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled, cache_enabled=cached)

    def __str__(self) -> str:
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        return f"{name}, {self.precision}"


def constant(values: Sequence[float], device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """``torch.tensor(values)`` made on the device alone: a copy from the host would wait, and no graph may hold one."""
    return torch.cat([torch.full((1,), value, dtype=dtype, device=device) for value in values])


def local_rank() -> int:
    """Which of the processes on this machine this is, as launchers such as torchrun say; each has a card of its own."""
    word = os.environ.get("LOCAL_RANK", "0")
    return int(word) % max(1, torch.cuda.device_count()) if word.isdecimal() else 0


@contextmanager
def memory_errors(remedy: str) -> Iterator[None]:
    """Turn PyTorch's ways of running out of memory into one sentence with a remedy.

    Raises:
        ResourceError: there was not enough memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error)
        if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
            raise ResourceError(f"There is not enough memory. {remedy}") from None
        raise


def cpu_computes_bf16() -> bool:
    """Whether this CPU has bfloat16 instructions. Without them bfloat16 is emulated, and slower than float32."""
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
