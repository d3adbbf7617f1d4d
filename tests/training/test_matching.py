from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan_style.training.data import PictureSet
from gan_style.training.matching import Matches

KINDS = 8


def picture_set(shades: range, tint: int, side: int = 96) -> PictureSet:
    """Flat pictures of several brightnesses, tinted: the brightness is what they show, the tint their manner."""
    pictures = []
    for shade in shades:
        picture = np.full((side, side + 16, 3), 20 * shade, np.uint8)
        picture[..., 2] += tint
        pictures.append(picture)
    return PictureSet(pictures)


def brightness(crops: Tensor) -> Tensor:
    """Near which shade the red is, and how blue it is: what is shown, and the manner."""
    red, blue = crops.float()[:, 0].mean((1, 2)) / 20, crops.float()[:, 2].mean((1, 2)) / 20
    return torch.cat([torch.exp(-(red[:, None] - torch.arange(KINDS)).square()), blue[:, None]], 1)


def matches(share: float, seed: int = 0) -> Matches:
    photos, paintings = picture_set(range(KINDS), 0), picture_set(range(KINDS), 60)
    random = np.random.default_rng(seed)
    return Matches(photos, paintings, brightness, crop=32, context=8, share=share, random=random)


def shades(photos: Tensor, paintings: Tensor) -> tuple[list[int], list[int]]:
    first, second = (crops[:, 0, 0, 0].int().div(20, rounding_mode="floor").tolist() for crops in (photos, paintings))
    return first, second


def test_a_photograph_is_judged_beside_a_painting_of_like_content() -> None:
    alike, anything = (
        np.concatenate([np.subtract(*shades(*source.draw(16))) for _ in range(8)])
        for source in (matches(0.02), matches(1.0))
    )
    assert np.abs(alike).mean() < 0.5
    assert np.abs(anything).mean() > 2


def test_crops_have_their_sizes_and_every_painting_its_turn() -> None:
    source = matches(0.05)
    seen = set()
    for _ in range(20):
        photos, paintings = source.draw(8)
        assert (photos.shape, paintings.shape) == ((8, 3, 48, 48), (8, 3, 32, 32))
        assert photos.dtype == paintings.dtype == torch.uint8
        seen |= set(shades(photos, paintings)[1])
    assert seen == set(range(KINDS))


def test_catalogues_grow_to_their_capacity_and_no_further() -> None:
    source = matches(0.05)
    source.CAPACITY = 300
    assert len(source.table) == Matches.FIRST
    for _ in range(20):
        source.draw(8)
    assert len(source.photos.places) == len(source.paintings.places) == len(source.table) == 304


@given(seed=st.integers(0, 1000), distance=st.integers(0, 200), size=st.integers(1, 96))
def test_crops_beside_a_place_stay_in_the_picture(seed: int, distance: int, size: int) -> None:
    pictures, random = picture_set(range(2), 0), np.random.default_rng(seed)
    place = pictures.place(size, random)
    near = pictures.near(place, size, distance, random)
    assert near.picture == place.picture
    assert max(abs(near.top - place.top), abs(near.left - place.left)) <= distance
    assert pictures.cut([near], size).shape == (1, 3, size, size)


def test_one_picture_each_is_enough() -> None:
    one = PictureSet([np.zeros((40, 40, 3), np.uint8)])
    source = Matches(one, one, brightness, crop=32, context=0, share=0.01, random=np.random.default_rng(0))
    photos, paintings = source.draw(3)
    assert photos.shape == paintings.shape == (3, 3, 32, 32)
