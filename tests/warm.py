"""The program in processes of its own that need not import PyTorch: a parent imports it once, and forks.

A command becomes a child with its own arguments, environment, folder and streams, and runs the program's entry point
from its first line. Only what takes two seconds of every start is done already. What has to do with a start, or with
signals that meet one, starts Python itself instead; later signals are passed on, and the child dies with its caller.
Beside the program lies ``python``, which runs a script likewise.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MODULES = (
    "torch",
    "torch._dynamo",
    "PIL.Image",
    "rich.console",
    "gan_style.cli.app",
    "gan_style.inference.batch",
    "gan_style.training.api",
)
OF_THE_CLIENT = ("filelock", "fsspec", "httpx", "httpx2", "tqdm.auto", "typer", "yaml")
"""What huggingface-hub imports in one version or another; itself it reads the environment where it is imported."""
PROGRAM, PYTHON = "gan-style", "python"
SCRIPT = """#!{python} -SE
import array, json, os, signal, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
words = json.dumps([sys.argv, dict(os.environ), os.getcwd()]).encode()
files = array.array("i", [0, 1, 2])
link.sendmsg([len(words).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
link.sendall(words)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: link.send(bytes([number])))
os.closerange(0, 3)
code = int.from_bytes(link.recv(1) or b"\\xff", "big")
os._exit(code)
"""


def run_program(words: list[str], environment: dict[str, str], folder: str) -> None:
    """What a child does."""
    import importlib
    import runpy

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    name, *rest = words
    script = Path(name).name == PYTHON
    sys.argv = rest if script else [PROGRAM, *rest]
    # Streams of this process's own descriptors, made as Python makes them.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        errors = "surrogateescape" if number < 2 else "backslashreplace"
        stream = os.fdopen(number, "w" if number else "r", encoding="utf-8", errors=errors, closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    if script:
        runpy.run_path(rest[0], run_name="__main__")
    else:
        importlib.import_module("gan_style.__main__").main()


def serve(address: str) -> None:
    """Fork for every command until standard input ends."""
    import gc
    import importlib
    import select

    for name in MODULES:
        importlib.import_module(name)
    for name in OF_THE_CLIENT:
        with suppress(ImportError):
            importlib.import_module(name)
    importlib.import_module("torch").set_num_threads(1)
    gc.freeze()  # Children need not look through what was imported, nor copy it for that.
    assert "huggingface_hub.constants" not in sys.modules, "it reads the environment where it is imported"
    door = socket.socket(socket.AF_UNIX)
    door.bind(address)
    door.listen(16)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([door, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        link, _ = door.accept()
        if child := os.fork():
            link.close()
            os.waitpid(child, 0)
            continue
        if os.fork() == 0:
            answer(link)
        os._exit(0)


def obey(link: socket.socket) -> None:
    """Send this process the signals that whoever started it passes on, and kill it once that one is gone."""
    while number := link.recv(1):
        os.kill(os.getpid(), number[0])
    os.kill(os.getpid(), signal.SIGKILL)


def answer(link: socket.socket) -> None:
    """Run a command, in a grandchild, and tell how it ended."""
    length, files, _, _ = socket.recv_fds(link, 4, 3)
    content = b""
    while len(content) < int.from_bytes(length, "big"):
        content += link.recv(1 << 16)
    threading.Thread(target=obey, args=(link,), daemon=True).start()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    code = 1
    try:
        run_program(*json.loads(content))
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 120
    os.closerange(0, 3)
    link.sendall(bytes([code]))
    os._exit(0)


@contextmanager
def warm_program() -> Iterator[Path]:
    """A program that does what ``gan-style`` does, in a folder of its own and under that name."""
    with tempfile.TemporaryDirectory() as folder:
        address = str(Path(folder) / "socket")
        root = str(Path(__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
        words = [sys.executable, "-c", "import sys; from tests.warm import serve; serve(sys.argv[1])", address]
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=root
        ) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            for name in (PROGRAM, PYTHON):
                script = Path(folder) / name
                script.write_text(SCRIPT.format(python=sys.executable, address=address))
                script.chmod(0o755)
            yield Path(folder) / PROGRAM
            server.stdin.close()
