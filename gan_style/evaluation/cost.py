"""Cost of a painter: parameters, multiply-accumulates, time and memory."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from gan_style.inference.painter import Painter

SIDE = 256
"""Side in pixels of the square benchmark picture."""

REPEATS = 7


@dataclass(frozen=True)
class Cost:
    """Cost of one picture of 256x256 pixels.

    Attributes:
        parameters: parameters of the generator.
        macs: multiply-accumulate operations.
        milliseconds: median time of several forward passes; comparable only on the same machine.
        device: device and precision.
        threads: CPU threads.
        peak_bytes: peak resident memory of this process so far, None if the system does not report it.
    """

    parameters: int
    macs: int
    milliseconds: float
    device: str
    threads: int
    peak_bytes: int | None


def measure_cost(painter: Painter) -> Cost:
    """Count parameters and operations, and time the generator."""
    device = painter.compute.device
    picture = torch.zeros(1, 3, SIDE, SIDE, device=device).contiguous(memory_format=torch.channels_last)
    times = []
    with torch.inference_mode(), painter.compute.autocast():
        with FlopCounterMode(display=False) as counter:
            painter.generator(picture)
        for _ in range(REPEATS):
            start = time.perf_counter()
            painter.generator(picture)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            times.append(time.perf_counter() - start)
    return Cost(
        parameters=sum(one.numel() for one in painter.generator.parameters()),
        macs=counter.get_total_flops() // 2,
        milliseconds=1000 * statistics.median(times),
        device=str(painter.compute),
        threads=torch.get_num_threads(),
        peak_bytes=peak_memory(),
    )


def peak_memory() -> int | None:
    """Return the peak resident memory of this process so far, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
