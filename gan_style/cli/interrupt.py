"""Defer Ctrl-C until a running import has finished.

``KeyboardInterrupt`` in the middle of an import leaves a partly initialized module behind, and libraries that probe for
an optional dependency mistake it for a missing one: the interrupt turns into an unrelated error later.
"""

from __future__ import annotations

import _thread
import signal
import threading
from types import FrameType

PAUSE = 0.05
"""Seconds between two checks whether the import has finished."""


def wait_for_imports() -> None:
    """Install a SIGINT handler that raises ``KeyboardInterrupt`` as usual, but not during an import.

    Does nothing if SIGINT is ignored, as in a background job of a shell script.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Handle SIGINT: raise ``KeyboardInterrupt``, or try again later during an import.

    Raises:
        KeyboardInterrupt: no import is running.
    """
    if not importing(frame):
        signal.default_int_handler(number, frame)
    later = threading.Timer(PAUSE, interrupt_again)
    later.daemon = True
    later.start()


def interrupt_again() -> None:
    """Send SIGINT to the main thread again; where ``pthread_kill`` exists, it also interrupts blocking system calls."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def importing(frame: FrameType | None) -> bool:
    """Whether a frame is part of an import or was called from one."""
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
