"""Test decoding and painting on public test pictures against Pillow and libvips.

    python benchmarks/corpus.py FOLDER... [--json results.jsonl]

Every file below the folders, whatever its name, is read by Pillow (with the HEIC plugin) and by libvips, both in strict
mode: complete and without errors. A file that either of them reads is a picture. gan-style must read it, too, with the
same size, colors, alpha, frames, durations and loop count, and find it in its folder. When it is written again
unchanged (without a network) as PNG, JPEG, WebP, TIFF and in its own format, it must keep what the format supports: 16
bits, profile, density, EXIF and XMP. Files that neither reads must be rejected. `differences.py` has the rules where
the two disagree; there is no list of exceptions. Not counted as pictures are files that libvips renders (SVG, PDF) or
reads from tables, previews in camera raw files, and pictures above the default of `--max-pixels`.

Files are tested in a worker process with limited time and memory, so that crashes and hangs are counted and do not stop
the run. Prints rates by format, then a line for each file with a fault.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

FORMATS = ("png", "jpg", "webp", "tif")
"""Output formats of every picture, in addition to its own."""

CORNER = 256
"""Pixels of a side that are written; all are decoded."""

CONTEXT = multiprocessing.get_context("spawn")


@dataclass
class Result:
    """Result for a file.

    Attributes:
        path: of it.
        form: what the readers call its format; the extension where none reads it.
        state: ``right``, ``wrong``, ``refused`` (though a reader reads it), ``accepted`` (though none does),
            ``crash``, ``hang``, or ``no picture``.
        readers: those that read it.
        faults: what is wrong, by kind; after a colon the format of the painting.
        disputed: what the readers see differently, one of them as gan-style does.
        reasons: why readers, and gan-style, do not read it.
    """

    path: str
    form: str = ""
    state: str = "no picture"
    readers: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    disputed: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


def tried(path: Path, found: bool, paint: bool) -> Iterator[Result]:
    """Compare one file; what is known so far is yielded before each step that could end the process."""
    from references import plugins_as_before, readings

    from gan_style.defaults import MAX_PIXELS

    result = Result(str(path), path.suffix.lower().lstrip("."))
    yield result
    readers, result.reasons = readings(path, MAX_PIXELS)
    result.readers = [one.reader for one in readers]
    if readers:
        result.form = readers[0].form.lower()
    yield result
    with plugins_as_before():
        yield from compared(result, path, readers, paint)
    if result.readers and result.state != "refused" and not found:
        result.faults["folder"] = "painted when named and not found in its folder"
    if result.state in ("right", "wrong"):
        result.state = "wrong" if result.faults else "right"
    yield result


def compared(result: Result, path: Path, readers: Sequence[Any], paint: bool) -> Iterator[Result]:
    """Let gan-style read a file, and paint it unchanged, and compare."""
    from differences import of_decoding
    from references import of_photograph

    from gan_style.errors import GanStyleError
    from gan_style.imaging.opening import open_photograph

    try:
        photograph = open_photograph(path)
        ours = of_photograph(photograph)
    except GanStyleError as error:
        result.reasons.append(str(error).replace(str(path), "It"))
        result.state = "refused" if readers else "no picture"
        return
    except Exception as error:
        result.reasons.append(f"{type(error).__name__}: {error}")
        result.state = "crash"
        return
    if not readers:
        result.state = "accepted"
        return
    result.state = "right"
    result.faults, result.disputed = of_decoding(ours, readers)
    yield result
    if paint:
        photograph = corner(photograph)
        ours = of_photograph(photograph)
        for suffix in dict.fromkeys([*FORMATS, path.suffix.lower().lstrip(".")]):
            result.faults |= painted(photograph, ours, readers, suffix)
            yield result


def corner(photograph: Any) -> Any:
    """A picture that is not large: what lies beside the pixels is written the same, in a fraction of the time."""
    from gan_style.imaging.canvas import Canvas

    width, height = photograph.size
    if max(width, height) <= CORNER:
        return photograph
    rows, columns = min(height, CORNER), min(width, CORNER)
    pixels = Canvas((photograph.frames * rows, columns, photograph.pixels.shape[2]), photograph.pixels.dtype)
    for number in range(photograph.frames):
        part = photograph.frame(number)[slice(0, rows), slice(0, columns)]
        pixels[slice(number * rows, (number + 1) * rows), slice(None)] = part
    return dataclasses.replace(photograph, pixels=pixels)


def painted(photograph: Any, ours: Any, readers: Sequence[Any], suffix: str) -> dict[str, str]:
    """What is lost on the way into a file of some kind."""
    from differences import of_painting
    from references import readings

    from gan_style.errors import GanStyleError
    from gan_style.imaging.encoding import write_photograph
    from gan_style.imaging.formats import FORMATS, check_fits

    form = FORMATS.get(f".{suffix}")
    if form is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"painting.{suffix}"
        try:
            check_fits(form, photograph.size, path.name)
        except GanStyleError:
            return {}
        try:
            write_photograph(path, photograph)
        except Exception as error:
            return {f"unwritten:{suffix}": f"{type(error).__name__}: {error}"}
        made, reasons = readings(path, 2**31)
        if not made:
            return {f"unreadable:{suffix}": "; ".join(reasons)}
        faults = of_painting(made, ours, readers, form)
    return {f"{kind}:{suffix}": words for kind, words in faults.items()}


def work(connection: Connection, memory: int) -> None:
    """Try what comes, until nothing more does."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    os.environ["VIPS_CONCURRENCY"] = "1"
    while True:
        for result in tried(*connection.recv()):
            connection.send((False, result))
        connection.send((True, result))


