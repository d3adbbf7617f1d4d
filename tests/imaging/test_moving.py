"""Moving pictures: frames in, frames out."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from gan_style.errors import PictureError
from gan_style.imaging import apng, vips
from gan_style.imaging import canvas as canvas_module
from gan_style.imaging.apng_writing import add_frames
from gan_style.imaging.canvas import Canvas
from gan_style.imaging.encoding import Saving, encode, write_photograph
from gan_style.imaging.formats import FORMATS
from gan_style.imaging.isobmff import loop_count, set_loop_count
from gan_style.imaging.metadata import Details
from gan_style.imaging.opening import open_photograph
from gan_style.imaging.photograph import Animation, Photograph
from gan_style.imaging.png import MAX_COMPRESSED, SIGNATURE, chunk, chunks
from gan_style.imaging.types import Pixels
from gan_style.inference.batch import adapt_to_format

MOVING = [suffix for suffix, form in FORMATS.items() if form.moving]
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")


def film(frames: Sequence[npt.NDArray[np.generic]], delays: Sequence[int], loop: int = 0) -> Photograph:
    """A moving picture."""
    stack = np.concatenate(frames)
    canvas = Canvas(stack.shape, stack.dtype)
    canvas[:, :] = stack
    return Photograph(canvas, animation=Animation(tuple(delays), loop))


def frames_of(photograph: Photograph) -> list[npt.NDArray[np.int64]]:
    return [photograph.frame(index)[:, :].astype(np.int64) for index in range(photograph.frames)]


def saved(frames: Sequence[Pixels], form: str, **options: Any) -> bytes:
    """A moving picture as Pillow writes it."""
    first, *rest = map(Image.fromarray, frames)
    stream = io.BytesIO()
    first.save(stream, form, save_all=True, append_images=rest, **options)
    return stream.getvalue()


def crops(cat: Pixels, count: int) -> list[Pixels]:
    return [cat[40 * index : 40 * index + 40, 60:120] for index in range(count)]


def test_a_picture_hidden_from_programs_that_animate_is_not_shown(tmp_path: Path, cat: Pixels) -> None:
    hidden, *frames = crops(cat, 4)
    source = saved([hidden, *frames], "PNG", default_image=True, duration=[100, 200, 50], loop=2)
    photograph = open_photograph(source)
    assert photograph.animation == Animation((100, 200, 50), 2)
    assert np.array_equal(frames_of(photograph), frames)
    write_photograph(tmp_path / "x.png", photograph)
    with Image.open(tmp_path / "x.png") as image:
        assert vars(image)["n_frames"] == 3
    # With a single frame it is that frame, though it does not move.
    alone = open_photograph(saved([hidden, frames[0]], "PNG", default_image=True))
    assert alone.animation is None
    assert np.array_equal(alone.pixels[:, :], frames[0])


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("in_memory", [True, False])
def test_sixteen_bits_stay_in_moving_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int, in_memory: bool
) -> None:
    if not in_memory:
        monkeypatch.setattr(canvas_module, "IN_MEMORY", 1000)
    random = np.random.default_rng(channels)
    frames = [random.integers(1, 65535, (20, 30, channels)).astype(np.uint16) for _ in range(3)]
    frames.append(frames[-1].copy())
    frames.append(frames[-1].copy())
    frames[-1][4:9, 7:13] = 999
    for frame in frames:
        frame[..., 3:] = 65535  # Colours under transparent pixels are others'.
    animation = Animation((100, 16, 70_000, 40, 40), 3)
    write_photograph(tmp_path / "x.png", film(frames, animation.delays, 3))
    again = open_photograph(tmp_path / "x.png")
    assert again.pixels.dtype == np.uint16
    assert again.animation == animation
    assert np.array_equal(frames_of(again), frames)
    with Image.open(tmp_path / "x.png") as image:  # Others read it, too.
        for index, frame in enumerate(frames):
            image.seek(index)
            assert np.abs(np.asarray(image).astype(int) - (frame >> 8)).max() <= 1
            assert image.info["duration"] == animation.delays[index]
    # Elsewhere it leaves with 8.
    for suffix in {".gif", ".webp", ".avif"} & set(MOVING):
        assert open_photograph(encode(again, FORMATS[suffix], Saving())).pixels.dtype == np.uint8


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 2**32 - 1)), min_size=2, max_size=5))
def test_frames_are_laid_over_each_other_as_pillow_does(controls: list[tuple[int, int, int]]) -> None:
    frames = []
    for _, _, seed in controls:
        random = np.random.default_rng(seed)
        frame = random.integers(0, 256, (6, 7, 4)).astype(np.uint8)
        frame[..., 3] = random.choice([0, 255], (6, 7))
        frames.append(frame)
    disposals, blendings = ([one[index] for one in controls] for index in (0, 1))
    source = saved(frames, "PNG", disposal=disposals, blend=blendings, duration=50)
    film_ = apng.read_animated_png(io.BytesIO(source))
    if film_ is None:
        return
    shown = [pixels.copy() for pixels in apng.composited_frames(io.BytesIO(source), film_)]
    with Image.open(io.BytesIO(source)) as image:
        assert vars(image)["n_frames"] == len(shown)
        for index, pixels in enumerate(shown):
            image.seek(index)
            expected = np.asarray(image.convert("RGBA")).astype(int)
            visible = expected[..., 3:] > 0
            assert np.array_equal(pixels[..., 3], expected[..., 3])
            assert np.array_equal(pixels[..., :3] * visible, expected[..., :3] * visible)


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_frame_is_what_the_same_still_picture_is(tmp_path: Path, cat: Pixels, bands: int, dtype: type) -> None:
    whole = 257 if dtype == np.uint16 else 1
    layers = [np.dstack([crop, crop[..., :1]])[..., -bands:] for crop in crops(cat, 2)]
    frames: list[npt.NDArray[np.generic]] = [crop.astype(dtype) * dtype(whole) for crop in layers]
    space = ("grey16" if bands < 3 else "rgb16") if dtype == np.uint16 else ("b-w" if bands < 3 else "srgb")
    vips.Image.new_from_array(frames[0], interpretation=space).pngsave(str(tmp_path / "x.png"))
    still = open_photograph(tmp_path / "x.png")
    add_frames(tmp_path / "x.png", Animation((10, 20)), [frames[0], frames[0]])
    moving = open_photograph(tmp_path / "x.png")
    assert moving.animation == Animation((10, 20))
    assert moving.pixels.dtype == still.pixels.dtype == dtype
    assert np.array_equal(frames_of(moving)[0], still.pixels[:, :])


def test_what_a_frame_hid_comes_back_where_it_is_asked_to(cat: Pixels) -> None:
    opacity = np.zeros((40, 60, 1), np.uint8)
    opacity[:, :30] = 255
    whole, left, right = (np.dstack([crop, np.full_like(opacity, 255)]) for crop in crops(cat, 3))
    left[..., 3:], right[..., 3:] = opacity, 255 - opacity
    photograph = open_photograph(saved([whole, left, right], "PNG", disposal=[0, 2, 0], blend=[0, 1, 1], duration=50))
    shown = frames_of(photograph)
    assert np.array_equal(shown[1][:, :30], left[:, :30])
    assert np.array_equal(shown[1][:, 30:], whole[:, 30:])
    assert np.array_equal(shown[2][:, :30], whole[:, :30])
    assert np.array_equal(shown[2][:, 30:], right[:, 30:])


def test_half_transparent_frames_mix() -> None:
    below = np.array([[[200, 100, 0, 255], [200, 100, 0, 128], [9, 9, 9, 0]]], np.uint8)
    above = np.array([[[0, 100, 200, 128], [0, 100, 200, 128], [50, 60, 70, 80]]], np.uint8)
    apng.alpha_composite(below, above)
    # 128/255 over opaque; over 128/255 the visible shares are 0.502 and 0.250; over nothing it is itself.
    assert np.abs(below.astype(int) - [[[100, 100, 100, 255], [66, 100, 134, 192], [50, 60, 70, 80]]]).max() <= 1


def test_of_a_damaged_animation_the_still_picture_is_painted_and_that_is_said(cat: Pixels) -> None:
    frames = crops(cat, 3)
    source = saved(frames, "PNG", duration=100)
    places = [place for kind, place, _ in chunks(io.BytesIO(source)) if kind == b"fcTL"]
    whole = source[: places[1] - 8] + chunk(b"IEND", b"")  # Frames that are promised are not there.
    photograph = open_photograph(whole, name="x.png")
    assert "animation that cannot be read" in photograph.remark
    assert photograph.animation is None
    assert np.array_equal(photograph.pixels[:, :], frames[0])
    mixed = bytearray(source)
    mixed[places[2] : places[2] + 4] = struct.pack(">I", 77)  # A frame out of order.
    assert "animation that cannot be read" in open_photograph(bytes(mixed)).remark
    with pytest.raises(PictureError):
        open_photograph(source[: places[1] // 2])


def test_what_is_said_of_frames_counts_wherever_it_stands_and_once(cat: Pixels) -> None:
    source = saved(crops(cat, 3), "PNG", duration=100)
    parts = [(kind, source[place - 8 : place + length + 4]) for kind, place, length in chunks(io.BytesIO(source))]
    start = [kind for kind, _ in parts].index(b"acTL")
    assert parts[start + 1][0] == b"fcTL"
    order = [*parts[:start], parts[start + 1], parts[start], *parts[start + 2 :]]
    early = open_photograph(SIGNATURE + b"".join(part for _, part in order))
    assert np.array_equal(frames_of(early), frames_of(open_photograph(source)))
    twice = SIGNATURE + b"".join(part for _, part in [*parts[: start + 1], *parts[start:]])
    photograph = open_photograph(twice)
    assert photograph.animation is None
    assert np.array_equal(photograph.pixels[:, :], crops(cat, 1)[0])
    never = SIGNATURE + b"".join(part for kind, part in parts if kind != b"acTL")
    photograph = open_photograph(never)
    assert (photograph.animation, photograph.remark) == (None, "")


def test_wide_colours_of_moving_pictures_are_painted_as_srgb_and_go_back(cat: Pixels) -> None:
    profile = bytes(vips.Image.profile_load("p3"))
    frames = crops(cat, 2)
    still = io.BytesIO()
    Image.fromarray(frames[0]).save(still, "PNG", icc_profile=profile)
    photograph = open_photograph(saved(frames, "PNG", icc_profile=profile))
    expected = open_photograph(still.getvalue())
    assert photograph.details.profile == profile
    assert np.array_equal(frames_of(photograph)[0], expected.pixels[:, :])
    assert np.abs(frames_of(photograph)[0] - frames[0]).mean() > 1, "it is not taken for sRGB"
    for suffix in {".png", ".avif"} & set(MOVING):
        again = open_photograph(encode(photograph, FORMATS[suffix], Saving(quality=95)))
        assert again.details.profile == profile
        assert np.abs(frames_of(again)[1] - frames_of(photograph)[1]).mean() < 4


@needs_avif
@pytest.mark.parametrize("loop", [0, 1, 4])
def test_moving_avif_keeps_frames_durations_and_loop(tmp_path: Path, cat: Pixels, loop: int) -> None:
    frames = crops(cat, 3)
    frames.append(frames[-1])
    delays = [100, 33, 34, 2000]
    source = open_photograph(saved(frames, "AVIF", duration=delays, quality=95))
    assert source.animation == Animation(tuple(delays), 0), "what says nothing of an end has none"
    assert np.abs(np.subtract(frames_of(source), frames)).mean() < 4
    for suffix in MOVING:
        photograph = film(frames, delays, loop)
        write_photograph(tmp_path / f"x{suffix}", photograph)
        again = open_photograph(tmp_path / f"x{suffix}")
        assert again.animation is not None
        assert again.animation.loop == loop, suffix
        assert sum(again.animation.delays) == pytest.approx(sum(delays), abs=5), suffix
        if suffix != ".webp":  # Its encoder makes one of frames that are alike.
            assert again.frames == 4, suffix
        if suffix in (".avif", ".png"):
            assert again.animation.delays == tuple(delays)
    assert (tmp_path / "x.avif").read_bytes()[4:12] == b"ftypavis"


@needs_avif
def test_what_repeats_beyond_counting_has_no_end(cat: Pixels) -> None:
    content = io.BytesIO(saved(crops(cat, 2), "AVIF", duration=100))
    set_loop_count(content, 2**40)
    assert loop_count(content) == 0
    photograph = film(crops(cat, 2), [100, 100], 100_000)
    for suffix, loop in ((".png", 100_000), (".gif", 0), (".webp", 0), (".avif", 100_000)):
        if suffix in MOVING:
            again = open_photograph(encode(photograph, FORMATS[suffix], Saving())).animation
            assert again is not None
            assert again.loop == loop, suffix


@needs_avif
def test_moving_avif_keeps_opacity_and_descriptions(cat: Pixels) -> None:
    opacity = np.full((40, 60, 1), 255, np.uint8)
    opacity[:20] = 0
    frames = [np.dstack([frame, opacity]) for frame in crops(cat, 2)]
    exif = Image.Exif()
    exif[0x010E] = "a cat"
    photograph = film(frames, [50, 50])
    details = Details(exif=b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0"), xmp=b"<x:xmpmeta/>")
    content = encode(Photograph(photograph.pixels, details, photograph.animation), FORMATS[".avif"], Saving())
    again = open_photograph(content)
    assert again.details.exif is not None
    assert b"a cat" in again.details.exif
    assert again.details.xmp == b"<x:xmpmeta/>"
    assert np.abs(frames_of(again)[1][..., 3:] - opacity).max() <= 3
    signed = open_photograph(encode(photograph, FORMATS[".avif"], Saving(signature="gan-style 1 (x)")))
    assert b"gan-style 1" in (signed.details.xmp or b"")
    assert len(encode(photograph, FORMATS[".avif"], Saving(quality=20))) < len(content)


@needs_avif
def test_of_an_avif_whose_frames_are_not_all_there_the_still_picture_is_painted(cat: Pixels) -> None:
    content = saved(crops(cat, 3), "AVIF", duration=100)
    photograph = open_photograph(content[:-200])
    assert photograph.animation is None
    assert "animation that cannot be read" in photograph.remark
    with pytest.raises(PictureError):
        open_photograph(content[: len(content) // 3])
    with pytest.raises(PictureError, match="max-pixels 7200"):
        open_photograph(content, max_pixels=7000)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_every_frame_is_turned_upright(cat: Pixels, form: str) -> None:
    frames = crops(cat, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    photograph = open_photograph(saved(frames, form, exif=exif.tobytes(), duration=100, **options))
    assert photograph.size == (40, 60)
    for shown, frame in zip(frames_of(photograph), frames, strict=True):
        assert np.abs(shown[..., :3] - np.rot90(frame, -1)).max() <= 1


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=50))
def test_steps_of_a_gif_last_as_long_together(delays: list[int]) -> None:
    steps = Animation(tuple(delays)).in_hundredths()
    assert all(step % 10 == 0 and step >= 0 for step in steps)
    if min(delays) >= 25:
        assert abs(sum(steps) - sum(delays)) <= 5
        assert max(abs(step - delay) for step, delay in zip(steps, delays, strict=True)) <= 10
    assert all(step >= 20 for step, delay in zip(steps, delays, strict=True) if delay > 10)


def test_frames_of_a_flic_are_painted() -> None:
    """Two frames of 2x1 pixels: the first sets a palette and both pixels, the second changes nothing."""
    palette = struct.pack("<HBB", 1, 0, 2) + bytes([10, 20, 30, 40, 50, 60])
    pixels = bytes([1, 254, 0, 1])
    parts = [struct.pack("<IH", 6 + len(palette), 4) + palette, struct.pack("<IH", 6 + len(pixels), 15) + pixels]
    first = struct.pack("<IHH8x", 16 + sum(map(len, parts)), 0xF1FA, 2) + b"".join(parts)
    second = struct.pack("<IHH8x", 16, 0xF1FA, 0)
    size = 128 + len(first) + 2 * len(second)
    header = struct.pack("<IHHHHHHI", size, 0xAF12, 2, 2, 1, 8, 3, 70).ljust(128, b"\0")
    photograph = open_photograph(header + first + second + second)
    assert photograph.animation is not None
    assert photograph.animation.delays == (70, 70)
    assert photograph.size == (2, 1)


def test_an_mpo_says_what_else_is_a_picture(cat: Pixels) -> None:
    preview = saved([cat[:40, :60], cat[40:80, :60]], "MPO")
    photograph = open_photograph(preview, name="x.mpo")
    assert photograph.size == (60, 40)
    assert not photograph.remark, "it is not known to be another view"
    with Image.open(io.BytesIO(preview)) as image:
        second = vars(image)["mpinfo"][0xB002][1]
    place = struct.pack("<II", second["Size"], second["DataOffset"])
    assert struct.pack("<I", 0) + place in preview
    views = preview.replace(struct.pack("<I", 0) + place, struct.pack("<I", 0x020002) + place)
    assert open_photograph(views, name="x.mpo").remark == "x.mpo has 2 pictures; only the first is painted."


@needs_avif
@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0II*\0\x08\0\0\0\x09", b"9"])
def test_a_broken_exif_block_costs_a_moving_avif_nothing_else(cat: Pixels, exif: bytes) -> None:
    photograph = replace(film(crops(cat, 2), [40, 40]), details=Details(exif=exif, xmp=b"<x:xmpmeta/>"))
    again = open_photograph(encode(photograph, FORMATS[".avif"], Saving()))
    assert again.frames == 2
    assert again.details.xmp == b"<x:xmpmeta/>"


def test_a_format_of_one_frame_has_no_other_painted(cat: Pixels) -> None:
    frames = crops(cat, 3)
    held = adapt_to_format(film(frames, [10, 20, 30]), FORMATS[".jpg"])
    assert held.animation is None
    assert np.array_equal(held.pixels[:, :], frames[0])
    assert held.remark == "JPEG holds one frame; only the first of 3 is painted."
    assert adapt_to_format(film(frames, [10, 20, 30]), FORMATS[".png"]).frames == 3


def test_nothing_that_is_left_out_of_a_moving_picture_goes_unsaid(cat: Pixels) -> None:
    large = Details(profile=b"no profile at all" + bytes(MAX_COMPRESSED))
    photograph = replace(film(crops(cat, 2), [10, 20]), details=large).with_remark("x has 2 pages.")
    held = adapt_to_format(photograph, FORMATS[".png"])
    too_large = "PNG cannot hold a color profile of this size; the painting is in sRGB."
    assert (held.frames, held.remark) == (2, f"x has 2 pages. {too_large}")
    with Image.open(io.BytesIO(encode(held, FORMATS[".png"], Saving()))) as made:
        assert "icc_profile" not in made.info
        assert made.n_frames == 2  # type: ignore[attr-defined]
    assert (
        adapt_to_format(photograph, FORMATS[".jpg"]).remark
        == "x has 2 pages. JPEG holds one frame; only the first of 2 is painted."
    )


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_is_an_error_or_leaves_a_picture(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["PNG", *(["AVIF"] if features.check("avif") else [])]))
    frames = [np.full((8, 8, 3), shade, np.uint8) for shade in (0, 100, 200)]
    content = bytearray(saved(frames, form, duration=40))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PictureError):
        photograph = open_photograph(bytes(content), max_pixels=100_000)
        assert photograph.pixels.shape[0] == photograph.size[1] * photograph.frames
