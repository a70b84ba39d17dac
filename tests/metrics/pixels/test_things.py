"""Numbers of single things, each against its definition on whole bitmaps."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.metrics.pixels.maps import moved, things

from convsight.metrics.pixels.jaccard_of_things import aggregated_jaccard
from convsight.metrics.pixels.mask_pairs import MaskPairs
from convsight.metrics.pixels.science_bowl import THRESHOLDS, science_bowl_precision
from convsight.results.masks import Mask

Flags = NDArray[np.bool_]


def bitmaps(ids: NDArray[np.int32]) -> list[Flags]:
    return [ids == number for number in np.unique(ids[ids > 0])]


def overlapping(seed: int) -> list[Flags]:
    """Rectangles that lie upon one another, as detectors find them."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(int(generator.integers(1, 9))):
        mask = np.zeros((20, 24), np.bool_)
        top, left = generator.integers(0, 10), generator.integers(0, 12)
        mask[top : top + generator.integers(2, 9), left : left + generator.integers(2, 9)] = True
        found.append(mask)
    return found


def pairs_of(found: list[Flags], true: list[Flags]) -> MaskPairs:
    return MaskPairs.of([Mask.of(mask) for mask in found], [Mask.of(mask) for mask in true])


def iou(one: Flags, other: Flags) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.fixture(params=range(8))
def both(request: pytest.FixtureRequest) -> tuple[list[Flags], list[Flags]]:
    """What was found and what is true: things apart from one another, then rectangles that overlap."""
    if request.param < 4:
        ids = things(request.param)
        return bitmaps(moved(ids, request.param)), bitmaps(ids)
    return overlapping(request.param), overlapping(request.param + 100)


def test_pairs_are_those_that_share_pixels(both: tuple[list[Flags], list[Flags]]) -> None:
    found, true = both
    pairs = pairs_of(found, true)
    told = dict(zip(zip(pairs.found.tolist(), pairs.true.tolist(), strict=True), pairs.iou().tolist(), strict=True))
    expected = {
        (row, column): iou(one, other)
        for (row, one), (column, other) in itertools.product(enumerate(found), enumerate(true))
        if (one & other).any()
    }
    assert told == pytest.approx(expected)
    crowd = np.arange(len(true)) % 2 == 0
    for row, column, overlap in zip(pairs.found, pairs.true, pairs.iou(crowd), strict=True):
        one, other = found[row], true[column]
        assert overlap == ((one & other).sum() / one.sum() if crowd[column] else iou(one, other))


def test_pairs_among_some_are_those_of_some(both: tuple[list[Flags], list[Flags]]) -> None:
    found, true = both
    some, others = np.arange(len(found)) % 2 == 0, np.arange(len(true)) % 3 > 0
    told = pairs_of(found, true).among(some, others)
    expected = pairs_of(list(itertools.compress(found, some)), list(itertools.compress(true, others)))
    for one, other in zip(told, expected, strict=True):
        assert one.tolist() == other.tolist()


def most_pairs(found: list[Flags], true: list[Flags], threshold: float) -> int:
    """By trying: no found mask takes two true ones, nor the reverse."""
    above = [[iou(one, other) > threshold for other in true] for one in found]

    def best(row: int, taken: frozenset[int]) -> int:
        if row == len(above):
            return 0
        choices = [
            best(row + 1, taken | {column}) + 1
            for column, fits in enumerate(above[row])
            if fits and column not in taken
        ]
        return max([best(row + 1, taken), *choices])

    return best(0, frozenset())


def test_the_bowls_precision_is_as_defined(both: tuple[list[Flags], list[Flags]]) -> None:
    found, true = both
    expected = []
    for threshold in THRESHOLDS:
        right = most_pairs(found, true, threshold)
        expected.append(right / (len(found) + len(true) - right))
    np.testing.assert_allclose(science_bowl_precision(pairs_of(found, true)), expected)


def test_an_overlap_of_a_threshold_is_not_above_it() -> None:
    whole, half = np.ones((2, 2), bool), np.array([[True, True], [False, False]])
    assert science_bowl_precision(pairs_of([half], [whole]), np.array([0.4, 0.5])).tolist() == [1.0, 0.0]


def test_the_aggregated_index_is_as_defined(both: tuple[list[Flags], list[Flags]]) -> None:
    found, true = both
    shared = whole = 0
    used = set()
    for mask in true:
        overlaps = [iou(mask, other) for other in found]
        best = int(np.argmax(overlaps))
        if overlaps[best] > 0:
            used.add(best)
            shared += int((mask & found[best]).sum())
            whole += int((mask | found[best]).sum())
        else:
            whole += int(mask.sum())
    whole += sum(int(mask.sum()) for place, mask in enumerate(found) if place not in used)
    assert aggregated_jaccard(pairs_of(found, true)) == pytest.approx(shared / whole)


def test_images_without_things() -> None:
    one = [np.ones((2, 2), bool)]
    for found, true, value in (([], one, 0.0), (one, [], 0.0), ([], [], np.nan)):
        pairs = pairs_of(found, true)
        np.testing.assert_equal(science_bowl_precision(pairs), [value] * 10)
        np.testing.assert_equal(aggregated_jaccard(pairs), value)
