"""A server that speaks the Hub's API as its client uses it, with a temper that tests decide."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

OWNER, TOKEN = "ada", "hf_of_ada"
COMMIT = "1" * 40


@dataclass
class Repository:
    """What a repository holds, by revision."""

    revisions: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"main": {}})
    commits: dict[str, str] = field(default_factory=lambda: {"main": COMMIT})
    private: bool = False
    gated: bool = False

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """Commit and files of a branch, a tag or a commit."""
        for name, commit in self.commits.items():
            if revision in (name, commit):
                return commit, self.revisions[name]
        return None


@dataclass
class Hub:
    """State of the server.

    Attributes:
        repositories: by name.
        requests: method and path of all that was asked.
        agents: what callers said of themselves.
        sent: bytes of every download that was answered, with the first byte's place.
        status: answers every request whose path matches with that status.
        cut: how many downloads break off half-way.
        stall: how many downloads stop for ``pause`` seconds half-way.
        size: what downloads claim to be, where that is a lie.
        instead: answers every request, with status 200, where something else than a Hub listens.
        role: what its token may do.
        faulty: words that a model card's metadata may not hold.
    """

    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    sent: list[tuple[int, int]] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    stall: int = 0
    pause: float = 3.0
    size: int | None = None
    instead: bytes | None = None
    role: str = "write"
    faulty: str = ""
    url: str = ""

    def put(self, name: str, files: dict[str, bytes], **options: Any) -> Repository:
        """A repository with files in its main branch."""
        self.repositories[name] = Repository({"main": files}, **options)
        return self.repositories[name]


def serve(hub: Hub) -> Callable[[], None]:
    """Begin to serve; what stops it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send an answer; HEAD gets no body."""
        self.send_response(status)
        headers = {"Content-Length": str(len(body)), **(headers or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def as_json(self, value: Any, status: int = 200) -> None:
        """Send JSON."""
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def refuse(self, status: int, code: str = "", message: str = "") -> None:
        """Send an error, as the Hub names it."""
        headers = {"X-Error-Code": code, "X-Error-Message": message} if code else {}
        self.answer(status, b"{}", headers)

    @property
    def known(self) -> bool:
        """Whether the caller is logged in."""
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def handle_one(self) -> None:
        """Answer a request of any method."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        quoted = urlsplit(self.path).path
        path = unquote(quoted)
        self.hub.requests.append(f"{self.command} {path}")
        self.hub.agents.add(self.headers.get("User-Agent", ""))
        if self.hub.instead is not None:
            self.answer(200, self.hub.instead, {"Content-Type": "text/html"})
            return
        for pattern, status in self.hub.status.items():
            if re.search(pattern, f"{self.command} {path}"):
                self.refuse(status)
                return
        for pattern, method in ROUTES:
            match = re.fullmatch(pattern, f"{self.command} {quoted}")
            if match:
                method(self, body, *(group and unquote(group) for group in match.groups()))
                return
        self.refuse(404)

    do_GET = do_HEAD = do_POST = do_PUT = handle_one  # noqa: N815 - as the base class calls them

    def repository(self, name: str) -> Repository | None:
        """A repository that the caller may see, or None once it was refused."""
        found = self.hub.repositories.get(name)
        if found is None or (found.private and not self.known):
            self.refuse(401 if not self.known else 404, "RepoNotFound", "Repository not found")
            return None
        return found

    def information(self, _body: bytes, name: str, revision: str | None) -> None:
        """What a repository holds."""
        found = self.repository(name)
        if not found:
            return
        there = found.at(revision or "main")
        if not there:
            self.refuse(404, "RevisionNotFound", "Invalid rev id")
            return
        commit, files = there
        self.as_json(
            {
                "id": name,
                "modelId": name,
                "sha": commit,
                "private": found.private,
                "siblings": [{"rfilename": file} for file in files],
            }
        )

    def resolve(self, _body: bytes, name: str, revision: str, file: str) -> None:
        """Where a file is to be had."""
        found = self.repository(name)
        if not found:
            return
        if found.gated and not self.known:
            self.refuse(403, "GatedRepo", "Access to this model is restricted")
            return
        there = found.at(revision)
        if not there:
            self.refuse(404, "RevisionNotFound", "Invalid rev id")
            return
        commit, files = there
        if file not in files:
            self.answer(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
            return
        digest = hashlib.sha256(files[file]).hexdigest()
        self.hub.uploads[digest] = files[file]
        self.answer(
            302,
            b"",
            {
                "X-Repo-Commit": commit,
                "X-Linked-Etag": f'"{digest}"',
                "X-Linked-Size": str(self.hub.size or len(files[file])),
                # Another host, as with the Hub: the client follows the Hub's own redirections when it asks for headers.
                "Location": f"{self.hub.url.replace('127.0.0.1', 'localhost')}/cdn/{digest}",
            },
        )

    def download(self, _body: bytes, digest: str) -> None:
        """A file, or what is left of it; perhaps not to its end."""
        content = self.hub.uploads[digest]
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(asked[1]) if asked else 0
        part = content[start:]
        self.hub.sent.append((start, len(part)))
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{digest}"')
        self.send_header("Content-Length", str(len(part)))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        half = len(part) // 2
        self.wfile.write(part[:half])
        if self.hub.cut:
            self.hub.cut -= 1
            self.close_connection = True
            return
        if self.hub.stall:
            self.hub.stall -= 1
            time.sleep(self.hub.pause)
        self.wfile.write(part[half:])

    def who(self, _body: bytes) -> None:
        """Whose token it is."""
        if self.known:
            auth = {"accessToken": {"role": self.hub.role}}
            self.as_json({"type": "user", "name": OWNER, "orgs": [{"name": "museum"}], "auth": auth})
        else:
            self.refuse(401)

    def create(self, body: bytes) -> None:
        """Make a repository."""
        wish = json.loads(body)
        name = f"{wish.get('organization') or OWNER}/{wish['name']}"
        if not self.known:
            self.refuse(401)
        elif name in self.hub.repositories:
            self.as_json({"url": f"{self.hub.url}/{name}"}, 409)
        else:
            self.hub.put(name, {}, private=wish.get("visibility") == "private" or bool(wish.get("private")))
            self.as_json({"url": f"{self.hub.url}/{name}", "name": name})

    def preupload(self, body: bytes, name: str, _revision: str) -> None:
        """Which way files are to be sent."""
        if not self.known or not self.repository(name):
            self.refuse(403)
            return
        files = [file["path"] for file in json.loads(body)["files"]]
        modes = {path: "lfs" if path.endswith(".safetensors") else "regular" for path in files}
        self.as_json({"files": [{"path": p, "uploadMode": m, "shouldIgnore": False} for p, m in modes.items()]})

    def batch(self, body: bytes, _name: str) -> None:
        """Where large files are to be sent."""
        wishes = json.loads(body)["objects"]
        actions = [
            {
                **one,
                "actions": {
                    "upload": {"href": f"{self.hub.url}/lfs/{one['oid']}"},
                    "verify": {"href": f"{self.hub.url}/verify"},
                },
            }
            for one in wishes
        ]
        self.as_json({"transfer": "basic", "objects": actions})

    def receive(self, body: bytes, oid: str) -> None:
        """A large file."""
        self.hub.uploads[oid] = body
        self.answer(200)

    def verify(self, body: bytes) -> None:
        """Whether a large file has come."""
        wish = json.loads(body)
        self.as_json({}, 200 if len(self.hub.uploads[wish["oid"]]) == wish["size"] else 400)

    def commit(self, body: bytes, name: str, _revision: str) -> None:
        """Put files into the main branch."""
        found = self.repository(name)
        if not found or not self.known:
            return
        files = found.revisions["main"]
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.hub.uploads[value["oid"]]
        found.commits["main"] = hashlib.sha1(body, usedforsecurity=False).hexdigest()
        oid = found.commits["main"]
        self.as_json({"success": True, "commitOid": oid, "commitUrl": f"{self.hub.url}/{name}/commit/{oid}"})

    def accept(self, body: bytes) -> None:
        """Whether the metadata of a card are sound."""
        faults = ["license is not allowed"] * bool(self.hub.faulty and self.hub.faulty in json.loads(body)["content"])
        self.as_json({"errors": faults, "warnings": []}, 400 if faults else 200)


NAME = r"([\w.-]+/[\w.-]+)"
ROUTES: list[tuple[str, Callable[..., None]]] = [
    (rf"GET /api/models/{NAME}(?:/revision/(.+))?", Handler.information),
    (rf"(?:GET|HEAD) /{NAME}/resolve/([^/]+)/(.+)", Handler.resolve),
    (r"(?:GET|HEAD) /cdn/(\w+)", Handler.download),
    (r"GET /api/whoami-v2", Handler.who),
    (r"POST /api/repos/create", Handler.create),
    (r"POST /api/validate-yaml", Handler.accept),
    (rf"POST /api/models/{NAME}/preupload/(.+)", Handler.preupload),
    (rf"POST /{NAME}\.git/info/lfs/objects/batch", Handler.batch),
    (r"PUT /lfs/(\w+)", Handler.receive),
    (r"POST /verify", Handler.verify),
    (rf"POST /api/models/{NAME}/commit/(.+)", Handler.commit),
]
