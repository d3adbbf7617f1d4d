"""Compare gan-style with the reference readers, by two rules for their disagreements.

Content that only one reader finds (any content in a picture that is empty for the other, animation, a profile, a
density, EXIF, XMP, 16 bits) is taken as present, because readers overlook content but rarely invent it. Values that
both read differently (size, color, alpha, frame count, durations) are correct if they agree with one of them; such
files are marked as disputed.
"""

from __future__ import annotations

import functools
import io
import itertools
import re
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin
from references import Cells, Seen, distance

from gan_style.imaging.formats import Format

MEAN, CELL = 4.0, 24.0
"""Of 255: how far the means of pictures, and of their cells, may be apart."""

LOSSLESS = ("PNG", "TIFF", "BMP")
LOSSY_MEAN, LOSSY_CELL = 20.0, 48.0
"""The same after compression at half the resolution of color, or in a palette of 256 colors."""

SMALL = 64
"""Pixels of a side below which a picture is too small to be compared after compression in blocks."""

SOON, SOON_MEANS = 10, 100
"""Milliseconds: what is shown no longer than that, browsers show so long."""

MOST_PLAYS = 2**16 - 1
"""That GIF and WebP can count; what plays more often may as well do so for ever."""

HOLDING_DENSITY = ("PNG", "JPEG", "TIFF")
HOLDING_METADATA = ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", "HEIF")
LONGEST_JPEG_BLOCK = 65533

Faults = dict[str, str]


def of_decoding(ours: Seen, readers: Sequence[Seen]) -> tuple[Faults, Faults]:
    """What is wrong with a decoded picture, and what the readers dispute, by kind."""
    faults, disputed = {}, {}
    readers = [one for one in readers if any(frame[..., 3].any() for frame in one.frames)] or readers
    readers = [one for one in readers if one.delays] or readers
    counts = [len(one.frames) for one in readers]
    if len(ours.frames) not in counts:
        faults["frames"] = f"{len(ours.frames)} instead of {max(counts)}"
    readers = [one for one in readers if len(one.frames) == len(ours.frames)] or readers
    for kind, differ in CHECKS.items():
        words = [words for one in readers if (words := differ(ours, one))]
        if len(words) == len(readers):
            faults[kind] = words[0]
        elif words:
            disputed[kind] = words[0]
    return faults, disputed


def sizes(ours: Seen, theirs: Seen) -> str:
    return "" if ours.size == theirs.size else f"{ours.size} instead of {theirs.size} ({theirs.reader})"


def colors(ours: Seen, theirs: Seen) -> str:
    mean, cell = distance(ours.frames, theirs.frames, slice(3))
    if mean <= MEAN and cell <= CELL:
        return ""
    values = [str(one.frames[0][..., :3].mean((0, 1)).round(1).tolist()) for one in (ours, theirs)]
    return f"{values[0]} instead of {values[1]} ({theirs.reader}; {mean:.0f} in the mean, {cell:.0f} in a cell)"


def opacity(ours: Seen, theirs: Seen) -> str:
    mean, cell = distance(ours.frames, theirs.frames, slice(3, 4))
    values = [f"{one.frames[0][..., 3].mean():.1f}" for one in (ours, theirs)]
    return "" if mean <= MEAN and cell <= CELL else f"{values[0]} instead of {values[1]} ({theirs.reader})"


def durations(ours: Seen, theirs: Seen) -> str:
    pairs = zip(ours.delays, theirs.delays, strict=False)
    wrong = [f"{one} instead of {other} ms" for one, other in pairs if abs(shown(one) - shown(other)) > 1]
    return f"{wrong[0]} ({theirs.reader})" if wrong else ""


def shown(delay: int) -> int:
    """How long a browser shows a frame."""
    return delay if delay > SOON else SOON_MEANS


def loops(ours: Seen, theirs: Seen) -> str:
    wrong = theirs.delays and ours.delays and theirs.plays is not None and ours.plays != theirs.plays
    return f"{ours.plays} instead of {theirs.plays} ({theirs.reader})" if wrong else ""


CHECKS: dict[str, Callable[[Seen, Seen], str]] = {
    "size": sizes,
    "color": colors,
    "opacity": opacity,
    "durations": durations,
    "loop": loops,
}


def of_painting(made: Sequence[Seen], ours: Seen, readers: Sequence[Seen], form: Format) -> Faults:
    """What a painting that changes nothing has lost of its photograph, by kind.

    Args:
        made: what the readers see in the painting.
        ours: what has been decoded.
        readers: what the readers see in the photograph.
        form: of the painting.
    """
    faults: Faults = {}
    best = made[0]
    if any(one.size != ours.size for one in made):
        faults["size"] = f"{best.size} instead of {ours.size}"
    frames = ours.frames if form.moving else ours.frames[:1]
    expected = [frame if form.alpha else on_white(frame) for frame in frames]
    same_count = [one for one in made if len(one.frames) == len(expected)]
    if not same_count and not merged(expected, max(len(one.frames) for one in made)):
        faults["frames"] = f"{len(best.frames)} instead of {len(expected)}"
    most_mean, most_cell = (MEAN, CELL) if form.name in LOSSLESS else (LOSSY_MEAN, LOSSY_CELL)
    if form.name not in LOSSLESS and min(ours.size) < SMALL:
        most_mean = most_cell = 255.0
    for kind, bands in (("color", slice(3)), ("opacity", slice(3, 4))):
        apart = [distance(one.frames, expected, bands) for one in same_count]
        mean, cell = min(apart, default=(0.0, 0.0))
        if mean > most_mean or cell > most_cell:
            faults[kind] = f"{mean:.0f} from the photograph in the mean, {cell:.0f} in a cell"
    if form.moving and ours.delays:
        faults |= of_movement(made, ours)
    if form.deep and ours.deep and not any(one.deep for one in made):
        faults["depth"] = "8 bits instead of 16"
    return faults | of_metadata(made, readers, form)


