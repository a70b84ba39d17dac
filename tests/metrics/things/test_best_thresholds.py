import numpy as np
import pytest
from hypothesis import given, settings
from tests.tasks.detection.judged import Case, cases

from convsight.metrics.things.best_thresholds import best_thresholds
from convsight.metrics.things.threshold_metrics import metrics_at_thresholds
from convsight.results import Boxes

PLACES = [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10), (60, 0, 70, 10)]


def best(things: int, scores: list[float], right: list[bool]) -> float:
    """The threshold for one class with so many things."""
    target = Boxes.of(("a",), (99, 99), PLACES[:things], 0)
    free = iter(PLACES)
    places = [next(free) if found else (80, 80, 90, 90) for found in right]
    return best_thresholds(Case(("a",), [target], [Boxes.of(("a",), (99, 99), places, 0, scores=scores)]).coco)[0]


def f1_at(case: Case, label: int, thresholds: float) -> float:
    """F1 of a class where its predictions count as found from a score on."""
    results = [boxes.at_least(thresholds) for boxes in case.results]
    found = metrics_at_thresholds(Case(case.classes, case.targets, results).coco, np.ones((1, len(results))))
    return float(found[f"f1/{case.classes[label]}"][0])


def test_it_lies_half_way_between_what_counts_as_found_and_the_rest() -> None:
    assert best(2, [0.9, 0.8, 0.4, 0.3], [True, True, False, False]) == pytest.approx(0.6)


def test_where_all_are_right_it_lies_half_way_to_zero() -> None:
    assert best(2, [0.9, 0.8], [True, True]) == pytest.approx(0.4)


def test_equal_scores_are_found_together() -> None:
    assert best(2, [0.9, 0.6, 0.6, 0.1], [True, False, True, False]) == pytest.approx(0.35)


def test_of_equally_good_ones_the_highest() -> None:
    # One of two things found: F1 2/3 with one prediction; with four, two of them right, again 2 * 2 / (4 + 2).
    assert best(2, [0.9, 0.8, 0.7, 0.6], [True, False, False, True]) == pytest.approx(0.85)


@pytest.mark.parametrize(("things", "right"), [(0, [False]), (1, [False]), (1, [])])
def test_the_default_one_where_nothing_is_right(things: int, right: list[bool]) -> None:
    assert best(things, [0.9] * len(right), right) == 0.25


@settings(deadline=None, max_examples=40)
@given(cases())
def test_no_threshold_has_a_better_f1(case: Case) -> None:
    scores = np.concatenate([boxes.scores for boxes in case.results])
    for label, thresholds in enumerate(best_thresholds(case.coco)):
        assert 0 <= thresholds <= 1
        reached = f1_at(case, label, thresholds)
        others = [f1_at(case, label, float(score)) for score in np.unique(scores) if score > 0]
        assert not any(other > reached + 1e-12 for other in others)
