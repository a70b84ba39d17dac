import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from tests.tasks.detection.judged import Case, cases, text_case

from convsight.metrics.things.voc import ELEVEN, voc_curves, voc_precisions
from convsight.results import Boxes
from convsight.results.overlaps import overlaps

ONCE = np.ones((1, 1))  # the weight of one image


def defined(case: Case, label: int, thresholds: float) -> tuple[float, float]:
    """Both average precisions of a class, box by box."""
    ignored = [boxes.difficult | boxes.crowd for boxes in case.targets]
    wanted = sum(
        int(((boxes.labels == label) & ~skip).sum()) for boxes, skip in zip(case.targets, ignored, strict=True)
    )
    if not wanted:
        return np.nan, np.nan
    places = [(image, row) for image, boxes in enumerate(case.results) for row in range(len(boxes))]
    places = [(image, row) for image, row in places if case.results[image].labels[row] == label]
    places.sort(key=lambda place: -case.results[place[0]].scores[place[1]])
    found: set[tuple[int, int]] = set()
    points = [(0.0, 0.0)]
    right = wrong = 0
    for image, row in places:
        target = case.targets[image]
        some = np.flatnonzero(target.labels == label)
        shares = overlaps(case.results[image].xyxy[[row]], target.xyxy[some])[0]
        best = int(shares.argmax()) if len(shares) else -1
        if best >= 0 and shares[best] >= thresholds:
            if ignored[image][some[best]]:
                continue
            right += (image, best) not in found
            wrong += (image, best) in found
            found.add((image, best))
        else:
            wrong += 1
        points.append((right / wanted, right / (right + wrong)))
    heights = [max([precision for other, precision in points if other >= recall]) for recall, _ in points]
    steps = np.diff([recall for recall, _ in points])
    eleven = [max([precision for other, precision in points if other >= recall], default=0.0) for recall in ELEVEN]
    return float(np.sum(steps * heights[1:])), float(np.mean(eleven))


@settings(deadline=None, max_examples=60)
@given(cases())
def test_both_are_as_defined(case: Case) -> None:
    # Crowds have an overlap of their own, which the definition does not know.
    case = Case(case.classes, [boxes.select(~boxes.crowd) for boxes in case.targets], case.results)
    for thresholds in (0.3, 0.5):
        curves = voc_curves(case.evaluated, thresholds)
        found = zip(
            *(voc_precisions(curves, np.ones((1, len(case.targets))), grid)[0] for grid in (None, ELEVEN)), strict=True
        )
        for label, pair in enumerate(found):
            assert pair == pytest.approx(defined(case, label, thresholds), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("overlap", ["0.1", "0.3", "0.5", "0.75"])
def test_the_review_has_the_published_numbers(shared_data: Callable[[str], Path], overlap: str) -> None:
    folder = shared_data("padilla_review")
    published = json.loads((folder / "expected.json").read_text())["voc_tests/test_case_1"]
    tests = folder / "tests" / "test_case_1"
    curves = voc_curves(text_case(tests / "gts", tests / "dets").evaluated, float(overlap))
    for method, grid in (("every_point", None), ("eleven_point", ELEVEN)):
        assert voc_precisions(curves, np.ones((1, 7)), grid)[0, 0] == pytest.approx(
            published[method][overlap], abs=1e-6
        )


def test_the_worked_example_has_the_published_numbers(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("padilla_odm")
    curves = voc_curves(text_case(folder / "groundtruths", folder / "detections").evaluated, 0.3)
    assert 100 * voc_precisions(curves, np.ones((1, 7)))[0, 0] == pytest.approx(24.5687, abs=1e-4)
    assert 100 * voc_precisions(curves, np.ones((1, 7)), ELEVEN)[0, 0] == pytest.approx(26.8398, abs=1e-4)


def test_many_predictions_to_a_difficult_thing_are_neither_right_nor_wrong() -> None:
    classes, hard, easy = ("a",), (0, 0, 10, 10), (50, 50, 60, 60)
    target = Boxes.of(classes, (99, 99), [hard, easy], 0, difficult=[True, False])
    predictions = Boxes.of(classes, (99, 99), [hard, hard, easy], 0, scores=[0.9, 0.8, 0.7])
    assert voc_precisions(voc_curves(Case(classes, [target], [predictions]).evaluated), ONCE).tolist() == [[1.0]]


def test_a_prediction_to_a_taken_thing_is_wrong_even_where_another_is_near() -> None:
    classes, one, two = ("a",), (0, 0, 10, 10), (0, 0, 10, 7)
    target = Boxes.of(classes, (99, 99), [one, two], 0)
    predictions = Boxes.of(classes, (99, 99), [one, one], 0, scores=[0.9, 0.8])
    case = Case(classes, [target], [predictions])
    assert voc_precisions(voc_curves(case.evaluated), ONCE).tolist() == [[0.5]]
    assert case.coco.numbers()["AP50"] == 1.0  # COCO lets it choose the other


def test_of_equally_good_things_the_first_is_meant() -> None:
    place = (0, 0, 10, 10)
    prediction = Boxes.of(("a",), (99, 99), [place], 0)
    for difficult, value in (([False, True], 1.0), ([True, False], 0.0)):
        target = Boxes.of(("a",), (99, 99), [place, place], 0, difficult=difficult)
        assert voc_precisions(voc_curves(Case(("a",), [target], [prediction]).evaluated), ONCE).tolist() == [[value]]
