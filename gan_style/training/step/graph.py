"""CUDA graphs: a training step is captured once and replayed with a single launch.

A step launches thousands of kernels, most of which finish before Python has launched the next: the device idles at any
batch size. A replay launches all of them at once (PyTorch's "CUDA semantics", "CUDA Graphs").
"""

from __future__ import annotations

import contextlib
import gc
import logging
import warnings
from collections.abc import Callable, Hashable

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

WARM_UP = 3
"""Steps to run eagerly before one is captured: libraries select algorithms and optimizers create their state in the
first ones."""


class GraphedStep:
    """Captures a function that updates tensors in place after a few warm-up calls, and then replays it.

    Values that the function reads from the host are fixed at capture. The tensors that it updates must keep their
    addresses until :meth:`forget` is called.

    Attributes:
        device: a CUDA device.
        graph: the captured graph, or None.
        usable: whether capture has not failed so far.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch has no types here
        self.copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self.staged: list[Tensor] = []
        self.inputs: list[Tensor] = []
        self.settings: Hashable = None
        self.usable = True
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.result: Tensor | None = None

    def forget(self) -> None:
        """Discard the graph, and capture again after a few calls."""
        if self.graph is not None:
            torch.cuda.synchronize(self.device)
        self.graph = self.result = None
        self.calls = 0

    def __call__(self, step: Callable[..., Tensor], settings: Hashable, *inputs: Tensor) -> Tensor:
        """Call the function, or replay its graph.

        Args:
            step: the function, the same in every call.
            settings: host values that the function reads; a change leads to a new capture.
            *inputs: its arguments, on the CPU, with the same shapes in every call.

        Returns:
            Its result, on the device, valid until the next call.
        """
        if settings != self.settings:
            self.forget()
            self.settings = settings
        self.take(*inputs)
        if self.graph is None and self.usable and self.calls >= WARM_UP:
            self.record(step)
        self.calls += 1
        if self.graph is None or self.result is None:
            return self.make(step)
        self.graph.replay()
        return self.result

    def take(self, *inputs: Tensor) -> None:
        """Copy the arguments to the input tensors of the graph."""
        if not self.inputs:
            self.staged = [torch.empty_like(one, pin_memory=True) for one in inputs]
            self.inputs = [torch.empty_like(one, device=self.device) for one in inputs]
        self.copied.synchronize()  # The previous copies may still be in progress.
        for one, staged, there in zip(inputs, self.staged, self.inputs, strict=True):
            there.copy_(staged.copy_(one), non_blocking=True)
        self.copied.record(torch.cuda.current_stream(self.device))

    def make(self, step: Callable[..., Tensor]) -> Tensor:
        """Call the function eagerly, on a side stream as in capture."""
        usual = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(usual)
        with torch.cuda.stream(self.stream), warnings.catch_warnings():
            # Capturable optimizers warn that they are slow outside capture.
            warnings.filterwarnings("ignore", message=".*capturable=True")
            result = step(*self.inputs)
        usual.wait_stream(self.stream)
        return result

    def record(self, step: Callable[..., Tensor]) -> None:
        """Capture the function without running it; if that fails, continue eagerly."""
        chance = torch.cuda.default_generators[self.device.index or 0]
        # Not available in PyTorch 2.3.
        before = chance.clone_state() if hasattr(chance, "clone_state") else None
        graph = torch.cuda.CUDAGraph()
        gc.collect()  # No device memory may be freed during capture.
        try:
            with torch.cuda.graph(graph, stream=self.stream):
                result = step(*self.inputs)
        except Exception as error:  # Whatever the cause, the step still works eagerly.
            logger.warning(
                "The training step cannot be captured as a CUDA graph; continuing with slower eager execution: %s",
                origin(error),
                exc_info=logger.isEnabledFor(logging.DEBUG),
            )
            self.usable = False
            self.stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
            with contextlib.suppress(RuntimeError):
                torch.cuda.synchronize(self.device)
            if before is not None:
                chance.graphsafe_set_state(before)  # Otherwise it would wait for the capture to end.
            return
        self.graph, self.result = graph, result
        logger.debug("captured the training step as a CUDA graph")


def origin(error: BaseException) -> BaseException:
    """Return the root cause: ending a failed capture raises further errors."""
    while error.__context__ is not None:
        error = error.__context__
    return error
