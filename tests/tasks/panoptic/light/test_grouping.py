"""Centres and offsets to groups of pixels, and classes and groups to segments."""

import numpy as np
import pytest

from convsight.tasks.panoptic.light.grouping import centres_of, grouped
from convsight.tasks.panoptic.light.merging import merged


def test_centres_are_peaks_that_are_sure_enough_and_apart() -> None:
    heat = np.zeros((20, 30), np.float32)
    heat[5, 5], heat[5, 8], heat[15, 20], heat[2, 28] = 0.6, 0.5, 0.9, 0.05
    assert centres_of(heat).tolist() == [[15, 20], [5, 5]]  # the second lies by the first, the last is unsure
    assert centres_of(np.zeros((4, 4), np.float32)).shape == (0, 2)


def test_pixels_go_to_the_centre_that_they_point_to() -> None:
    centres = np.array([[5, 5], [5, 25]])
    rows, columns = np.mgrid[:10, :30]
    mine = (columns // 3) % 2  # stripes, so that the nearest centre would be wrong
    offsets = np.stack([5 - rows, np.where(mine, 25, 5) - columns]).astype(np.float32)
    np.testing.assert_array_equal(grouped(centres, offsets), mine + 1)
    assert not grouped(np.zeros((0, 2), np.int64), offsets).any()


THINGS = (False, False, True, True)


def segments(
    indices: np.ndarray, group: np.ndarray, sure: list[float], least: float = 0.0
) -> dict[tuple[int, int], int]:
    """Of each segment its class and number of pixels, by its number."""
    found = merged(indices, np.full(indices.shape, 0.8), group, np.array(sure), THINGS, least)
    assert int(found.ids.max(initial=0)) == len(found.labels) == len(found.scores)
    return {(number, int(label)): int((found.ids == number).sum()) for number, label in enumerate(found.labels, 1)}


def test_things_come_first_and_have_the_class_of_most_pixels() -> None:
    indices = np.array([[0, 2, 2, 3, 0], [1, 2, 2, 3, 3]])
    group = np.array([[1, 1, 1, 1, 2], [1, 1, 1, 2, 2]])
    assert segments(indices, group, [0.9, 0.7]) == {(1, 2): 5, (2, 3): 2, (3, 0): 2, (4, 1): 1}
    found = merged(indices, np.full(indices.shape, 0.8), group, np.array([0.9, 0.7]), THINGS, 0.0)
    np.testing.assert_allclose(found.scores, [0.72, 0.56, 0.8, 0.8])


def test_little_stuff_is_nothing_and_things_without_a_centre_are_one() -> None:
    indices = np.array([[0, 0, 0, 1], [2, 2, 0, 2]])
    none = np.zeros_like(indices)
    assert segments(indices, none, [], least=0.2) == {(1, 2): 3, (2, 0): 4}
    assert segments(np.full((2, 2), 65535), np.ones((2, 2), int), [0.9]) == {}


@pytest.mark.parametrize("seed", range(5))
def test_every_known_pixel_is_of_a_segment_of_its_kind(seed: int) -> None:
    random = np.random.default_rng(seed)
    indices, group = random.integers(0, 4, (12, 15)), random.integers(1, 4, (12, 15))
    found = merged(indices, random.random((12, 15)), group, np.array([0.9, 0.8, 0.7]), THINGS, 0.0)
    kind = np.array(THINGS)[np.append(0, found.labels)[found.ids]]
    assert (found.ids > 0).all()
    np.testing.assert_array_equal(kind, np.array(THINGS)[indices])
    stuff = ~np.array(THINGS)[indices]
    np.testing.assert_array_equal(np.append(0, found.labels)[found.ids][stuff], indices[stuff])
