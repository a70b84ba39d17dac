import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from tests.tasks.detection.judged import Case, cases

from convsight.metrics.things import matching
from convsight.metrics.things.matching import Pairs, match, pairs_of
from convsight.results import Boxes

UNHURRIED = settings(deadline=None, max_examples=60)

PLACE = (0.0, 0.0, 10.0, 10.0)


def overlap(prediction: NDArray[np.float64], target: NDArray[np.float64], crowd: bool) -> float:
    """Counted pixel by pixel."""
    pixels = np.zeros((2, 400, 400), np.bool_)
    for image, box in zip(pixels, (prediction, target), strict=True):
        left, top, right, bottom = (int(side) + 60 for side in box)
        image[top:bottom, left:right] = True
    whole = pixels[0] if crowd else pixels.any(axis=0)
    return float(pixels.all(axis=0).sum() / whole.sum())


def chosen(
    targets: list[tuple[float, ...]],
    predictions: list[tuple[float, ...]],
    crowd: object = None,
    difficult: object = None,
) -> list[int]:
    """What each prediction, surest first, chose at an overlap of 0.5."""
    target = Boxes.of(("a",), (99, 99), targets, 0, crowd=crowd, difficult=difficult)
    scores = np.linspace(0.9, 0.1, len(predictions))
    evaluated = Case(("a",), [target], [Boxes.of(("a",), (99, 99), predictions, 0, scores=scores)]).evaluated
    found = match(evaluated, pairs_of(evaluated, 0.5), (target.crowd | target.difficult)[None], np.array([0.5]))
    row = dict(zip(found.predictions.tolist(), found.targets[:, 0, 0].tolist(), strict=True))
    return [row.get(index, -1) for index in range(len(predictions))]


@UNHURRIED
@given(cases())
def test_pairs_are_all_that_overlap_enough(case: Case) -> None:
    evaluated = case.evaluated
    predictions, target = evaluated.predictions, evaluated.target
    expected = {}
    for row in range(len(predictions)):
        for column in np.flatnonzero(
            (target.images == predictions.images[row]) & (target.labels == predictions.labels[row])
        ):
            share = overlap(predictions.xyxy[row], target.xyxy[column], bool(target.crowd[column]))
            if share >= 0.3:
                expected[row, int(column)] = share
    pairs = pairs_of(evaluated, 0.3)
    found = dict(zip(zip(pairs.predictions.tolist(), pairs.targets.tolist(), strict=True), pairs.overlaps, strict=True))
    assert found == pytest.approx(expected)
    rows = list(zip(pairs.predictions, pairs.overlaps, pairs.targets, strict=True))
    assert rows == sorted(rows)


@UNHURRIED
@given(cases())
def test_pairs_are_the_same_in_small_portions(case: Case) -> None:
    whole = pairs_of(case.evaluated, 0.3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "_CHUNK", 3)
        parts = pairs_of(case.evaluated, 0.3)
    for one, two in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, two)


def test_boxes_without_area_overlap_nothing() -> None:
    assert chosen([(5, 5, 5, 5)], [(5, 5, 5, 5)]) == [-1]


def test_the_surest_prediction_chooses_first_and_each_thing_is_found_once() -> None:
    near = (0.0, 0.0, 10.0, 8.0)
    assert chosen([PLACE], [near, PLACE]) == [0, -1]


def test_a_prediction_takes_the_best_thing_that_is_left() -> None:
    other = (0.0, 0.0, 10.0, 7.0)
    assert chosen([other, PLACE], [PLACE, PLACE, PLACE]) == [1, 0, -1]


def test_of_equally_good_things_the_last_is_taken() -> None:
    assert chosen([PLACE, PLACE], [PLACE, PLACE]) == [1, 0]


def test_a_thing_that_counts_goes_before_a_better_one_that_is_ignored() -> None:
    near = (0.0, 0.0, 10.0, 7.0)
    assert chosen([near, PLACE], [PLACE, PLACE, PLACE], difficult=[False, True]) == [0, 1, -1]


def test_any_number_of_predictions_choose_a_crowd() -> None:
    crowd = (0.0, 0.0, 90.0, 90.0)
    assert chosen([crowd], [PLACE, PLACE, PLACE], crowd=[True]) == [0, 0, 0]
    assert chosen([crowd], [PLACE, PLACE, PLACE]) == [-1, -1, -1]


def test_nothing_matches_where_there_is_nothing() -> None:
    evaluated = Case(("a",), [Boxes.of(("a",), (9, 9), [], [])], [Boxes.of(("a",), (9, 9), [], [])]).evaluated
    none = np.zeros(0, np.int64)
    found = match(evaluated, Pairs(none, none, np.zeros(0)), np.zeros((1, 0), np.bool_), np.ones(1))
    assert found.targets.shape == (0, 1, 1)
