"""Flooding: what is perfectly predicted is found again, and nothing of the foreground is lost."""

import numpy as np
import pytest
from scipy import ndimage

from convsight.datasets import read_dataset
from convsight.results import BoxLists
from convsight.tasks.instances.light.flooding import depth_in_things, flooded


def discs(centres: list[tuple[int, int]], radius: int) -> np.ndarray:
    """Discs numbered from 1 on 60 x 80 px; where two meet, each pixel is of the nearer middle."""
    rows, columns = np.mgrid[:60, :80]
    away = np.stack([np.hypot(rows - y, columns - x) for x, y in centres])
    return np.where(away.min(axis=0) <= radius, away.argmin(axis=0) + 1, 0).astype(np.int32)


@pytest.mark.parametrize("apart", [6, 8, 12, 30])
def test_touching_things_are_told_apart(apart: int) -> None:
    ids = discs([(25, 30), (25 + apart, 30), (25 + apart, 30 + apart // 2)][: 2 + (apart > 8)], 8)
    depths = depth_in_things(ids)
    found = flooded((ids > 0).astype(np.float32), depths, 0.5)
    assert found.max() == ids.max()
    for number in range(1, ids.max() + 1):  # all but a few pixels of the valley between them
        own = ids == number
        alike = [(own & (found == other)).sum() / (own | (found == other)).sum() for other in range(1, found.max() + 1)]
        assert max(alike) > 0.9


def test_drawn_shapes_are_found_again() -> None:
    targets = read_dataset("shapes").split("val").targets
    assert isinstance(targets, BoxLists)
    for row in range(20):
        ids = targets.box_of_pixels(row).astype(np.int32)
        found = flooded((ids > 0).astype(np.float32), depth_in_things(ids), 0.5)
        shared = np.bincount((found * 10 + ids)[ids > 0], minlength=10 * (found.max() + 1)).reshape(-1, 10)
        for number in np.unique(ids[ids > 0]):  # a shape that another one cuts in two may be two things
            area = (ids == number).sum()
            assert shared[:, number].max() >= 0.5 * area


def test_depths_are_distances_to_the_rim() -> None:
    ids = discs([(20, 20), (31, 20), (60, 40)], 7)
    depths = depth_in_things(ids)
    for number in (1, 2, 3):
        own = ids == number
        distances = ndimage.distance_transform_edt(np.pad(own, 1))[1:-1, 1:-1]
        np.testing.assert_allclose(depths[own], (distances / distances.max())[own], rtol=1e-6)
    assert not depths[ids == 0].any()
    assert depth_in_things(np.ones((3, 3), int)).tolist()[1] == [0.5, 1, 0.5]  # beyond the image there is none of it


def test_all_of_the_foreground_is_of_a_thing_and_nothing_else() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        foreground = ndimage.gaussian_filter(random.random((40, 50)), 2)
        foreground = ((foreground - foreground.min()) / np.ptp(foreground)).astype(np.float32)
        depths = random.random((40, 50)).astype(np.float32)
        found = flooded(foreground, depths, 0.9)
        np.testing.assert_array_equal(found > 0, foreground >= 0.5)
        numbers = np.unique(found)
        np.testing.assert_array_equal(numbers, np.arange(len(numbers)))


def test_a_region_without_a_core_is_one_thing() -> None:
    foreground = np.zeros((5, 9), np.float32)
    foreground[1:4, 1:4] = foreground[1:4, 5:8] = 1
    depths = np.zeros_like(foreground)
    depths[2, 6] = 0.9
    found = flooded(foreground, depths, 0.5)
    assert found[2, 2] != found[2, 6]
    assert set(found[foreground > 0].tolist()) == {1, 2}


def test_nothing_is_nothing() -> None:
    assert not flooded(np.zeros((4, 4), np.float32), np.ones((4, 4), np.float32), 0.5).any()
    whole = flooded(np.ones((4, 4), np.float32), np.zeros((4, 4), np.float32), 0.5)
    assert (whole == 1).all()


def test_a_flood_does_not_cross_what_is_nothing() -> None:
    depths = np.array([[0.9, 0.2, 0.0, 0.2, 0.2, 0.9]], np.float32)
    foreground = np.array([[1, 1, 0, 1, 1, 1]], np.float32)
    assert flooded(foreground, depths, 0.5).tolist() == [[1, 1, 0, 2, 2, 2]]


def test_a_core_begins_at_the_marker() -> None:
    depths = np.array([[0.5, 0.2, 0.9]], np.float32)
    foreground = np.ones((1, 3), np.float32)
    assert flooded(foreground, depths, 0.5).max() == 2
    assert flooded(foreground, depths, 0.6).max() == 1
