"""Styles from the Hub: what is asked of it, what is kept, and what is said where it fails."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_style.checkpoints.hub.address import Address, hub_address
from gan_style.errors import StyleError
from tests.conftest import photo
from tests.hub.conftest import FETCH, Command
from tests.hub.server import COMMIT, TOKEN, Hub, Repository

OTHER = "2" * 40


@pytest.fixture
def content(style_path: Path) -> bytes:
    """A style's bytes."""
    return style_path.read_bytes()


def test_first_from_the_network_then_from_the_cache(hub: Hub, fetch: Command, content: bytes) -> None:
    hub.put("ada/monet", {"monet.safetensors": content, "README.md": b"card", "pytorch_model.bin": b"pickle"})
    first = fetch("ada/monet")
    assert first.code == 0
    assert Path(first.out).read_bytes() == content
    assert f"downloading monet.safetensors {len(content)} {len(content)}" in first.err
    asked = list(hub.requests)
    assert not any(re.search(r"README|\.bin", one) for one in asked)
    second = fetch("ada/monet")
    assert second.out == first.out
    assert not second.err
    assert hub.requests == asked


def test_nothing_but_the_style_is_asked_for(hub: Hub, fetch: Command, content: bytes) -> None:
    """No telemetry: neither requests of other kinds nor words about who runs the program."""
    hub.put("ada/monet", {"monet.safetensors": content})
    fetch("hf://ada/monet", AI_AGENT="somebody", CLAUDECODE="1")
    assert {one.split()[1].split("/")[1] for one in hub.requests} <= {"api", "ada", "cdn"}
    assert all("/api/models/" in one for one in hub.requests if "/api/" in one)
    assert not any(re.search(r"agent|torch|session", one) for one in hub.agents)


def test_offline_from_a_warm_cache(hub: Hub, fetch: Command, content: bytes) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    warm = fetch("ada/monet@main").out
    asked = len(hub.requests)
    for word in ("ada/monet", "hf://ada/monet@main", f"hf://ada/monet/monet.safetensors@{COMMIT}", "ada/monet@main"):
        assert fetch(word, HF_HUB_OFFLINE="1").out == warm
        # Nobody listens at port 9.
        assert fetch(word, HF_ENDPOINT="http://127.0.0.1:9").out == warm
    assert len(hub.requests) == asked


def test_offline_with_a_cold_cache(hub: Hub, fetch: Command, content: bytes) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    for word in ("ada/monet", "hf://ada/monet/monet.safetensors"):
        fetch(word, HF_HUB_OFFLINE="1").fails(6, "HF_HUB_OFFLINE")
    fetch("ada/monet", HF_ENDPOINT="http://127.0.0.1:9").fails(6, "http://127.0.0.1:9 cannot be reached")
    assert not hub.requests


def test_revisions(hub: Hub, fetch: Command, content: bytes) -> None:
    newer = content + b""
    repository = hub.put("ada/monet", {"monet.safetensors": content})
    repository.revisions["v1"] = {"monet.safetensors": b"as it was"}
    repository.commits["v1"] = OTHER
    assert Path(fetch("ada/monet@v1").out).read_bytes() == b"as it was"
    assert Path(fetch(f"hf://ada/monet/monet.safetensors@{OTHER}").out).read_bytes() == b"as it was"
    assert Path(fetch("hf://ada/monet@main/monet.safetensors").out).read_bytes() == newer
    # The latest revision is looked up only if it is named; otherwise the cache is used.
    repository.revisions["main"], repository.commits["main"] = {"monet.safetensors": b"newer"}, "3" * 40
    assert Path(fetch("ada/monet").out).read_bytes() == content
    assert Path(fetch("ada/monet@main").out).read_bytes() == b"newer"
    assert Path(fetch("ada/monet").out).read_bytes() == b"newer"


def test_several_styles(hub: Hub, fetch: Command, content: bytes) -> None:
    hub.put("ada/all", {"monet.safetensors": content, "more/\x1b[2Jdegas.safetensors": b"other"})
    result = fetch("ada/all")
    assert result.code == 4
    assert "hf://ada/all/monet.safetensors" in result.out
    assert "\x1b" not in result.out
    assert Path(fetch("hf://ada/all/monet.safetensors").out).read_bytes() == content


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("ada/nothing", "not on the Hub"),
        ("hf://ada/nothing/x.safetensors", "not on the Hub"),
        ("ada/private", "log in with"),
        ("hf://ada/gated/monet.safetensors", "is gated: request access at"),
        ("ada/gated", "is gated: request access at"),
        ("ada/monet@nowhere", "no revision nowhere"),
        ("hf://ada/monet/monet.safetensors@nowhere", "no revision nowhere"),
        ("hf://ada/monet/other.safetensors", "no file other.safetensors"),
        ("ada/empty", "no style in it"),
        ("hf://ada/mo..net", "not a valid name on the Hub"),
        ("hf://ada/monet/model.bin", "the only type that is downloaded"),
        ("hf://ada/monet/../x.safetensors", "not a file in a repository"),
        ("hf://ada/monet//etc/x.safetensors", "not a file in a repository"),
        ("ada/monet@sha256:xyz", "64 hexadecimal digits"),
    ],
)
def test_what_is_not_there(hub: Hub, fetch: Command, content: bytes, word: str, words: str) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    hub.put("ada/empty", {"README.md": b"", "model.bin": b""})
    hub.put("ada/gated", {"monet.safetensors": content}, gated=True)
    hub.put("ada/private", {"monet.safetensors": content}, private=True)
    result = fetch(word)
    result.fails(4, words)


