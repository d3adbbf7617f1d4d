"""A Hub of the tests' own, and commands that know no other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hub.server import Hub, serve
from tests.warm import PYTHON

FETCH = """
import sys
from gan_style.checkpoints.bundled import resolve_style
from gan_style.errors import GanStyleError
try:
    print(resolve_style(sys.argv[1], lambda what, done, total: print(what, done, total, file=sys.stderr)))
except GanStyleError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@dataclass(frozen=True)
class Result:
    """What a command gave."""

    code: int
    out: str
    err: str

    def fails(self, code: int, *words: str) -> None:
        """See that it failed with a code and one sentence that holds some words."""
        sentence = self.err or self.out
        assert self.code == code, self
        assert "\n" not in sentence, self
        for one in words:
            assert one in sentence, self


Command = Callable[..., Result]


@pytest.fixture
def hub() -> Iterator[Hub]:
    """An empty Hub."""
    hub = Hub()
    stop = serve(hub)
    yield hub
    stop()


@pytest.fixture
def run(hub: Hub, tmp_path: Path) -> Command:
    """Runs a command in a process whose Hub is the tests' own; its client is the real one."""

    def run(*words: str, **environment: str) -> Result:
        own = {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",  # The server speaks no Xet.
            "HF_HUB_ETAG_TIMEOUT": "2",
            "HF_HUB_DOWNLOAD_TIMEOUT": "1",
            "OMP_NUM_THREADS": "1",
        }
        others = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        done = subprocess.run(
            words,
            env={**others, **own, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        return Result(done.returncode, done.stdout.strip(), done.stderr.strip())

    return run


@pytest.fixture
def fetch(run: Command, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Resolves a --style word as every command does."""
    script = tmp_path_factory.mktemp("fetch") / "fetch.py"
    script.write_text(FETCH)
    return lambda word, **environment: run(str(program.with_name(PYTHON)), str(script), word, **environment)


@pytest.fixture
def gan_style(run: Command, program: Path) -> Command:
    """Runs the program."""
    return lambda *words, **environment: run(str(program), *words, **environment)
