"""Fuzz style files: untrusted files must be loaded or rejected with an error, in bounded time and memory.

    python benchmarks/fuzz_styles.py --headers 100000 --files 2000

Headers of a small style are changed as JSON (names, shapes, types, offsets, numbers, nesting) and as text; whole files
are truncated, modified and extended. Prints how many were loaded and rejected, the slowest time, and the peak memory.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gan_style.checkpoints.header import METADATA_KEY
from gan_style.checkpoints.style_file import StyleFile, read_style, write_style
from gan_style.errors import StyleError
from gan_style.models.generator import Generator, GeneratorConfig

ODD: list[Any] = [
    None, True, -1, 0, 1, 3.5, 2**31, 2**63, -(2**63), 10**30, 1e308, "", "F16", "F64", "\0", "x" * 5000, [], [[]], {},
    [2**62, 2**62], [10**9] * 8, {"a": {"b": []}}, "9" * 5000,
]  # fmt: skip
"""Replacement values."""

Header = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--headers", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "style.safetensors"
        write_style(path, StyleFile(Generator(GeneratorConfig(4, 1, 4)), 64, "CC0-1.0", {"steps": 1}))
        whole = path.read_bytes()
        run("headers", options.headers, path, lambda: changed_header(whole, chance))
        run("files", options.files, path, lambda: changed_file(whole, chance))
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MiB")


def run(what: str, count: int, path: Path, make: Callable[[], bytes]) -> None:
    """Read modified files; anything but a style or a StyleError ends the program with a traceback."""
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for _ in range(count):
        path.write_bytes(make())
        begun = time.perf_counter()
        try:
            read_style(path)
            outcomes["read"] += 1
        except StyleError as error:
            outcomes["refused"] += 1
            if "\n" in str(error):
                raise SystemExit(f"not a sentence: {error}") from None
        slowest = max(slowest, time.perf_counter() - begun)
    print(f"{what}: {outcomes['read']} read, {outcomes['refused']} refused, slowest {slowest:.3f} s", flush=True)


def changed_header(whole: bytes, chance: random.Random) -> bytes:
    """Replace the header of a style."""
    length = int.from_bytes(whole[:8], "little")
    header: Header = json.loads(whole[8 : 8 + length])
    if chance.random() < 0.2:
        text = bytearray(whole[8 : 8 + length])
        for _ in range(chance.randint(1, 8)):
            text[chance.randrange(len(text))] = chance.randrange(256)
        changed = bytes(text)
    else:
        for _ in range(chance.randint(1, 3)):
            change(header, chance)
        changed = json.dumps(header).encode()
        if chance.random() < 0.05:
            changed = b"[" * chance.randint(1, 100_000) + changed
    claimed = chance.choice([len(changed)] * 6 + [chance.getrandbits(64), len(changed) + 1, 0])
    return claimed.to_bytes(8, "little") + changed + whole[8 + length :]


def change(header: Header, chance: random.Random) -> None:
    """Make one change to a header."""
    where = chance.randrange(4)
    if where == 0:  # The description.
        try:
            about = json.loads(header["__metadata__"][METADATA_KEY])
            part = chance.choice([about, about["generator"], about["training"]])
            part[chance.choice([*part, "surprise"])] = chance.choice(ODD)
            header["__metadata__"][METADATA_KEY] = json.dumps(about)
        except (KeyError, IndexError, AttributeError, TypeError, ValueError):
            header["__metadata__"] = chance.choice(ODD)
        return
    names = [name for name in header if isinstance(header[name], dict) and name != "__metadata__"]
    if not names:
        return
    name = chance.choice(names)
    if where == 1:
        header[name][chance.choice(["dtype", "shape", "data_offsets", "more"])] = chance.choice(ODD)
    elif where == 2:
        header[chance.choice(["", "a", chance.choice(names), "../../x", "x" * 9999])] = header.pop(name)
    else:
        offsets = header[name].get("data_offsets")
        if isinstance(offsets, list) and offsets:
            offsets[chance.randrange(len(offsets))] = chance.choice([0, 1, 2, 100, 2**40, -5, chance.choice(ODD)])


def changed_file(whole: bytes, chance: random.Random) -> bytes:
    """Modify the bytes of a style."""
    data = bytearray(whole)
    kind = chance.randrange(5)
    if kind == 0:
        return bytes(data[: chance.randrange(len(data))])
    if kind == 1:
        for _ in range(chance.randint(1, 50)):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind == 2:
        place = chance.randrange(len(data))
        data[place:place] = chance.randbytes(chance.randint(1, 2000))
    elif kind == 3:
        data += bytes(chance.choice([1, 1000, 2**20, 2**24]))
    else:
        data[:16] = chance.choice([b"PK\x03\x04", b"\x80\x04", b"\x7fELF", b"\x89PNG\r\n\x1a\n", b"\xff" * 8]).ljust(16)
    return bytes(data)


if __name__ == "__main__":
    main()
