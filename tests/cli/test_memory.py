"""Freed memory stays with a process of the command line, and only there."""

import os
import subprocess
import sys

import pytest

FAULTS = """
import resource
if {keep}:
    from gan_style.cli.memory import keep_freed_memory
    keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(6):
    block = bytearray(b"x") * (1 << 26)
    del block
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(*, keep: bool, **environment: str) -> int:
    """How many pages the system hands out for six blocks of 64 MB, one after the other."""
    pytest.importorskip("resource")
    code = FAULTS.format(keep=keep)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=variables | environment, capture_output=True, check=True, text=True
    )
    return int(answer.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="malloc's parameters are glibc's")
def test_memory_that_is_freed_serves_again() -> None:
    assert page_faults(keep=True) < page_faults(keep=False) / 3


@pytest.mark.skipif(sys.platform != "linux", reason="malloc's parameters are glibc's")
def test_what_the_user_set_takes_precedence() -> None:
    assert page_faults(keep=True, MALLOC_TRIM_THRESHOLD_="131072") > 10_000
