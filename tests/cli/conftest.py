"""The program, run as a function."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gan_style.cli.app import main
from tests.training.conftest import quicken


@dataclass(frozen=True)
class Result:
    """What a run of the program gave."""

    code: int
    out: str
    error: str


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program's own ``main`` in this process, which has imported torch already."""

    def call(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["gan-style", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def quick_examinations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings whose pictures are few, and looked at through a small network."""
    quicken(monkeypatch)
