"""The workflows, which cannot run here: linted, checked against their schemas, and compared with the project."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
SCHEMAS = {
    "github-workflows": WORKFLOWS,
    "github-actions": ACTIONS,
    "github-issue-forms": sorted(
        set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {GITHUB / "ISSUE_TEMPLATE/config.yml"}
    ),
    "github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "dependabot": [GITHUB / "dependabot.yml"],
}
BASH = shutil.which("bash")

yaml = pytest.importorskip("yaml")


def load(path: Path) -> dict[Any, Any]:
    """A YAML file; note that PyYAML reads the key ``on`` as True."""
    content: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow."""
    found: dict[str, dict[str, Any]] = load(path)["jobs"]
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    """All steps of a workflow or of a composite action."""
    content = load(path)
    parts = [content["runs"]] if "runs" in content else list(content["jobs"].values())
    return [step for part in parts for step in part["steps"]]


def step_named(path: Path, name: str) -> dict[str, Any]:
    """The first step of that name."""
    return next(step for step in steps(path) if step.get("name") == name)


def validate(kind: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Check files against a schema that comes with check-jsonschema."""
    if importlib.util.find_spec("check_jsonschema") is None:
        pytest.skip("needs check-jsonschema")
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", *map(str, paths)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def lint(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Lint workflows and actions without a network."""
    program = shutil.which("zizmor", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("needs zizmor")
    words = [program, "--offline", "--no-progress", "--strict-collection", "--config", str(GITHUB / "zizmor.yml")]
    return subprocess.run([*words, *map(str, paths)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_files_follow_their_schema(kind: str) -> None:
    assert SCHEMAS[kind]
    done = validate(kind, *SCHEMAS[kind])
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_workflow_violates_the_schema(tmp_path: Path) -> None:
    text = WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on:", "run-on:")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(text, encoding="utf-8")
    assert validate("github-workflows", wrong).returncode == 1


def test_workflows_pass_the_linter() -> None:
    done = lint(*WORKFLOWS, *ACTIONS, GITHUB / "dependabot.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_finds_a_template_injection(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    text = WORKFLOWS[0].read_text(encoding="utf-8").replace("- run: mypy\n", "- run: echo ${{ github.head_ref }}\n", 1)
    (folder / "wrong.yml").write_text(text, encoding="utf-8")
    done = lint(folder / "wrong.yml")
    assert done.returncode != 0
    assert "template-injection" in done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_have_few_permissions_and_an_end(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    for name, job in jobs(path).items():
        assert 0 < job["timeout-minutes"] <= 90, name
        expected = {"id-token": "write"} if name == "publish" else {"contents": "read"}
        assert job["permissions"] == expected, name


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: path.parent.name + path.stem)
def test_actions_are_pinned_and_checkouts_keep_no_token(path: Path) -> None:
    for step in steps(path):
        uses = step.get("uses", "")
        if uses.startswith("./"):
            assert (ROOT / uses / "action.yml").is_file(), uses
        elif uses:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", uses), uses
        if uses.startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.skipif(BASH is None or sys.platform == "win32", reason="needs bash")
@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: path.parent.name + path.stem)
def test_scripts_are_valid_and_hold_no_expression(path: Path) -> None:
    for step in steps(path):
        if "run" in step:
            assert "${{" not in step["run"], "expressions go through env, where nothing is expanded"
            subprocess.run([str(BASH), "-n", "-c", step["run"]], check=True)


def test_every_supported_python_is_tested() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    declared = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text)
    job = jobs(GITHUB / "workflows" / "ci.yml")["test"]
    assert job["strategy"]["matrix"]["python"] == declared
    oldest = re.search(r'requires-python = ">=(.*)"', text)
    assert oldest
    assert oldest[1] == declared[0]
    assert {entry["os"] for entry in job["strategy"]["matrix"]["include"]} == {"macos-latest", "windows-latest"}
    for entry in job["strategy"]["matrix"]["include"]:
        assert all((ROOT / name).exists() for name in entry["tests"].split())


def test_ci_installs_as_the_readme_does() -> None:
    (block,) = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)[:1]
    install = re.search(r"bin/(pip install .*?) &&", block.splitlines()[1])
    assert install
    ci = GITHUB / "workflows" / "ci.yml"
    commands = [step["run"] for step in steps(ci) if step.get("name") == "Install"]
    assert commands == [f"python -m {install[1]}"] * 3


@pytest.mark.skipif(BASH is None or sys.platform == "win32", reason="needs bash")
@pytest.mark.parametrize(
    ("tag", "version", "released", "code"),
    [("v1.2.3", "1.2.3", "1.2.3", 0), ("v1.2.4", "1.2.3", "1.2.3", 1), ("v1.2.3", "1.2.3", "1.2.2", 1)],
)
def test_a_tag_must_be_the_version_and_have_a_changelog(
    tag: str, version: str, released: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "gan_style").mkdir()
    (tmp_path / "gan_style" / "version.py").write_text(f'__version__ = "{version}"\n')
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## [{released}] - 2030-01-01\n")
    script = step_named(GITHUB / "workflows" / "release.yml", "The tag is the version")["run"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = os.environ | {"GITHUB_REF_NAME": tag, "GITHUB_OUTPUT": str(tmp_path / "output"), "PATH": path}
    words = [str(BASH), "-e", "-o", "pipefail", "-c", script]
    done = subprocess.run(words, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    if code:
        assert tag in done.stderr or "CHANGELOG.md" in done.stderr
        assert not (tmp_path / "output").exists()
    else:
        assert (tmp_path / "output").read_text() == f"version={version}\n"


def test_only_a_tested_wheel_is_published() -> None:
    release = GITHUB / "workflows" / "release.yml"
    assert load(release)[True] == {"push": {"tags": ["v*"]}}
    found = jobs(release)
    assert found["test"]["needs"] == "build"
    assert found["publish"]["needs"] == "test"
    assert found["publish"]["environment"] == "pypi"
    assert "publish" in found["verify"]["needs"]
