"""Fuzz picture decoding: each damaged file must give a painting or an error, in bounded time and memory.

    python benchmarks/fuzz_pictures.py PHOTO --count 2000

Files of every output format are truncated, get modified bytes, lengths or header sizes, or a wrong extension. Each is
painted through the library by a tiny untrained network, as on the command line; no partial file may remain.
"""

from __future__ import annotations

import argparse
import collections
import random
import resource
import tempfile
import time
from pathlib import Path

import torch
from PIL import Image

from gan_style.checkpoints.style_file import StyleFile, write_style
from gan_style.imaging.encoding import write_photograph
from gan_style.imaging.formats import FORMATS
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.plugins import heic_available
from gan_style.inference.batch import Rules, run
from gan_style.inference.options import StylizeOptions
from gan_style.inference.planning import Job
from gan_style.inference.style import load_style
from gan_style.models.generator import Generator, GeneratorConfig


def specimens(photo: Path, folder: Path) -> list[Path]:
    """One small file per format, some with animation, 16 bits, alpha and metadata."""
    with Image.open(photo) as image:
        small = image.convert("RGB").resize((96, 64))
    small.save(folder / "x.png")
    suffixes = [suffix for suffix in FORMATS if suffix not in (".heic", ".heif") or heic_available()]
    for suffix in suffixes:
        write_photograph(folder / f"still{suffix}", open_photograph(folder / "x.png"))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a photograph"
    small.save(folder / "turned.jpg", exif=exif, progressive=True)
    small.convert("CMYK").save(folder / "ink.jpg")
    small.convert("I;16").save(folder / "deep.png")
    small.convert("P").save(folder / "palette.png", transparency=3)
    small.convert("1").save(folder / "bit.tif", compression="group4")
    frames = [small, small.rotate(90), small.rotate(180)]
    for suffix in (".gif", ".webp", ".png"):
        frames[0].save(folder / f"moving{suffix}", save_all=True, append_images=frames[1:], duration=80)
    return sorted(folder.iterdir())


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Damage a file in one or several ways."""
    data = bytearray(content)
    way = chance.randrange(5)
    if way == 0:
        return bytes(data[: chance.choice([0, 1, 3, 8, 20, chance.randrange(len(data)), len(data) - 1])])
    if way == 1:
        for _ in range(chance.choice([1, 5, 50])):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif way == 2:  # Headers lie.
        place = chance.randrange(min(200, len(data) - 4))
        data[place : place + 4] = chance.choice(
            [b"\xff\xff\xff\x7f", b"\x00\x00\xff\xff", b"\xff\xff\xff\xff", bytes(4)]
        )
    elif way == 3:
        start = chance.randrange(len(data))
        del data[start : start + chance.randrange(1, 200)]
    else:
        start = chance.randrange(len(data))
        data[start:start] = chance.randbytes(chance.randrange(1, 200))
    return bytes(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    ends: collections.Counter[str] = collections.Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "whole").mkdir()
        whole = specimens(options.photo, folder / "whole")
        torch.manual_seed(0)
        tiny = Generator(GeneratorConfig(channels=8, blocks=1, refine_channels=8))
        write_style(folder / "tiny.safetensors", StyleFile(tiny, size=64, licence="", training={}))
        style = load_style(folder / "tiny.safetensors")
        for number in range(options.count):
            origin = chance.choice(whole)
            suffix = origin.suffix if chance.random() < 0.8 else chance.choice(sorted(FORMATS)[:4])
            source = folder / f"{number}{suffix}"
            source.write_bytes(damaged(origin.read_bytes(), chance))
            target = folder / "out" / f"{number}.png"
            start = time.perf_counter()
            (outcome,) = run([Job(source, target)], style, StylizeOptions(), Rules())
            slowest = max(slowest, time.perf_counter() - start)
            ends[outcome.state] += 1
            if outcome.error:
                sentence = str(outcome.error)
                assert "\n" not in sentence, sentence
                assert sentence.endswith("."), sentence
                assert not target.exists()
            else:
                open_photograph(target)
                target.unlink()
            source.unlink()
        assert not list((folder / "out").iterdir()), "something half-written is left"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{options.count} files: {dict(ends)}; slowest {slowest:.2f} s; peak {memory} MiB")


if __name__ == "__main__":
    main()
