"""Every objective, and the pixel discriminator, trained for the same time: curves, metrics and sample paintings.

    python benchmarks/objectives.py PHOTOS PAINTINGS OTHER_PHOTOS OTHER_PAINTINGS OUT --minutes 10 [NAME ...]

Trainings run one after another; what OUT already holds is not done again, and an interrupted training is resumed.
Prints a table in Markdown and writes curves.svg, and photographs with their paintings, into OUT. With OMP_NUM_THREADS=1
every training has one core.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import skimage
from PIL import Image

import gan_style
from gan_style.models.discriminator import DiscriminatorConfig

PHOTOS = ("coffee.png", "rocket.jpg", "chelsea.png")
WIDTH, HEIGHT = 900, 420
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""The color-blind-safe palette of Okabe and Ito."""


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        objective: by name.
        discriminator: its kind.
        critic_steps: steps of the discriminator for each of the generator.
    """

    objective: str = "least-squares"
    discriminator: str = "projected"
    critic_steps: int = 1


CASES = {
    "least-squares": Case(),
    "bce": Case("bce"),
    "bce-saturating": Case("bce-saturating"),
    "hinge": Case("hinge"),
    "wasserstein": Case("wasserstein"),
    "wasserstein-5": Case("wasserstein", critic_steps=5),
    "patch": Case(discriminator="patch"),
    "patch-bce": Case("bce", discriminator="patch"),
    "patch-wasserstein": Case("wasserstein", discriminator="patch", critic_steps=5),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("paintings", type=Path)
    parser.add_argument("other_photos", type=Path, help="held-out photographs")
    parser.add_argument("other_paintings", type=Path, help="held-out paintings")
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(CASES)}; all by default")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--start", default="scratch")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in options.names or CASES:
        style, figures = options.out / f"{name}.safetensors", options.out / f"{name}.json"
        if not figures.exists():
            train(CASES[name], style, options)
            result = gan_style.evaluate(options.other_photos, options.other_paintings, style=style)
            figures.write_text(json.dumps(result.as_json(), indent=1))
        rows.append(row(name, style, json.loads(figures.read_text())))
    print("| what | steps | kept aside | on other pictures |\n|---|---|---|---|")
    print("\n".join(rows), flush=True)
    styles = {name: options.out / f"{name}.safetensors" for name in options.names or CASES}
    (options.out / "curves.svg").write_text(curves(styles, options.minutes))
    for photo in PHOTOS:
        sheet(photo, styles, options.out)


def train(case: Case, style: Path, options: argparse.Namespace) -> None:
    """Train, or resume an interrupted training."""
    run = style.with_name(f"{style.stem}-run")
    if any(run.glob("state-*")):
        gan_style.resume(run)
        return
    recipe = gan_style.Recipe(
        objective=case.objective,
        critic_steps=case.critic_steps,
        discriminator=DiscriminatorConfig(case.discriminator),
    )
    limit = gan_style.Limit(minutes=options.minutes)
    gan_style.train(
        options.photos, options.paintings, style, recipe=recipe, limit=limit, start=options.start, overwrite=True
    )


def history(style: Path) -> list[dict[str, float]]:
    """The history entries of a training that have an evaluation."""
    path = style.with_name(f"{style.stem}-run") / "history.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in lines if line.get("held_closed") is not None]


def row(name: str, style: Path, figures: dict[str, Any]) -> str:
    """A row of the table: shares of the gap closed in per cent."""
    last = history(style)[-1]
    start = f"| {name} | {last['step']} | {100 * last['held_closed']:.0f} %"
    closed = next(one["closed"] for one in figures["rows"] if one["name"] == "painted photographs")
    if closed is None:
        return f"{start} | not apart |"
    margin = (closed["interval_95"][1] - closed["interval_95"][0]) / 2
    return f"{start} | {100 * closed['value']:.1f} % ± {100 * margin:.1f} |"


def curves(styles: dict[str, Path], minutes: float) -> str:
    """Share of the gap closed over time, as SVG that is legible on light and on dark ground."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 200} {HEIGHT + 50}" font-family="sans-serif" '
        'font-size="15"><rect width="100%" height="100%" fill="white"/>'
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = 20 + (HEIGHT - 20) * (1 - share)
        parts.append(
            f'<path d="M50 {y:.0f}H{WIDTH}" stroke="#ddd"/><text x="5" y="{y + 5:.0f}">{share:.0%}</text>'.replace(
                "%<", " %<"
            )
        )
    parts.append(f'<text x="{WIDTH}" y="{HEIGHT + 25}" text-anchor="end">{minutes:g} minutes</text>')
    for index, (name, style) in enumerate(styles.items()):
        color = COLORS[index % len(COLORS)]
        dashes = "" if index < len(COLORS) else ' stroke-dasharray="6 4"'
        points = " ".join(
            f"{50 + (WIDTH - 50) * line['seconds'] / (60 * minutes):.1f},"
            f"{20 + (HEIGHT - 20) * (1 - min(max(line['held_closed'], 0), 1)):.1f}"
            for line in history(style)
        )
        line = f'fill="none" stroke="{color}" stroke-width="2.5"{dashes}'
        y = 30 + 26 * index
        parts.append(f'<polyline points="{points}" {line}/><path d="M{WIDTH + 15} {y}h30" {line}/>')
        parts.append(f'<text x="{WIDTH + 52}" y="{y + 5}">{name}</text>')
    return "".join(parts) + "</svg>\n"


def sheet(photo: str, styles: dict[str, Path], out: Path) -> None:
    """A photograph and its paintings, each with the name of its training in the file's name."""
    with Image.open(Path(skimage.__file__).parent / "data" / photo) as picture:
        picture.convert("RGB").save(out / f"{Path(photo).stem}.png")
    for name, style in styles.items():
        gan_style.load_style(style).paint(out / f"{Path(photo).stem}.png").save(out / f"{Path(photo).stem}-{name}.png")


if __name__ == "__main__":
    main()