def on_white(frame: Cells) -> Cells:
    """Cells as they look on white paper."""
    result = frame.copy()
    result[..., :3] += 255 - frame[..., 3:]
    result[..., 3] = 255
    return result


def merged(frames: Sequence[Cells], count: int) -> bool:
    """Whether so many frames are left where equal neighbors become one."""
    changes = sum(not np.allclose(one, other, atol=1) for one, other in itertools.pairwise(frames))
    return 1 + changes <= count < len(frames)


def of_movement(made: Sequence[Seen], ours: Seen) -> Faults:
    """What is wrong with how the frames of a painting follow each other."""
    faults: Faults = {}
    expected = sum(map(shown, ours.delays))
    totals = [sum(map(shown, one.delays)) for one in made if one.delays]
    if totals and min(abs(total - expected) for total in totals) > 10 * len(ours.delays):
        faults["durations"] = f"{totals[0]} instead of {expected} ms in all"
    plays = [one.plays for one in made if one.delays and one.plays is not None]
    if plays and not {ours.plays, ours.plays if (ours.plays or 0) <= MOST_PLAYS else 0} & set(plays):
        faults["loop"] = f"{plays[0]} instead of {ours.plays}"
    return faults


def of_metadata(made: Sequence[Seen], readers: Sequence[Seen], form: Format) -> Faults:
    """What a painting has lost of what lies beside the pixels."""
    faults: Faults = {}
    profiles = {one.profile for one in readers if one.profile and one.color and goes_back(one.profile)}
    if form.name == "PNG":  # Pillow takes a file with a larger one for an attack.
        profiles = {one for one in profiles if len(one) <= PngImagePlugin.MAX_TEXT_CHUNK}
    if form.name in HOLDING_METADATA and profiles and not profiles & {one.profile for one in made}:
        faults["profile"] = f"{len(next(iter(profiles)))} bytes are gone"
    densities = [sorted(one.density) for one in readers if one.density]
    if form.name in HOLDING_DENSITY and densities:
        kept = [sorted(one.density) for one in made if one.density]
        if not any(np.allclose(one, other, rtol=0.01, atol=0.6) for one in densities for other in kept):
            faults["density"] = f"{kept[:1]} instead of {densities[0]} pixels per inch"
    long = form.name == "JPEG" and max(one.exif_bytes for one in readers) > LONGEST_JPEG_BLOCK
    if form.name in HOLDING_METADATA and not long:
        lost = lost_entries(made, readers)
        if lost:
            faults["exif"] = ", ".join(lost[:4]) + f" ({len(lost)} entries)"
    packets = [core(one.xmp) for one in readers if one.xmp]
    if form.name in HOLDING_METADATA and packets:
        kept_packets = [core(one.xmp) for one in made if one.xmp]
        if not set(packets) & set(kept_packets):
            faults["xmp"] = "changed" if kept_packets else f"{len(packets[0])} bytes are gone"
    return faults


def lost_entries(made: Sequence[Seen], readers: Sequence[Seen]) -> list[str]:
    """EXIF entries that no reader finds in the painting as one finds them in the photograph; a program signs."""
    there = {(tag, words) for one in readers for tag, words in one.exif.items()}
    kept = {(tag, words) for one in made for tag, words in one.exif.items()}
    tags = {tag for tag, _ in there - kept}
    # A tag that the readers read differently is kept if one of the ways is.
    return sorted(tag for tag in tags if not any(tag == other for other, _ in there & kept))


def core(packet: bytes) -> bytes:
    """A packet without its orientation and the space around it."""
    return re.sub(rb"(tiff:Orientation\D{1,4})\d", rb"\1", packet).strip(b"\0 \n\r\t")


@functools.cache
def goes_back(profile: bytes) -> bool:
    """Whether Pillow can convert to a profile of three colors, and finds again from there what it was."""
    if profile[16:20] != b"RGB ":
        return False
    levels = np.linspace(64, 192, 5).astype(np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(5, 25, 3)
    try:
        srgb = ImageCms.createProfile("sRGB")
        there = ImageCms.buildTransform(srgb, io.BytesIO(profile), "RGB", "RGB")
        back = ImageCms.buildTransform(io.BytesIO(profile), srgb, "RGB", "RGB")
        image = ImageCms.applyTransform(Image.fromarray(colors), there)
        found = image and ImageCms.applyTransform(image, back)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return bool(np.abs(np.asarray(found).astype(int) - colors).mean() <= MEAN)
