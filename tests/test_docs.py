"""The documentation: it builds without a warning, needs no network, and the reference has every option."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gan_style.cli.app import app

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 120

pytestmark = pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="mkdocs is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with every warning an error."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    # Not --quiet, which keeps --strict from counting warnings.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def options(command: Any) -> set[str]:
    """All spellings of the options that the help of a command shows."""
    shown = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    # Of a flag that is on by default, such as --signature, only the negative does anything.
    words = {word for one in shown for word in [*one.opts, *one.secondary_opts]}
    return words - {word for one in shown if one.default is True and one.secondary_opts for word in one.opts}


def section(page: str, heading: str) -> str:
    """The text of a page from one heading of the second level to the next."""
    parts = re.split(r"<h2 id=\"([^\"]+)\".*?</h2>", page, flags=re.DOTALL)
    return unescape(dict(zip(parts[1::2], parts[2::2], strict=True))[heading])


def test_the_reference_has_every_option_of_every_command(site: Path) -> None:
    page = (site / "reference" / "command-line.html").read_text(encoding="utf-8")
    program: Any = get_command(app)
    assert len(program.commands) >= 4
    sections = {"gan-style": program} | {f"gan-style-{name}": one for name, one in program.commands.items()}
    for heading, command in sections.items():
        said = set(re.findall(r"<code>([^<]+)</code>", section(page, heading)))
        assert options(command) <= said, heading


def test_no_page_loads_anything_from_the_network(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    source = r"<(?:script|img|iframe)[^>]+src=\"?(?:https?:)?//"
    sheet = r"<link[^>]+rel=\"?stylesheet[^>]+href=\"?https?:"
    loads = re.compile(f"{source}|{sheet}")
    assert [page.name for page in pages if loads.search(page.read_text(encoding="utf-8"))] == []


def test_the_api_reference_has_the_public_names(site: Path) -> None:
    import gan_style

    page = (site / "reference" / "python.html").read_text(encoding="utf-8")
    anchors = set(re.findall(r"id=\"(?:gan_style\.)([\w.]+)\"", page))
    assert {name for name in gan_style.__all__ if not name.startswith("__")} <= anchors


def test_prose_is_wrapped() -> None:
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        prose = [line for line in text.splitlines() if not line.startswith(("|", "![", "    "))]
        assert [line for line in prose if len(line) > LONGEST and " " in line.strip()] == [], path


def test_the_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith("https://")]
    assert len(inside) > 20
    assert [link for link in inside if not (ROOT / link).exists()] == []