class Worker:
    """A process that tries files, and is replaced where it ends or takes too long."""

    def __init__(self, seconds: float, memory: int) -> None:
        self.seconds, self.memory = seconds, memory
        self.start()

    def start(self) -> None:
        """Begin with a fresh process."""
        self.connection, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=work, args=(theirs, self.memory), daemon=True)
        self.process.start()
        theirs.close()

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.join()
        self.connection.close()

    def tried(self, path: Path, found: bool, paint: bool) -> Result:
        """What became of a file."""
        result = Result(str(path), path.suffix.lower().lstrip("."))
        until = time.monotonic() + self.seconds
        self.connection.send((path, found, paint))
        done = False
        while not done:
            if not self.connection.poll(max(0.0, until - time.monotonic())):
                result.state = "hang"
                break
            try:
                done, result = self.connection.recv()
            except (EOFError, OSError):
                result.state = "crash"
                break
        if not done:
            if not result.readers:
                result.reasons.append("while the readers were reading, or right after")
            self.end()
            self.start()
        return result


def files_below(folders: Sequence[Path]) -> dict[Path, bool]:
    """All files, each with whether gan-style finds it in its folder, or need not: hidden files are passed over."""
    from gan_style.imaging.finding import find_pictures

    files: dict[Path, bool] = {}
    for folder in folders:
        if folder.is_file():
            files[folder] = True
            continue
        found = set(find_pictures(folder))
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
                files[path] = hidden or path in found
    return files


def all_tried(options: argparse.Namespace) -> Iterator[Result]:
    """Yield results as they arrive."""
    files = files_below(options.folders)
    idle: SimpleQueue[Worker] = SimpleQueue()
    workers = [Worker(options.seconds, options.memory << 20) for _ in range(options.processes)]
    for worker in workers:
        idle.put(worker)

    def one(path: Path) -> Result:
        worker = idle.get()
        try:
            return worker.tried(path, files[path], not options.decode_only)
        finally:
            idle.put(worker)

    try:
        with ThreadPoolExecutor(options.processes) as pool:
            for number, result in enumerate(pool.map(one, files), 1):
                if number % 100 == 0:
                    print(f"{number} of {len(files)} files", file=sys.stderr)
                yield result
    finally:
        for worker in workers:
            worker.end()


def print_rates(results: Sequence[Result]) -> None:
    """A row for each format: how many files, how many of them pictures, and how many of those come out right."""
    by_form = defaultdict(list)
    for result in results:
        by_form[result.form if result.readers else "(no picture)"].append(result)
    kinds = sorted({kind.partition(":")[0] for result in results for kind in result.faults})
    columns = ["files", "pictures", "right", "refused", "accepted", "crash", "hang", *kinds, "disputed"]
    print("format".ljust(14), *(name.rjust(max(8, len(name))) for name in columns))
    for form, group in [*sorted(by_form.items()), ("all", list(results))]:
        states = Counter(result.state for result in group)
        wrong = Counter(kind for result in group for kind in {key.partition(":")[0] for key in result.faults})
        counts = states | wrong | Counter(files=len(group), pictures=sum(bool(one.readers) for one in group))
        counts["disputed"] = sum(bool(one.disputed) for one in group)
        print(form.ljust(14), *(str(counts[name]).rjust(max(8, len(name))) for name in columns))


def print_faults(results: Sequence[Result]) -> None:
    """One line per file with a fault."""
    for result in results:
        if result.state not in ("right", "no picture"):
            words = [f"{kind} {what}" for kind, what in result.faults.items()] or result.reasons
            print(f"{result.path}: {result.state}: {'; '.join(words)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=120.0, help="time limit per file")
    parser.add_argument("--memory", type=int, default=4096, help="address space limit of a process in MiB")
    parser.add_argument("--decode-only", action="store_true", help="write no paintings")
    parser.add_argument("--json", type=Path, help="output file with one JSON line per file")
    options = parser.parse_args()
    results = []
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(options.json.open("w")) if options.json else None
        for result in all_tried(options):
            results.append(result)
            if log:
                log.write(json.dumps(dataclasses.asdict(result)) + "\n")
                log.flush()
    print_rates(results)
    print_faults(results)
    sys.exit(any(result.state not in ("right", "no picture") for result in results))


if __name__ == "__main__":
    main()
