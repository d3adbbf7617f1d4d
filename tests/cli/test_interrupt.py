"""Ctrl-C at any moment, of which those during an import are the awkward ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of this kind are POSIX's")

PROGRAM = """
from gan_style.cli.interrupt import wait_for_imports
wait_for_imports()
try:
    import slow
    print("imported", slow.whole, flush=True)
    import time
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""

SLOW = """
import time
print("importing", flush=True)
try:
    time.sleep(1)
except KeyboardInterrupt:  # As a library that does without what it could not import.
    pass
else:
    whole = True
"""


def begin(folder: Path, **keywords: object) -> subprocess.Popen[str]:
    (folder / "slow.py").write_text(SLOW)
    path = os.pathsep.join([str(folder), *sys.path])
    process: subprocess.Popen[str] = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        **keywords,  # type: ignore[call-overload]
    )
    return process


def test_an_interrupt_waits_for_an_import(tmp_path: Path) -> None:
    process = begin(tmp_path)
    assert process.stdout
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0].splitlines()[-1] == "interrupted"
    assert process.returncode == 0


def test_an_interrupt_ends_what_waits(tmp_path: Path) -> None:
    process = begin(tmp_path)
    assert process.stdout
    assert [process.stdout.readline() for _ in range(2)] == ["importing\n", "imported True\n"]
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0] == "interrupted\n"


def test_interrupts_that_are_ignored_stay_so(tmp_path: Path) -> None:
    process = begin(tmp_path, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert process.stdout
    assert [process.stdout.readline() for _ in range(2)] == ["importing\n", "imported True\n"]
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.kill()
    process.communicate()
