"""What the program says to a person: help, progress, remarks, and how much of all that."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn

from gan_style.checkpoints.bundled import find_style
from gan_style.cli import display
from gan_style.cli.app import EXAMPLES
from gan_style.cli.train_display import Display
from gan_style.imaging.types import Pixels
from gan_style.training.run.listener import Status
from tests.cli.conftest import Run


@pytest.fixture
def three(tmp_path: Path, cat: Pixels) -> list[Path]:
    """Three small photographs."""
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for index, path in enumerate(paths):
        Image.fromarray(cat[index : index + 40, :48]).save(path)
    return paths


class Terminal(io.TextIOWrapper):
    """Standard output and standard error of somebody who looks at both."""

    def __init__(self) -> None:
        self.written = io.BytesIO()
        super().__init__(self.written, encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """What is to be seen in the end, without empty lines."""
        lines, row = [""], 0
        for part in re.findall(r"\x1b\[[?\d;]*[a-zA-Z]|\r|\n|[^\x1b\r\n]+", self.written.getvalue().decode()):
            if part == "\n":
                row += 1
                lines += [""] * (row >= len(lines))
            elif part == "\x1b[2K":
                lines[row] = ""
            elif part.endswith("A"):
                row -= int(part[2:-1] or 1)
            elif part != "\r" and not part.startswith("\x1b"):
                lines[row] += part
        return [line.rstrip() for line in lines if line.strip()]


@pytest.mark.parametrize("command", EXAMPLES)
def test_help_leaves_room_for_words(run: Run, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(command, "--help").out
    assert not re.search(r"<\w|range", shown)
    for example in EXAMPLES[command]:
        assert f" {example}" in shown
    panels = re.split(r"╭─ (.*?) ─+╮", shown)
    options = dict(zip(panels[1::2], panels[2::2], strict=True))
    assert 5 <= len(re.findall(r"^│ --", options["Options"], re.MULTILINE)) <= 6
    assert {"--quiet", "--verbose"} <= set(options["Running"].split())
    for name, panel in options.items():
        lines = [line.strip("│ ") for line in panel.splitlines() if line.startswith("│ --")]
        starts = [line.rindex(re.split(r"  +", line)[-1]) for line in lines]
        assert lines or name == "Arguments"
        assert all(start <= 36 for start in starts), (name, panel)


def test_both_spellings_are_options(run: Run, three: list[Path], style_path: Path, tmp_path: Path) -> None:
    for word in ("--keep-colors", "--keep-colours"):
        done = run("stylize", three[0], "-s", style_path, "-o", tmp_path / "out.png", word, "1", "--overwrite")
        assert (done.code, done.error) == (0, "")
        assert "is not from 0 to 1" in " ".join(run("stylize", three[0], word, "2").error.split())
    for word in ("--license", "--licence"):
        refused = run("train", "--resume", tmp_path, word, "MIT")
        assert refused.code == 2
        assert "--resume takes the folder" in refused.error


def test_paths_stand_above_the_progress(
    run: Run, three: list[Path], style_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(display.error_console, "is_interactive", True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert run("stylize", *three, "-s", style_path).code == 0
    assert "━" in terminal.written.getvalue().decode()
    assert terminal.screen() == [str(path.with_stem(f"{path.stem}-tiny")) for path in three]


def test_a_log_shows_life(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(display, "LOG_INTERVAL", 0.05)
    for quiet in (False, True):
        display.configure_logging(quiet=quiet)
        with display.new_progress() as progress:
            progress.add_task("sea.jpg", total=4, completed=1, remaining=75.0, speed="2.00 MP/s")
            time.sleep(0.3)
        lines = capsys.readouterr().err.splitlines()
        time.sleep(0.1)
        assert capsys.readouterr().err == ""
        assert (not lines) if quiet else (1 < len(lines) <= 6)
        for line in lines:
            assert re.fullmatch(
                r"gan-style: sea.jpg, 1 of 4, 25 % done, 2.00 MP/s, 0:00:0\d so far, 0:01:15 left", line
            )
    display.configure_logging()


@pytest.mark.parametrize("curve", [(), (0.05, 0.4, 0.98) * 5, (-0.3,), (1.0,)])
def test_the_line_of_a_training_fits(curve: tuple[float, ...]) -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    columns = (BarColumn(16), TaskProgressColumn(), display.TimeLeft(), display.description())
    with Progress(*columns, console=console, expand=True) as progress:
        progress.add_task("loading", total=None)
        losses = {"discriminator": 0.123, "generator": 0.123, "content": 0.123}
        Display(progress).status(Status(0.5, 3600.0 * 20, 123_456, 10**6, 3.2, losses, curve))
        (line,) = [line for line in console.render_lines(progress.get_renderable()) if line]
    shown = "".join(segment.text for segment in line)
    assert "…" not in shown
    assert "20:00:00 left" in shown
    assert f"{100 * curve[-1]:.0f} % of the way to the paintings" in shown if curve else "step 123456" in shown


def test_a_dry_run_paints_nothing(run: Run, three: list[Path], style_path: Path, tmp_path: Path) -> None:
    out, gone = tmp_path / "out", tmp_path / "gone.jpg"
    arguments = ("stylize", *three, "-s", style_path, "-o", out)
    planned = run(*arguments, "--dry-run")
    assert planned.code == 0
    assert planned.out.splitlines() == [f"{path} -> {out / path.stem}-tiny.png" for path in three]
    assert planned.error == "gan-style: 3 would be painted in the style tiny; dry run, nothing was written.\n"
    assert not out.exists()
    out.mkdir()
    (out / "a-tiny.png").touch()
    lines = [
        json.loads(line) for line in run(*arguments, gone, "--dry-run", "--skip-existing", "--json").out.splitlines()
    ]
    assert [line["state"] for line in lines] == ["skipped", "planned", "planned", "failed"]
    assert [line["code"] for line in lines] == [0, 0, 0, 3]
    refused = run(*arguments, "--dry-run")
    assert refused.code == 1
    assert "a-tiny.png already exists" in refused.error
    assert "1 of 3 pictures would fail" in refused.error
    assert len(refused.out.splitlines()) == 2
    assert run("stylize", three[0], "-s", style_path, "-o", three[0], "--dry-run").code == 3
    assert run("stylize", three[0], "-s", style_path, "-o", "-", "--dry-run").out == f"{three[0]} -> -\n"
    assert [path.name for path in out.iterdir()] == ["a-tiny.png"]


def test_quiet_leaves_results_and_errors(run: Run, three: list[Path], style_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("stylize", *three[:2], "-s", style_path, "-o", out, "--quality", "9")
    assert "--quality is ignored" in run(*arguments).error
    again = run(*arguments, "-q", "--overwrite")
    assert (again.code, again.error, len(again.out.splitlines())) == (0, "", 2)
    failed = run(*arguments, "--quiet")
    assert failed.code == 1
    assert "already exists" in failed.error
    assert "ignored" not in failed.error
    assert "not both" in run(*arguments, "-q", "-v").error
    assert "ignored" in run(*arguments).error  # Quiet is over with its command.


def test_verbose_tells_what_is_done(run: Run, three: list[Path], style_path: Path, tmp_path: Path) -> None:
    said = run("stylize", three[0], "-s", style_path, "-o", tmp_path / "o.png", "-v", "--device", "cpu").error
    for words in (
        f"style tiny from {style_path}",
        "computing on cpu, ",
        " thread",
        "48 x 40 pixels, in 1 tile",
        "painted in",
    ):
        assert words in said
    assert run("stylize", three[0], "-s", style_path, "-o", tmp_path / "o.png", "--overwrite").error == ""


def test_an_unexpected_error_is_one_line(
    run: Run, three: list[Path], style_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault\nof ours")

    monkeypatch.setattr("gan_style.inference.style.load_artist", broken)
    short = run("stylize", three[0], "-s", style_path)
    assert (short.code, len(short.error.splitlines())) == (1, 1)
    assert "ZeroDivisionError: a fault" in short.error
    assert "--verbose" in short.error
    long = run("stylize", three[0], "-s", style_path, "--verbose")
    assert long.code == 1
    assert "Traceback" in long.error
    assert "in broken" in long.error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quality", "80"], "--quality is ignored: PNG has no quality setting"),
        (["--quality", "80", "--format", "jpg"], ""),
        (["--strength", "0", "--stroke", "3", "--detail", "1"], "--stroke and --detail are ignored: --strength 0"),
        (["--stroke", "3"], "--stroke is ignored: the photograph is too small for more than one pyramid level."),
        (["--strength", "0.5"], ""),
        (["--minutes", "2"], "--minutes is ignored: tiny is a trained style"),
        (["--metadata", "strip", "--signature"], "--signature is ignored: --metadata strip"),
        (["--metadata", "strip"], ""),
        (["--format", "bmp", "--metadata", "strip"], "--metadata is ignored: BMP cannot hold EXIF"),
        (["--format", "bmp", "--no-signature"], "--no-signature is ignored: BMP"),
        (["--info", "--overwrite"], "--overwrite is ignored: --info"),
    ],
)
def test_options_that_change_nothing_are_said(
    run: Run, three: list[Path], style_path: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    given = [] if "--info" in options else [three[0], "-o", tmp_path / "out"]
    result = run("stylize", *given, "-s", style_path, *options)
    assert result.code == 0
    assert result.error.startswith(f"gan-style: {said}") if said else result.error == ""


def test_options_of_other_commands_that_change_nothing_are_said(
    run: Run, painting_folder: Path, tmp_path: Path
) -> None:
    checked = run(
        "train", "--check", tmp_path / "none", painting_folder, "--size", "64", "--minutes", "3", "--license", "MIT"
    )
    assert "--minutes and --license are ignored: --check does not train." in checked.error
    folds = run("train", tmp_path / "none", painting_folder, "--folds", "4", "--no-preview")
    assert "--folds is ignored: no effect without --cross-validate" in folds.error
    assert "--no-preview is ignored: no effect without --push-to" in folds.error
    judged = run("eval", "--photos", tmp_path / "none", "--paintings", painting_folder, "--trials", "9", "-s", tmp_path)
    assert "--trials is ignored: no effect without --humans" in judged.error
    tallied = run("eval", "--tally", tmp_path / "none.json", "--photos", tmp_path, "--style", "monet")
    assert "--photos and --style are ignored: --tally only counts answers." in tallied.error
    pushed = run("push", tmp_path / "none.safetensors", "me/none", "--private", "--yes")
    assert "--yes is ignored: --private needs no confirmation." in pushed.error


def test_a_style_that_stands_in_is_said(
    run: Run, three: list[Path], style_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_STYLE_WEIGHTS", str(style_path.parent))
    monkeypatch.chdir(tmp_path)
    for word in ("tiny.ckpt", "Tiny.pth"):
        done = run("stylize", three[0], "-s", word, "-o", "out.png", "--overwrite")
        expected = f"gan-style: {word} does not exist; using the style of GAN_STYLE_WEIGHTS: tiny.\n"
        assert (done.code, done.error) == (0, expected)
    assert "using the bundled style monet" in run("stylize", "-s", "monet.ckpt", "--info").error
    for quiet in (
        ("stylize", three[0], "-s", "TINY", "-o", "out.png", "--overwrite"),
        ("stylize", "-s", style_path, "--info"),
    ):
        assert run(*quiet).error == ""
    wrong = run("stylize", three[0], "-s", "tinny")
    assert wrong.code == 4
    assert "There is no style tinny (did you mean tiny" in wrong.error


def test_styles_are_listed_as_they_are_written(
    run: Run, style_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "mine.safetensors").write_bytes(style_path.read_bytes())
    (here / "other.safetensors").write_text("of another program")
    monkeypatch.chdir(here)
    listed = run("--list-styles", "--json")
    styles = {one["name"]: one for one in json.loads(listed.out)}
    assert (listed.code, listed.error) == (0, "")
    assert {"monet", "vangogh", "ukiyoe", "base", "mine.safetensors"} <= set(styles)
    for name, about in styles.items():
        assert find_style(name).resolve() == Path(about["file"]).resolve()
    assert styles["mine.safetensors"]["where"] == "this folder"
    assert styles["mine.safetensors"]["licence"] == "CC0-1.0"
    assert run("stylize", "--list-styles", "--json").out == listed.out
    assert [line.split()[0] for line in run("--list-styles").out.splitlines()] == list(styles)
    assert run("--json").code == 2
