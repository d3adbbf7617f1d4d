"""A step that a CUDA device repeats by itself: recorded once as a graph, and replayed with a single call.

A step is thousands of kernels, most of them over before Python has asked for the next: the device waits, however small
or large the batch is. A replay asks for all at once (PyTorch's "CUDA semantics", "CUDA Graphs").
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
"""Steps made kernel by kernel before one is recorded: libraries choose their methods, and optimizers make their state,
in the first ones."""


class GraphedStep:
    """A function of tensors that changes tensors in place, recorded once it has been called a few times.

    What it reads from the host is read while it is recorded, and never again. What it changes must stay where it is,
    until :meth:`forget` is called.

    Attributes:
        device: a CUDA device.
        graph: the recorded step, where there is one.
        usable: whether recording has not failed yet.
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
        """Record anew, a few calls from now."""
        if self.graph is not None:
            torch.cuda.synchronize(self.device)
        self.graph = self.result = None
        self.calls = 0

    def __call__(self, step: Callable[..., Tensor], settings: Hashable, *inputs: Tensor) -> Tensor:
        """Call a function, or replay it.

        Args:
            step: always the same one.
            settings: what it reads from the host; where this changes, it is recorded anew.
            *inputs: its arguments, on the CPU, always of the same shapes.

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
        """Copy the arguments to where the graph finds them."""
        if not self.inputs:
            self.staged = [torch.empty_like(one, pin_memory=True) for one in inputs]
            self.inputs = [torch.empty_like(one, device=self.device) for one in inputs]
        self.copied.synchronize()  # The last ones may be on their way still.
        for one, staged, there in zip(inputs, self.staged, self.inputs, strict=True):
            there.copy_(staged.copy_(one), non_blocking=True)
        self.copied.record(torch.cuda.current_stream(self.device))

    def make(self, step: Callable[..., Tensor]) -> Tensor:
        """Call the function as it is recorded: on a stream beside the usual one."""
        usual = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(usual)
        with torch.cuda.stream(self.stream), warnings.catch_warnings():
            # Optimizers that can be recorded, and are not, say that they are slow.
            warnings.filterwarnings("ignore", message=".*capturable=True")
            result = step(*self.inputs)
        usual.wait_stream(self.stream)
        return result

    def record(self, step: Callable[..., Tensor]) -> None:
        """Record the function, without calling it; where that fails, calls go on as before."""
        chance = torch.cuda.default_generators[self.device.index or 0]
        # PyTorch 2.3 cannot.
        before = chance.clone_state() if hasattr(chance, "clone_state") else None
        graph = torch.cuda.CUDAGraph()
        gc.collect()  # Nothing that lies about on the device may be freed meanwhile.
        try:
            with torch.cuda.graph(graph, stream=self.stream):
                result = step(*self.inputs)
        except Exception as error:  # Whatever it was, the step itself works.
            logger.warning(
                "A step cannot be recorded as a CUDA graph and is made kernel by kernel, which takes longer: %s",
                origin(error),
                exc_info=logger.isEnabledFor(logging.DEBUG),
            )
            self.usable = False
            self.stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
            with contextlib.suppress(RuntimeError):
                torch.cuda.synchronize(self.device)
            if before is not None:
                chance.graphsafe_set_state(before)  # Else it would go on waiting for the end of the recording.
            return
        self.graph, self.result = graph, result
        logger.debug("a step is recorded as a CUDA graph")


def origin(error: BaseException) -> BaseException:
    """The first of the errors that led to one another: the end of a recording that failed fails, too."""
    while error.__context__ is not None:
        error = error.__context__
    return error
