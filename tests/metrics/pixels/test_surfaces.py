"""Distances of surfaces against all pairs of surface pixels, and against distance transforms."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt
from scipy.spatial.distance import cdist
from tests.metrics.pixels.maps import IGNORED, guessed, patches

from convsight.metrics.pixels.surfaces import surface_distances, surface_distances_by_class

Flags = NDArray[np.bool_]


def surface(mask: Flags) -> Flags:
    found: Flags = mask & ~binary_erosion(mask)
    return found


def by_all_pairs(truth: Flags, found: Flags, spacing: tuple[float, ...]) -> tuple[float, float]:
    pairs = cdist(*(np.argwhere(surface(mask)) * np.array(spacing) for mask in (truth, found)))
    there, back = pairs.min(axis=1), pairs.min(axis=0)
    return max(np.percentile(there, 95), np.percentile(back, 95)), (there.sum() + back.sum()) / sum(pairs.shape)


def by_transforms(truth: Flags, found: Flags, spacing: tuple[float, ...]) -> tuple[float, float]:
    one, other = surface(truth), surface(found)
    there = distance_transform_edt(~other, spacing)[one]
    back = distance_transform_edt(~one, spacing)[other]
    return max(np.percentile(there, 95), np.percentile(back, 95)), float(np.concatenate([there, back]).mean())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("shape", "spacing"), [((30, 40), (1.0, 1.0)), ((9, 14, 12), (3.0, 0.7, 1.1))])
def test_distances_are_those_of_all_pairs(seed: int, shape: tuple[int, ...], spacing: tuple[float, ...]) -> None:
    truth = patches(seed, 3, shape, 5)
    found = guessed(truth, seed, 3, 0.1)
    for index in range(3):
        one, other = truth == index, found == index
        told = surface_distances(one, other, spacing)
        np.testing.assert_allclose(told, by_all_pairs(one, other, spacing))
        np.testing.assert_allclose(told, by_transforms(one, other, spacing))


@pytest.mark.parametrize("shape", [(30, 40), (9, 14, 12)])
def test_classes_are_measured_as_their_masks(shape: tuple[int, ...]) -> None:
    spacing = (2.0, 0.5, 1.5)[: len(shape)]
    truth = patches(2, 3, shape, 5)
    found = guessed(truth, 2, 3, 0.02)
    truth[truth == 2], found[found == 1] = 1, 0
    found[0] = 2
    told = surface_distances_by_class(truth, found, 5, IGNORED, spacing)
    judged = truth != IGNORED
    for index in range(4):
        alone = surface_distances((truth == index) & judged, (found == index) & judged, spacing)
        np.testing.assert_allclose(told[index], alone)
    whole = np.sqrt(((np.array(shape) * spacing) ** 2).sum())
    assert told[1].tolist() == told[2].tolist() == [whole, whole]  # one missed, one made up
    assert np.isnan(told[3:]).all()


def test_the_picture_ends_a_surface_and_a_crop_does_not() -> None:
    truth, found = np.ones((6, 8), np.uint8), np.ones((6, 8), np.uint8)
    found[:, 7] = 0
    assert surface_distances_by_class(truth, found, 2)[1].tolist() == [1.0, pytest.approx((6 + 4) / (24 + 22))]


def test_empty_masks_have_a_rule() -> None:
    nothing, some = np.zeros((3, 4), bool), np.eye(3, 4, dtype=bool)
    assert surface_distances(nothing, some) == (5.0, 5.0)
    assert surface_distances(some, nothing, (2, 2)) == (10.0, 10.0)
    assert np.isnan(surface_distances(nothing, nothing)).all()


def test_a_spacing_has_a_side_an_axis() -> None:
    with pytest.raises(ValueError, match="2 axes needs as many sides of a voxel, not 3"):
        surface_distances(np.ones((2, 2), bool), np.ones((2, 2), bool), (1, 1, 1))