def test_private_and_gated_with_a_token(hub: Hub, fetch: Command, content: bytes, tmp_path: Path) -> None:
    hub.put("ada/private", {"monet.safetensors": content}, private=True)
    hub.put("ada/gated", {"monet.safetensors": content}, gated=True)
    assert fetch("ada/private", HF_TOKEN=TOKEN).code == 0
    (tmp_path / "hf" / "token").write_text(TOKEN)
    assert fetch("ada/gated").code == 0


@pytest.mark.parametrize(
    ("word", "status", "code", "words"),
    [
        # Of a file that is named, the client asks again for most of a minute before it believes the others.
        ("hf://ada/monet/monet.safetensors", 403, 4, "denies access"),
        ("ada/monet", 403, 4, "denies access"),
        ("ada/monet", 429, 6, "Too many requests"),
        ("ada/monet", 500, 6, "HTTP status 500"),
    ],
)
def test_a_hub_that_fails(
    hub: Hub, fetch: Command, content: bytes, word: str, status: int, code: int, words: str
) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    hub.status[""] = status
    fetch(word).fails(code, words)


def test_a_hub_that_fails_and_a_warm_cache(hub: Hub, fetch: Command, content: bytes) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    warm = fetch("ada/monet").out
    hub.status[""] = 500
    assert fetch("ada/monet@main").out == warm


def test_a_download_that_breaks_off_is_taken_up_again(hub: Hub, fetch: Command) -> None:
    content = bytes(range(256)) * 8_000  # Two megabytes, like a style.
    hub.put("ada/monet", {"monet.safetensors": content})
    hub.cut = 2
    result = fetch("ada/monet")
    assert Path(result.out).read_bytes() == content
    starts = [start for start, _ in hub.sent]
    assert starts[0] == 0
    assert all(start > 0 for start in starts[1:])
    assert len(starts) == 3


def test_a_download_that_stalls_is_taken_up_again(hub: Hub, fetch: Command, content: bytes) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    hub.stall = 1
    result = fetch("ada/monet")
    assert Path(result.out).read_bytes() == content
    assert len(hub.sent) == 2


@pytest.mark.parametrize("page", [b"<html>Log in</html>", b"{}"])
def test_something_else_answers(hub: Hub, fetch: Command, gan_style: Command, content: bytes, page: bytes) -> None:
    """As in a hotel, where every address leads to a page of its own."""
    hub.put("ada/warm", {"monet.safetensors": content})
    warm = fetch("ada/warm").out
    hub.instead = page
    for word in ("ada/monet", "hf://ada/monet/monet.safetensors"):
        fetch(word).fails(6)
    assert fetch("ada/warm@main").out == warm
    gan_style("push", str(warm), "ada/monet", "--private", HF_TOKEN=TOKEN).fails(6)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"HF_HUB_ETAG_TIMEOUT": "abc"},
        {"HF_ENDPOINT": "http://["},
        {"HF_ENDPOINT": "http://host:port"},
        {"HF_TOKEN": "hf_\u2026"},
        {"ALL_PROXY": "socks5://127.0.0.1:9"},
        {"HTTP_PROXY": "foo://x:1", "NO_PROXY": ""},
    ],
)
def test_settings_that_are_nonsense(hub: Hub, fetch: Command, gan_style: Command, nonsense: dict[str, str]) -> None:
    hub.put("ada/monet", {"monet.safetensors": b""})
    fetch("ada/monet", **nonsense).fails(6)
    if "HF_HUB_ETAG_TIMEOUT" in nonsense:  # The client cannot even be loaded.
        listed = gan_style("--list-styles", **nonsense)
        assert listed.code == 0
        assert "monet" in listed.out


@pytest.mark.parametrize("name", ["../../../../evil.safetensors", "/tmp/evil.safetensors"])
def test_file_names_that_lead_elsewhere(hub: Hub, fetch: Command, content: bytes, tmp_path: Path, name: str) -> None:
    hub.put("ada/evil", {name: content})
    result = fetch("ada/evil")
    assert result.code in (4, 6)
    assert "\n" not in result.out
    assert not list(tmp_path.rglob("evil*"))


def test_a_damaged_cache_is_mended(hub: Hub, fetch: Command, content: bytes) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    path = Path(fetch("ada/monet").out)
    for word, damaged in (("ada/monet", content[:-1]), ("ada/monet@main", b"x"), (f"ada/monet@{COMMIT}", b"")):
        path.resolve().write_bytes(damaged)
        fetch(word, HF_HUB_OFFLINE="1").fails(6)
        fetch(word, HF_ENDPOINT="http://127.0.0.1:9").fails(6, "is damaged")
        assert Path(fetch(word).out).read_bytes() == content


