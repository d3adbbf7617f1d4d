"""Compare styles on photographs and paintings that none of them was trained on.

python examples/compare_styles.py photos paintings monet mine.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gan_style


def main() -> None:
    """Print one line per style, the one closest to the paintings first."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("photos", type=Path, help="at least 10; more make the intervals narrower")
    parser.add_argument("paintings", type=Path, help="likewise")
    parser.add_argument("styles", nargs="+")
    parser.add_argument("--features", default="auto", help="see docs/explanation/evaluation.md")
    arguments = parser.parse_args()

    results = {
        style: gan_style.evaluate(arguments.photos, arguments.paintings, style=style, features=arguments.features)
        for style in arguments.styles
    }
    print(f"{'style':24} {'distance to the paintings':>28} {'kept of the photographs':>24}")
    for style, result in sorted(results.items(), key=lambda item: item[1].painted.kid.value):
        distance, low, high = result.painted.kid.value, *result.painted.kid.interval
        interval = f"{distance:.4f} [{low:.4f}, {high:.4f}]"
        print(f"{Path(style).stem:24} {interval:>28} {result.content.similarity.value:>24.2f}")
    print("Intervals cover 95 %. Where two of them overlap, use more pictures before you prefer a style.")


if __name__ == "__main__":
    main()
