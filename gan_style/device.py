"""Devices and precisions."""

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
    """Device and precision of the networks.

    Attributes:
        device: device of the networks.
        precision: "fp32", or "bf16" for convolutions in bfloat16 over float32 weights.
    """

    device: torch.device
    precision: str

    @classmethod
    def choose(cls, device: str = "auto", precision: str = "auto") -> Compute:
        """Resolve the options of the command line.

        Raises:
            UsageError: an option has an unknown value.
            ResourceError: CUDA was requested but is not available.
        """
        for what, word, words in (("device", device, DEVICES), ("precision", precision, PRECISIONS)):
            if word not in words:
                raise UsageError(f"{what} must be one of {', '.join(words)}, not {word}.")
        available = torch.cuda.is_available()
        if device == "cuda" and not available:
            raise ResourceError("PyTorch finds no CUDA device; omit --device, or install PyTorch with CUDA support.")
        chosen = torch.device("cuda", local_rank()) if available and device != "cpu" else torch.device("cpu")
        if precision == "auto":
            fast = torch.cuda.get_device_capability()[0] >= 8 if chosen.type == "cuda" else cpu_supports_bf16()
            precision = "bf16" if fast else "fp32"
        compute, threads = cls(chosen, precision), torch.get_num_threads()
        logger.info("computing on %s, %d thread%s", compute, threads, "s"[: threads > 1])
        return compute

    def place(self, module: Network) -> Network:
        """Move a network to the device, in the channels-last memory format, which is fastest for convolutions."""
        convert_conv2d_weight_memory_format(module.to(self.device), torch.channels_last)
        return module

    def autocast(self) -> AbstractContextManager[None]:
        """Return a context in which convolutions run in the chosen precision."""
        enabled, cached = self.precision == "bf16", self.device.type == "cpu"
        # A CUDA graph must cast the weights in every replay, so no casts are cached; none would be reused anyway.
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled, cache_enabled=cached)

    def __str__(self) -> str:
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        return f"{name}, {self.precision}"


def constant(values: Sequence[float], device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """``torch.tensor(values)`` without a copy from the host, which would block and cannot be captured in a graph."""
    return torch.cat([torch.full((1,), value, dtype=dtype, device=device) for value in values])


def local_rank() -> int:
    """Return the index of this process on its machine, as set by launchers such as torchrun; each has its own GPU."""
    word = os.environ.get("LOCAL_RANK", "0")
    return int(word) % max(1, torch.cuda.device_count()) if word.isdecimal() else 0


@contextmanager
def memory_errors(remedy: str) -> Iterator[None]:
    """Turn out-of-memory errors of PyTorch into one clear message.

    Raises:
        ResourceError: there is not enough memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error)
        if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
            raise ResourceError(f"There is not enough memory. {remedy}") from None
        raise


def cpu_supports_bf16() -> bool:
    """Return whether the CPU has bfloat16 instructions; without them, bfloat16 is emulated and slower than float32."""
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