def test_a_full_disk(hub: Hub, run: Command, tmp_path: Path) -> None:
    hub.put("ada/monet", {"monet.safetensors": bytes(3_000_000)})
    script = 'ulimit -f 1000; trap "" XFSZ; exec "$0" -c "$1" ada/monet'
    result = run("bash", "-c", script, sys.executable, FETCH)
    assert result.code == 6
    assert f"{tmp_path / 'hf'}" in result.out
    assert "free some space or set HF_HOME" in result.out


def test_a_picture_is_not_a_style(hub: Hub, gan_style: Command, tmp_path: Path) -> None:
    """What a stranger calls a style is not decoded by anything but the reader of styles."""
    picture = tmp_path / "style.safetensors"
    photo("chelsea.png").save(picture, "PNG")
    hub.put("ada/picture", {"style.safetensors": picture.read_bytes()})
    photo("chelsea.png").save(tmp_path / "cat.png")
    for word in ("ada/picture", str(picture)):
        gan_style("stylize", "cat.png", "--style", word).fails(4, "not a safetensors file")


def test_nothing_is_reported_for_a_program_that_brought_the_client(hub: Hub, run: Command, content: bytes) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    code = 'import huggingface_hub.constants, gan_style; gan_style.load_style("ada/monet")'
    assert run(sys.executable, "-c", code).code == 0
    assert not any("agent" in one for one in hub.requests)
    assert not any("torch" in one for one in hub.agents)


def test_what_is_too_large_is_not_downloaded(hub: Hub, fetch: Command, content: bytes, tmp_path: Path) -> None:
    hub.put("ada/huge", {"huge.safetensors": content})
    hub.size = 300 << 20
    result = fetch("ada/huge")
    assert result.code == 4
    assert "larger than 32 MiB" in result.out
    assert not hub.sent
    assert not list((tmp_path / "hf").rglob("*.safetensors"))


def test_a_pinned_sum(hub: Hub, fetch: Command, content: bytes) -> None:
    hub.put("ada/monet", {"monet.safetensors": content})
    digest = hashlib.sha256(content).hexdigest()
    assert fetch(f"ada/monet@sha256:{digest}").code == 0
    assert fetch(f"hf://ada/monet/monet.safetensors@main@sha256:{digest}").code == 0
    wrong = fetch(f"ada/monet@sha256:{'0' * 64}")
    assert wrong.code == 4
    assert digest in wrong.out


def test_files_and_names_come_first(hub: Hub, fetch: Command, style_path: Path) -> None:
    """A path that was mistyped is nobody else's business."""
    (style_path.parent / "ada").mkdir()
    for word in ("ada/monet", "ada/monet.safetensors", "other/monet.safetensors", "./ada/monet", "monet2", "a/b/c"):
        assert fetch(word).code == 4
    (style_path.parent / "ada" / "tiny").write_bytes(style_path.read_bytes())
    assert fetch("ada/tiny").out == "ada/tiny"
    assert not hub.requests


def test_painting_information_and_list(hub: Hub, gan_style: Command, content: bytes, tmp_path: Path) -> None:
    hub.put("ada/tiny", {"tiny.safetensors": content})
    photo("chelsea.png").crop((0, 0, 90, 70)).save(tmp_path / "cat.png")
    painted = gan_style("stylize", "cat.png", "--style", "ada/tiny")
    assert (painted.code, painted.out, painted.err) == (0, "cat-tiny.png", "")
    about = json.loads(gan_style("stylize", "--style", "ada/tiny", "--info").out)
    assert about["source"] == f"hf://ada/tiny/tiny.safetensors@{COMMIT}"
    other = tmp_path / "hf" / "hub" / "models--x--llm" / "snapshots" / COMMIT
    other.mkdir(parents=True)
    (other / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    listed = gan_style("--list-styles").out
    assert f"hf://ada/tiny/tiny.safetensors@{COMMIT}  CC0-1.0" in listed
    assert "llm" not in listed


@given(st.text(max_size=60))
def test_no_word_breaks_the_parser(word: str) -> None:
    for one in (word, f"hf://{word}"):
        try:
            address = hub_address(one)
        except StyleError:
            continue
        if address:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+", address.repository)
            assert hub_address(str(address)) == address


def test_addresses() -> None:
    file, name = "a/b.safetensors", "ada/monet"
    for word in (f"hf://{name}/{file}@v1", f"hf://{name}@v1/{file}"):
        assert hub_address(word) == Address(name, file, "v1")
    for word in (f"hf://{name}/{file}@refs/pr/1", f"hf://{name}@refs/pr/1/{file}"):
        assert hub_address(word) == Address(name, file, "refs/pr/1")
    for revision in ("refs/pr/1", "feature/x"):
        assert hub_address(f"hf://{name}@{revision}") == Address(name, "", revision)
    assert hub_address(f"{name}@v1") == Address(name, "", "v1")
    assert Repository().at("elsewhere") is None
