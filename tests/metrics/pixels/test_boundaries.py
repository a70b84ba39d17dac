"""Boundary F1 against its definition, pixel by pixel."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.metrics.pixels.maps import IGNORED, guessed, patches

from convsight.metrics.pixels.boundaries import boundary_f1, tolerance_px

CLASSES = 5


def by_definition(truth: NDArray[np.uint8], found: NDArray[np.uint8], tolerance: float) -> list[float]:
    found = np.where(truth == IGNORED, IGNORED, found).astype(np.uint8)
    numbers = []
    for index in range(CLASSES):
        true, given = _boundary(truth, index), _boundary(found, index)
        if not true and not given:
            numbers.append(np.nan)
            continue
        precision, recall = _met(given, true, tolerance), _met(true, given, tolerance)
        numbers.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return numbers


def _boundary(maps: NDArray[np.uint8], index: int) -> list[tuple[int, ...]]:
    places = []
    for place in zip(*np.nonzero(maps == index), strict=True):
        for axis in range(maps.ndim):
            for step in (-1, 1):
                beside = list(map(int, place))
                beside[axis] += step
                if 0 <= beside[axis] < maps.shape[axis] and maps[tuple(beside)] not in {index, IGNORED}:
                    places.append(tuple(map(int, place)))
    return list(dict.fromkeys(places))


def _met(some: list[tuple[int, ...]], others: list[tuple[int, ...]], tolerance: float) -> float:
    if not some or not others:
        return 0.0
    gaps = np.array(some)[:, None] - np.array(others)[None]
    return float(((gaps**2).sum(axis=2).min(axis=1) <= tolerance**2).mean())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tolerance", [0.5, 1.0, 2.5, 5.0])  # 5 is the distance of 3 and 4 as well
def test_it_is_as_defined(seed: int, tolerance: float) -> None:
    truth = patches(seed, 3 + seed % 2, (24, 30), 6)
    found = np.roll(guessed(truth, seed, 4, 0.02), seed, 1)
    told = boundary_f1(truth, found, CLASSES, IGNORED, tolerance)
    np.testing.assert_allclose(told, by_definition(truth, found, tolerance))
    assert np.isnan(told[4])


def test_volumes_too() -> None:
    truth = patches(5, 3, (6, 10, 12), 4)
    found = guessed(truth, 5, 3, 0.05)
    np.testing.assert_allclose(boundary_f1(truth, found, CLASSES, IGNORED, 1.5), by_definition(truth, found, 1.5))


def test_the_tolerance_is_a_share_of_the_diagonal() -> None:
    truth = np.zeros((300, 400), np.uint8)
    found = truth.copy()
    truth[:, 200:] = 1
    for aside, met in ((3, 1.0), (4, 0.0)):  # 0.75 % of 500 px are 3.75
        found[:] = 0
        found[:, 200 + aside :] = 1
        assert boundary_f1(truth, found, 2).tolist() == [met, met]
    assert tolerance_px((300, 400)) == 3.75


def test_what_has_no_boundary_is_left_out() -> None:
    whole = np.zeros((5, 5), np.uint8)
    assert np.isnan(boundary_f1(whole, whole, 2)).all()
    assert boundary_f1(whole, np.eye(5, dtype=np.uint8), 2).tolist() == [0.0, 0.0]
