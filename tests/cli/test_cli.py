from __future__ import annotations

import dataclasses
import io
import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from gan_style.__main__ import main as entry_point
from gan_style.checkpoints.style_file import StyleFile, read_style, write_style
from gan_style.imaging.types import Pixels
from gan_style.training.recipe import Recipe
from tests.cli.conftest import Run
from tests.conftest import TINY, lively_generator, save_crops


@pytest.fixture
def cat_path(tmp_path: Path, cat: Pixels) -> Path:
    path = tmp_path / "cat.png"
    Image.fromarray(cat).save(path)
    return path


def test_help_imports_no_torch(run: Run) -> None:
    script = """
import sys
from gan_style.cli.app import app
for arguments in (["--help"], ["stylize", "--help"], ["train", "--help"], ["eval", "--help"], ["--version"]):
    try:
        app(arguments)
    except SystemExit as stop:
        assert not stop.code, arguments
    else:
        raise AssertionError(arguments)
    found = {"torch", "numpy", "PIL", "huggingface_hub"} & sys.modules.keys()
    assert not found, (arguments, found)
"""
    subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    shown = run("--help").out
    assert all(word in shown for word in ("stylize", "train", "Exit codes", "130"))
    assert run("--version").out.startswith("gan-style ")
    # What stands in brackets is no markup.
    assert "[default: 30]" in run("train", "--help").out


