"""Superpixels: what they promise, on pictures whose regions are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from convsight.explain.superpixels import superpixels

PHOTO = Path("../shared/data/kodak12")
RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (60, 90, 3), dtype=np.uint8)


def assert_whole(labels: NDArray[np.int64]) -> None:
    assert labels.min() == 0
    for label in range(labels.max() + 1):
        assert ndimage.label(labels == label)[1] == 1, f"region {label} is not in one piece"


@pytest.mark.parametrize("count", [2, 10, 50])
def test_each_region_is_in_one_piece_even_in_noise(count: int) -> None:
    labels = superpixels(NOISE, count)
    assert labels.shape == (60, 90)
    assert_whole(labels)
    assert 0.5 * count <= labels.max() + 1 <= 1.5 * count


def test_the_same_regions_every_time() -> None:
    assert (superpixels(NOISE, 30) == superpixels(NOISE.copy(), 30)).all()


def test_a_plain_picture_is_cut_into_its_grid() -> None:
    labels = superpixels(np.full((40, 60, 3), 90, np.uint8), 24)
    rows, columns = np.indices((40, 60)) // 10
    assert (labels == rows * 6 + columns).all()


def test_regions_end_where_colours_do() -> None:
    """Edges that lie a few px beside those of the grid: red and green of like lightness, so that hue must count."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:] = (200, 30, 30)
    picture[:, 37:] = (20, 130, 20)
    labels = superpixels(picture, 16)
    left, right = set(labels[:, :37].ravel()), set(labels[:, 37:].ravel())
    assert not left & right


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_other_channels_are_compared_by_their_range(kind: type) -> None:
    picture: NDArray[Any] = np.zeros((32, 32, 5), kind)
    picture[:, 19:, 3] = 3
    labels = superpixels(picture, 16)
    assert not set(labels[:, :19].ravel()) & set(labels[:, 19:].ravel())


@pytest.mark.parametrize("sides", [(1, 1), (1, 9), (3, 2)])
def test_small_pictures_have_as_many_regions_as_pixels_at_most(sides: tuple[int, int]) -> None:
    labels = superpixels(RNG.integers(0, 256, (*sides, 3), dtype=np.uint8), 50)
    assert labels.shape == sides
    assert_whole(labels)


@pytest.mark.skipif(not PHOTO.is_dir(), reason="needs ../shared/data/kodak12")
def test_regions_of_a_photo_are_more_alike_than_those_of_a_grid() -> None:
    file = sorted(each for each in PHOTO.rglob("*") if each.suffix.lower() in {".png", ".jpg", ".webp"})[0]
    photo = np.asarray(Image.open(file).convert("RGB").resize((150, 100)))
    labels = superpixels(photo, 54)
    rows, columns = np.indices((100, 150))
    grid = rows * 6 // 100 * 9 + columns * 9 // 150

    def within(labels: NDArray[np.int64]) -> float:
        every = range(int(labels.max()) + 1)
        return float(sum(photo[labels == k].astype(float).var(axis=0).sum() * (labels == k).sum() for k in every))

    assert_whole(labels)
    assert within(labels) < 0.7 * within(grid)
