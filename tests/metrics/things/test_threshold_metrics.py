import numpy as np
import pytest
from hypothesis import given, settings
from tests.tasks.detection.judged import Case, by_pycocotools, cases

from convsight.metrics.things.threshold_metrics import metrics_at_thresholds, threshold_curves
from convsight.results import Boxes

PLACES = [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10)]


def numbers(target: Boxes, result: Boxes) -> dict[str, float]:
    return numbers_of(Case(target.classes, [target], [result]))


def numbers_of(case: Case) -> dict[str, float]:
    once = np.ones((1, len(case.targets)))
    return {name: float(value[0]) for name, value in metrics_at_thresholds(case.coco, once).items()}


def test_only_predictions_that_are_sure_enough_count() -> None:
    target = Boxes.of(("a", "b"), (99, 99), PLACES, [0, 0, 1])
    result = Boxes.of(("a", "b"), (99, 99), [*PLACES, (80, 80, 90, 90)], [0, 0, 1, 1], scores=[0.9, 0.4, 0.8, 0.7])
    found = numbers(target, result.at_least(0.5))
    assert found == pytest.approx(
        {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3}
        | {"precision/a": 1, "recall/a": 1 / 2, "f1/a": 2 / 3, "precision/b": 1 / 2, "recall/b": 1, "f1/b": 2 / 3}
    )
    assert numbers(target, result.at_least(0.0))["recall/a"] == 1
    assert numbers(target, result.at_least(0.4))["recall/a"] == 1  # a score that reaches it counts


def test_where_nothing_can_be_divided_by() -> None:
    none, thing = Boxes.of(("a",), (99, 99), [], []), Boxes.of(("a",), (99, 99), PLACES[:1], [0])
    assert list(numbers(none, none).values()) == pytest.approx([np.nan] * 6, nan_ok=True)
    assert list(numbers(thing, none).values())[:3] == [0, 0, 0]
    assert list(numbers(none, thing).values())[:3] == pytest.approx([0, np.nan, 0], nan_ok=True)


@pytest.mark.parametrize("flag", ["crowd", "difficult"])
def test_what_need_not_be_found_changes_nothing(flag: str) -> None:
    flags = {flag: [False, True]}
    target = Boxes.of(("a",), (99, 99), PLACES[:2], 0, **flags)
    for predictions in (PLACES[:1], PLACES[:2]):
        found = numbers(target, Boxes.of(("a",), (99, 99), predictions, 0))
        assert (found["precision"], found["recall"]) == (1, 1)


@settings(deadline=None, max_examples=40)
@given(cases())
def test_recall_is_that_of_pycocotools(case: Case) -> None:
    theirs = by_pycocotools(case).eval["recall"][0, :, 0, -1]
    ours = numbers_of(case)
    for index, name in enumerate(case.classes):
        assert ours[f"recall/{name}"] == pytest.approx(np.nan if theirs[index] < 0 else theirs[index], nan_ok=True)


@settings(deadline=None, max_examples=40)
@given(cases())
def test_curves_pass_through_the_numbers_at_the_threshold(case: Case) -> None:
    case = Case(case.classes, case.targets, [boxes.at_least(0.5) for boxes in case.results])
    told = numbers_of(case)
    curves = threshold_curves(case.coco)
    assert set(curves) == {name for name in case.classes if not np.isnan(told[f"recall/{name}"])}
    for name, curve in curves.items():
        expected = [told[f"precision/{name}"], told[f"recall/{name}"]]
        last = curve.found - 1
        assert ([curve.precision[last], curve.recall[last]] if curve.found else [0, 0]) == pytest.approx(expected)
        assert (np.diff(curve.recall) >= 0).all()