@pytest.mark.parametrize("command", ["stylize", "train", "eval", "push"])
def test_help_is_wrapped_where_the_terminal_ends(run: Run, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(command, "--help").out
    lines = [line.rstrip() for line in shown[: shown.index("╭")].splitlines()]
    assert len(lines) > 5
    for line, following in itertools.pairwise(lines):
        if line and following:
            assert len(line) + len(" ") + len(following.split()[0]) > 79


def test_one_photograph(run: Run, cat_path: Path, style_path: Path, tmp_path: Path) -> None:
    before = cat_path.read_bytes()
    result = run("stylize", cat_path, "--style", style_path, "-o", tmp_path / "out.jpg")
    assert (result.code, result.error) == (0, "")
    assert result.out == f"{tmp_path / 'out.jpg'}\n"
    with Image.open(tmp_path / "out.jpg") as painting:
        assert (painting.format, painting.size) == ("JPEG", (451, 300))
    again = run("stylize", cat_path, "--style", style_path, "-o", tmp_path / "out.jpg")
    assert again.code == 3
    assert "--overwrite" in again.error
    assert run("stylize", cat_path, "--style", style_path, "-o", tmp_path / "out.jpg", "--overwrite").code == 0
    beside = run("stylize", cat_path, "--style", style_path)
    assert beside.out == f"{tmp_path / 'cat-tiny.png'}\n"
    assert cat_path.read_bytes() == before


def test_a_folder_goes_on_past_bad_files_and_keeps_its_shape(
    run: Run, cat: Pixels, style_path: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    (photos / "sub").mkdir(parents=True)
    for name in ("a.png", "b.jpg", "sub/c.bmp"):
        Image.fromarray(cat[:90, :120]).save(photos / name)
    (photos / "bad.jpg").write_bytes((photos / "b.jpg").read_bytes()[:700])
    (photos / "sub" / "notes.txt").write_text("not a picture")
    (photos / "sub" / "empty.png").touch()
    result = run("stylize", photos, "--style", style_path, "-o", tmp_path / "out")
    assert result.code == 1
    assert "bad.jpg" in result.error
    assert "empty.png" in result.error
    assert "2 of 5 pictures failed" in result.error
    made = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert made == ["a-tiny.png", "b-tiny.jpg", "sub/c-tiny.bmp"]
    assert result.out.split() == [str(tmp_path / "out" / name) for name in made], "in the order of the photographs"


def test_a_missing_picture_among_several_is_named_and_the_others_are_painted(
    run: Run, cat_path: Path, style_path: Path, tmp_path: Path
) -> None:
    result = run("stylize", tmp_path / "none.png", cat_path, "--style", style_path, "-o", tmp_path / "out")
    assert result.code == 1
    assert "none.png does not exist" in result.error
    assert result.out == f"{tmp_path / 'out' / 'cat-tiny.png'}\n"


def test_standard_output_that_fails_is_a_sentence(cat_path: Path, style_path: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "gan_style", "stylize"]
    command = [*program, str(cat_path), "--style", str(style_path), "--overwrite", "-o"]
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            result = subprocess.run(
                [*command, str(tmp_path / "a.png")], stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert (result.returncode, result.stderr.count("\n")) == (6, 1), result.stderr
        assert "standard output" in result.stderr
    closed = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *command, str(tmp_path / "b.png")], capture_output=True, text=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (0, "")
    assert (tmp_path / "b.png").exists()


def test_photographs_are_never_replaced(run: Run, cat_path: Path, style_path: Path, tmp_path: Path) -> None:
    before = cat_path.read_bytes()
    (tmp_path / "link.png").symlink_to(cat_path)
    for target in (cat_path, tmp_path / "link.png", tmp_path):
        result = run("stylize", cat_path, "--style", style_path, "-o", target, "--overwrite", "--name", "{name}")
        assert result.code == 3
        assert "never replaced" in result.error
    assert cat_path.read_bytes() == before


def test_every_error_has_its_sentence_and_code(
    run: Run, cat_path: Path, style_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "pickle.ckpt").write_bytes(b"PK\x03\x04 and so on")
    folders = (tmp_path / "empty", tmp_path / "empty")
    paint = ("stylize", cat_path, "--style", style_path)
    cases: list[tuple[tuple[object, ...], int, str]] = [
        (("stylize", tmp_path / "none.png", "--style", style_path), 3, "does not exist"),
        (("stylize", tmp_path / "text.png", "--style", style_path), 3, "not a picture"),
        (("stylize", tmp_path / "empty", "--style", style_path, "-o", tmp_path / "o"), 3, "contains no pictures"),
        (("stylize", tmp_path / "empty", "--style", style_path), 2, "add -o FOLDER"),
        (("stylize", cat_path, tmp_path / "text.png", "--style", style_path, "-o", cat_path), 2, "is a file"),
        (("stylize", cat_path, "--style", "manet"), 4, "There is no style manet"),
        (("stylize", cat_path, "--style", ""), 4, "The style name is empty"),
        (("stylize", cat_path, "--style", tmp_path / "pickle.ckpt"), 4, "pickle"),
        (("stylize", cat_path, "--style", tmp_path / "text.png"), 4, "not a safetensors file"),
        ((*paint, "-o", tmp_path / "out.doc"), 3, "no supported picture extension"),
        ((*paint, "-o", cat_path / "out.png"), 3, "cannot be created"),
        ((*paint, tmp_path / "text.png", "-o", tmp_path / "x.png"), 2, "use -o FOLDER"),
        ((*paint, "--strength", "9"), 2, "strength"),
        ((*paint, "--device", "tpu"), 2, "device must be one of auto, cpu, cuda, not tpu"),
        ((*paint, "--device", "cuda"), 6, "no CUDA device"),
        (("stylize",), 2, "No input"),
        (("train", tmp_path / "empty", tmp_path / "empty", "-o", tmp_path / "x"), 5, "no readable photographs"),
        (("train", tmp_path / "none", tmp_path / "empty", "-o", tmp_path / "x"), 5, "Cannot read"),
        (("train", tmp_path, tmp_path, "-o", tmp_path / "x"), 2, "inside the picture folder"),
        (("train", *folders, "-o", cat_path, "--overwrite"), 2, "a picture's extension"),
        (
            ("train", *folders, "-o", tmp_path / "pickle.ckpt", "--overwrite"),
            2,
            "is not a style and was not overwritten",
        ),
        (("train", *folders, "-o", tmp_path / "x", "--steps", "1", "--minutes", "1"), 2, "not both"),
        (("train", tmp_path, tmp_path, "-o", tmp_path), 2, "is a folder"),
        (("train", tmp_path, tmp_path, "--size", "100"), 2, "multiple of 32"),
        (("train", tmp_path, tmp_path, "--minutes", "-1"), 2, "minutes must be"),
        (("train", tmp_path, tmp_path, "--seed", "-1"), 2, "seed must be"),
        (("train", *folders, "--from", "monet", "--fine-tune", "--streaks", "0"), 2, "remove --streaks 0"),
    ]
    for arguments, code, words in cases:
        result = run(*arguments)
        said = " ".join(result.error.replace("│", " ").split())
        assert result.code == code, (arguments, result)
        assert words in said, (arguments, said)
        assert result.out == ""
        assert "Traceback" not in said


def test_paintings_inside_the_folder_are_not_painted_again(
    run: Run, cat: Pixels, style_path: Path, tmp_path: Path
) -> None:
    Image.fromarray(cat[:64, :64]).save(tmp_path / "a.png")
    command = ("stylize", tmp_path, "--style", style_path, "-o", tmp_path / "out", "--overwrite")
    for _ in range(2):
        assert run(*command).out == f"{tmp_path / 'out' / 'a-tiny.png'}\n"


Piped = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def piped(program: Path) -> Piped:
    """Runs the program as a shell does."""

    def call(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([program, *map(str, arguments)], input=given, capture_output=True, check=False)

    return call


def test_an_interrupt_at_any_moment_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gan_style.cli.app.main", interrupted)
    with pytest.raises(SystemExit) as stop:
        entry_point()
    assert stop.value.code == 130
    assert capsys.readouterr().err == "gan-style: interrupted.\n"


def test_pictures_go_through_pipes(piped: Piped, run: Run, cat_path: Path, style_path: Path, tmp_path: Path) -> None:
    content = cat_path.read_bytes()
    through = piped("stylize", "-", "--style", style_path, given=content)
    assert (through.returncode, through.stderr) == (0, b"")
    with Image.open(io.BytesIO(through.stdout)) as picture:
        assert (picture.format, picture.size) == ("PNG", (451, 300))
    output = tmp_path / "out.jpg"
    assert piped("stylize", "-", "--style", style_path, "-o", output, given=content).stdout.decode().split() == [
        str(output)
    ]
    small, large = (
        piped("stylize", cat_path, "--style", style_path, "-o", "-", "--format", "jpg", "--quality", quality).stdout
        for quality in (30, 95)
    )
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.format == "JPEG"
    assert len(small) < len(large) / 2
    done = piped("stylize", "-", "--style", style_path, given=b"no picture")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"Standard input is not a picture" in done.stderr
    for arguments, message in (
        ((cat_path, cat_path, "-o", "-"), "takes only one picture"),
        (("-", cat_path, "-o", tmp_path), "Standard input is a single picture"),
        ((cat_path, "-o", "-", "--format", "psd"), "format must be one of"),
        ((cat_path, "-o", tmp_path / "x.png", "--format", "jpg"), "--format"),
    ):
        refused = run("stylize", *arguments, "--style", style_path)
        assert (refused.code, refused.out) == (2, ""), refused.error
        assert message in refused.error


def test_a_photograph_is_painted_in_several_manners(
    piped: Piped, run: Run, cat_path: Path, style_path: Path, tmp_path: Path
) -> None:
    output, manners = tmp_path / "out.png", tmp_path / "manners.safetensors"
    write_style(manners, StyleFile(lively_generator(dataclasses.replace(TINY, noise=2)), 256))
    varied = run("stylize", cat_path, "--style", manners, "-o", output, "--variations", 3, "--seed", 5)
    paintings = [tmp_path / f"out-{seed}.png" for seed in (5, 6, 7)]
    assert varied.out.split() == [str(path) for path in paintings]
    assert run("stylize", cat_path, "--style", manners, "-o", output, "--seed", 6).code == 0
    assert output.read_bytes() == paintings[1].read_bytes()
    assert len({path.read_bytes() for path in paintings}) == 3
    given = piped(
        "stylize",
        "-",
        "--style",
        manners,
        "-o",
        tmp_path / "in.png",
        "--variations",
        2,
        "--seed",
        5,
        given=cat_path.read_bytes(),
    )
    assert (given.returncode, given.stderr) == (0, b"")
    for path, seed in zip(paintings, (5, 6), strict=False):
        assert (tmp_path / f"in-{seed}.png").read_bytes() == path.read_bytes()
    named = run(
        "stylize", cat_path, "--style", manners, "-o", tmp_path / "n", "--name", "{seed} of {name}", "--seed", 6
    )
    assert named.out == f"{tmp_path / 'n' / '6 of cat.png'}\n"
    unnamed = run("stylize", cat_path, "--style", manners, "-o", tmp_path / "n", "--name", "{seed} of {name}")
    assert (unnamed.code, unnamed.out) == (2, "")
    assert "needs a seed" in unnamed.error
    assert "use -o NAME.png for several" in run("stylize", "-", "--style", manners, "--variations", 2).error
    for option in ("--seed", "--variations"):
        refused = run("stylize", cat_path, "--style", style_path, "-o", tmp_path / "x.png", option, 1)
        assert (refused.code, refused.out) == (2, "")
        assert "is deterministic" in refused.error


def test_what_was_painted_before_is_passed_over(run: Run, style_path: Path, photo_folder: Path, tmp_path: Path) -> None:
    for path in sorted(photo_folder.iterdir())[4:]:
        path.unlink()
    output = tmp_path / "out"
    options = ("--style", style_path, "-o", output, "--format", "webp", "--skip-existing")
    first = run("stylize", photo_folder, *options)
    assert [Path(line).name for line in first.out.split()] == [f"{index:03}-tiny.webp" for index in range(4)]
    before = {path: path.stat().st_mtime_ns for path in output.iterdir()}
    (output / "002-tiny.webp").unlink()
    second = run("stylize", photo_folder, *options)
    assert (second.code, [Path(line).name for line in second.out.split()]) == (0, ["002-tiny.webp"])
    after = {path: path.stat().st_mtime_ns for path in output.iterdir()}
    assert [path.name for path in before if before[path] != after[path]] == ["002-tiny.webp"]
    assert run("stylize", photo_folder, *options).out == ""
    assert run("stylize", photo_folder, *options, "--overwrite").code == 2


def test_eval_prints_tables_json_and_a_page(run: Run, style_path: Path, tmp_path: Path) -> None:
    photo_folder = save_crops(tmp_path / "photos", "chelsea.png", 12)
    painting_folder = save_crops(tmp_path / "paintings", "coffee.png", 10)
    given = ["eval", "--photos", photo_folder, "--paintings", painting_folder, "--features", "lite0"]
    tables = run(*given, "--style", style_path, "-o", tmp_path / "report")
    assert tables.code == 0
    assert "gap closed" in tables.out
    rows = [line for line in tables.out.splitlines() if line.startswith("│")]
    assert max(map(len, rows)) <= 80
    assert sum("│ painted photographs │" in line for line in rows) == 2, "distances and patches, a line each"
    assert [line for line in rows if line.startswith("│                     │")] == [], "no cell takes two lines"
    assert "in fp32" in tables.out
    assert str(tmp_path / "report" / "index.html") in tables.out
    assert (tmp_path / "report" / "index.html").stat().st_size > 10_000
    assert "biased in favor of styles trained here" in tables.error

    (photo_folder / "000.png").write_bytes(b"")
    machine = run(*given, "--outputs", photo_folder, "--json")
    assert machine.code == 1
    assert "000.png" in machine.error
    assert json.loads(machine.out)["rows"][-1]["pictures"] == 11


@pytest.mark.usefixtures("quick_examinations")
def test_train_until_done_is_a_limit_of_its_own(run: Run, tmp_path: Path) -> None:
    photos, paintings = save_crops(tmp_path / "photos", "chelsea.png", 4), save_crops(tmp_path / "p", "coffee.png", 3)
    output = tmp_path / "done.safetensors"
    options = ("--until-done", "--steps", "3", "--size", "64", "--batch-size", "1", "--device", "cpu")
    shown = ("--simplify", "1", "--streaks", "2")
    done = run("train", photos, paintings, "-o", output, *options, *shown)
    assert (done.code, done.out.strip()) == (0, str(output)), done.error
    plan = json.loads((tmp_path / "done-run" / "plan.json").read_text())
    assert plan["limit"] == {"minutes": 1440.0, "steps": 3, "until_done": True}
    assert [plan["recipe"]["generator"][name] for name in ("simplify", "streaks")] == [1, 2]
    assert (tmp_path / "done-run" / "index.html").exists()


def test_train_check_names_what_is_wrong(run: Run, photo_folder: Path, painting_folder: Path) -> None:
    fine = run("train", "--check", photo_folder, painting_folder)
    assert (fine.code, fine.out) == (0, "No problems found in 30 photographs and 10 paintings.\n")
    with Image.open(painting_folder / "000.png") as image:
        image.convert("L").save(painting_folder / "grey.png")
    found = run("train", "--check", photo_folder, painting_folder)
    assert found.code == 1
    assert "Grayscale: 1 of 11 paintings" in found.out
    assert "grey.png" in found.out
    assert not list(painting_folder.parent.glob("*.safetensors"))


def test_eval_refuses_what_makes_no_sense(run: Run, photo_folder: Path, painting_folder: Path, tmp_path: Path) -> None:
    given = ["eval", "--photos", photo_folder, "--paintings"]
    for arguments, code, word in (
        ([painting_folder], 2, "either --style"),
        ([painting_folder, "--style", "nobody"], 4, "nobody"),
        ([painting_folder, "--outputs", photo_folder, "--features", "eyes"], 2, "lite2"),
        ([tmp_path / "nowhere", "--outputs", photo_folder], 5, "cannot be read"),
        ([painting_folder, "--outputs", photo_folder, "-o", photo_folder / "000.png" / "x"], 6, "cannot be written"),
        ([photo_folder, "--outputs", photo_folder], 5, "among the photographs and the paintings"),
    ):
        result = run(*given, *arguments)
        assert (result.code, result.out) == (code, "")
        assert word in result.error


def test_people_are_asked_and_counted(
    run: Run, photo_folder: Path, painting_folder: Path, style_path: Path, tmp_path: Path
) -> None:
    given = ("eval", "--humans", style_path, painting_folder, "--photos", photo_folder, "-o", tmp_path / "study")
    asked = run(*given, "--trials", "10", "--question", "Which one?")
    assert asked.code == 1  # There are paintings of a third of the photographs only.
    page = tmp_path / "study" / "index.html"
    assert asked.out == f"{page}\n"
    assert "photographs could not be used; see the messages above" in asked.error
    assert "Which one?" in page.read_text()

    answers = {
        "format": "gan-style study answers",
        "version": 1,
        "study": "s",
        "question": "Which one?",
        "painters": ["tiny", "paintings"],
        "rater": "r",
        "answers": [{"trial": 0, "kind": "rating", "left": "tiny", "right": "paintings", "chosen": "tiny"}],
    }
    (tmp_path / "a.json").write_text(json.dumps(answers))
    counted = run("eval", "--tally", tmp_path / "a.json", "-o", tmp_path / "people")
    assert counted.code == 0
    assert "1 of 1" in counted.out
    assert "no catch trial" in counted.error
    assert "tiny" in (tmp_path / "people" / "index.html").read_text()
    machine = run("eval", "--tally", tmp_path / "a.json", "--json")
    assert json.loads(machine.out)["ratings"][0]["painter"] == "tiny"


def test_what_people_cannot_be_asked_gets_a_sentence(run: Run, photo_folder: Path, tmp_path: Path) -> None:
    for arguments, code, word in (
        (["--humans", "--tally"], 2, "either"),
        (["--humans", "monet", "monet"], 2, "--photos FOLDER -o FOLDER"),
        (["--humans", "monet", "--photos", photo_folder, "-o", tmp_path / "o"], 2, "at least two"),
        (["--humans", "monet", "manet", "--photos", photo_folder, "-o", tmp_path / "o"], 4, "manet"),
        (["--tally"], 5, "no answers"),
        (["--tally", tmp_path / "none.json"], 5, "cannot be read"),
        (["monet", "--photos", photo_folder], 2, "--humans"),
        (["--style", "monet"], 2, "--paintings FOLDER"),
    ):
        result = run("eval", *arguments)
        assert (result.code, result.out) == (code, ""), result
        assert word in result.error


def test_a_painting_serves_as_a_style(run: Run, cat_path: Path, tmp_path: Path) -> None:
    painting = tmp_path / "sunset.jpg"
    Image.linear_gradient("L").resize((96, 64)).convert("RGB").save(painting)
    result = run("stylize", cat_path, "--style", painting, "--minutes", "0.01", "--seed", 3)
    assert (result.code, result.error) == (0, "")
    assert result.out.strip() == str(tmp_path / "cat-sunset.png")
    with Image.open(tmp_path / "cat-sunset.png") as painted, Image.open(cat_path) as photograph:
        assert painted.size == photograph.size


@pytest.mark.usefixtures("quick_examinations")
def test_several_settings_are_compared_with_a_table(run: Run, tmp_path: Path) -> None:
    photos, paintings = save_crops(tmp_path / "photos", "chelsea.png", 6), save_crops(tmp_path / "p", "coffee.png", 6)
    output = tmp_path / "best.safetensors"
    common = ("train", photos, paintings, "-o", output, "--size", 64, "--from", "scratch", "--streaks", 0)
    result = run(*common, "--cross-validate", "--batch-size", "1,2", "--steps", "1", "--folds", "2")
    assert result.code == 0, result
    *table, last = result.out.splitlines()
    assert last == str(output)
    assert [row.split()[:2] for row in table] == [["batch", "steps"], ["1", "1"], ["2", "1"]]
    assert sum("chosen" in row for row in table) == 1
    assert read_style(output).generator.config == dataclasses.replace(Recipe().generator, streaks=0)
    assert "Chosen: batch" in result.error
    result = run(*common, "--overwrite", "--batch-size", "1,2")
    assert (result.code, result.out) == (2, "")
    assert "--cross-validate" in result.error
    for more in (("--steps", 1), ("--check",)):
        result = run("train", photos, paintings, "-o", tmp_path / "finer.safetensors", "--fine-tune", *more)
        assert (result.code, result.out) == (2, "")
        assert "--from" in result.error
    result = run(*common, "--overwrite", "--batch-size", "many")
    assert result.code == 2
    assert "--batch-size takes" in result.error
