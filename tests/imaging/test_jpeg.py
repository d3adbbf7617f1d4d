"""What JPEG files say where libvips does not listen."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_style.imaging.encoding import write_photograph
from gan_style.imaging.exif import PREFIX, with_density
from gan_style.imaging.opening import open_photograph

DESCRIPTION, ORIENTATION = 0x010E, 0x0112
WORDS = "a description that is cut in two"


def jpeg(dpi: tuple[int, int] = (0, 0)) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.arange(8 * 12 * 3, dtype=np.uint8).reshape(8, 12, 3)).save(stream, "JPEG", dpi=dpi)
    return stream.getvalue()


def saying(unit: int, across: int, down: int) -> bytes:
    """A JPEG with a density as the header of JFIF says it."""
    content = jpeg()
    place = content.index(b"JFIF\0") + 7
    return content[:place] + bytes([unit, 0, across, 0, down]) + content[place + 5 :]


def block(words: str, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION], exif[DESCRIPTION] = orientation, words
    return PREFIX + exif.tobytes().removeprefix(PREFIX)


def with_blocks(content: bytes, *blocks: bytes) -> bytes:
    """A JPEG with EXIF segments behind its header."""
    place = 4 + int.from_bytes(content[4:6], "big")
    made = b"".join(b"\xff\xe1" + (len(one) + 2).to_bytes(2, "big") + one for one in blocks)
    return content[:place] + made + content[place:]


@pytest.mark.parametrize(
    ("unit", "said", "density"),
    [(1, (1, 1), (1 / 25.4, 1 / 25.4)), (2, (12, 20), (1.2, 2)), (0, (1, 2), None)],
)
@pytest.mark.parametrize("described", [False, True])
def test_density_is_what_the_header_says(
    unit: int, said: tuple[int, int], density: tuple[float, float] | None, described: bool
) -> None:
    content = saying(unit, *said)
    photograph = open_photograph(with_blocks(content, block("a cat", 6)) if described else content)
    across = density[::-1] if density and described else density  # It lies on its side.
    assert photograph.details.density == (pytest.approx(across) if across else None)


def test_density_of_the_block_outdoes_the_header() -> None:
    content = with_blocks(saying(1, 1, 1), with_density(block("a cat"), (300.0, 150.0)))
    assert open_photograph(content).details.density == pytest.approx((300 / 25.4, 150 / 25.4), rel=0.01)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_exif_in_several_segments_is_one_block(tmp_path: Path, suffix: str) -> None:
    whole = block(WORDS, 6)
    half = whole.index(WORDS.encode()) + 10
    photograph = open_photograph(with_blocks(jpeg(), whole[:half], PREFIX + whole[half:]))
    assert photograph.size == (8, 12)
    write_photograph(tmp_path / f"x{suffix}", photograph)
    with Image.open(tmp_path / f"x{suffix}") as image:
        assert image.getexif()[DESCRIPTION] == WORDS


def test_a_second_block_is_not_taken_for_the_rest_of_the_first() -> None:
    photograph = open_photograph(with_blocks(jpeg(), block("the first", 6), block("the second", 8)))
    assert photograph.details.exif is not None
    assert (b"the first" in photograph.details.exif) != (b"the second" in photograph.details.exif)
