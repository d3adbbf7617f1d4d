"""Ctrl-C that waits for an import to end.

An exception in the middle of an import leaves half a module behind, and libraries that try whether another one is there
take ``KeyboardInterrupt`` for its absence and go on without: what was an interrupt becomes an error somewhere else.
"""

from __future__ import annotations

import _thread
import signal
import threading
from types import FrameType

PAUSE = 0.05
"""Seconds until it is seen whether the import has ended."""


def wait_for_imports() -> None:
    """Let interrupts become ``KeyboardInterrupt`` as ever, but not while something is being imported.

    Where interrupts are ignored, as for what a shell script runs in the background, that stays.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)


def interrupt(number: int, frame: FrameType | None) -> None:
    """What happens at Ctrl-C.

    Raises:
        KeyboardInterrupt: nothing is being imported.
    """
    if not importing(frame):
        signal.default_int_handler(number, frame)
    later = threading.Timer(PAUSE, interrupt_again)
    later.daemon = True
    later.start()


def interrupt_again() -> None:
    """Send the signal once more, to the main thread, whose system calls it ends where the system can do that."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def importing(frame: FrameType | None) -> bool:
    """Whether a frame belongs to an import, or was called from one."""
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
