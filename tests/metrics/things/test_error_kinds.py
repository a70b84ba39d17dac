from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from tests.tasks.detection.judged import Case, cases, review_case

from convsight.metrics.things.error_kinds import error_kinds
from convsight.results import Boxes
from convsight.results.overlaps import overlaps


def counted(case: Case) -> dict[str, int]:
    return {kind: len(images) for kind, images in error_kinds(case.coco).items()}


CLASSES = ("cat", "dog")
PLACE = (0.0, 0.0, 10.0, 10.0)
NEAR = (0.0, 0.0, 10.0, 3.0)


def kinds(
    targets: list[tuple[tuple[float, ...], int]], predictions: list[tuple[tuple[float, ...], int]]
) -> dict[str, int]:
    """The errors in one image, those of which there are any; predictions surest first."""
    target = Boxes.of(CLASSES, (99, 99), [place for place, _ in targets], [label for _, label in targets])
    scores = np.linspace(0.9, 0.5, len(predictions))
    result = Boxes.of(
        CLASSES, (99, 99), [place for place, _ in predictions], [label for _, label in predictions], scores=scores
    )
    return {kind: count for kind, count in counted(Case(CLASSES, [target], [result])).items() if count}


def test_each_kind() -> None:
    cat, dog = (PLACE, 0), (PLACE, 1)
    assert kinds([cat], [cat]) == {}
    assert kinds([cat], [dog]) == {"class": 1}
    assert kinds([cat], [(NEAR, 0)]) == {"place": 1}
    assert kinds([cat], [(NEAR, 1)]) == {"both": 1, "missed": 1}
    assert kinds([cat], [cat, cat]) == {"duplicate": 1}
    assert kinds([cat], [cat, ((50.0, 50.0, 60.0, 60.0), 0)]) == {"background": 1}
    assert kinds([cat], [((0.0, 0.0, 10.0, 0.5), 0)]) == {"background": 1, "missed": 1}
    assert kinds([cat], []) == {"missed": 1}
    assert kinds([], [cat]) == {"background": 1}


def test_a_near_thing_of_its_class_goes_before_one_of_another_in_its_place() -> None:
    assert kinds([(NEAR, 0), (PLACE, 1)], [(PLACE, 0)]) == {"place": 1, "missed": 1}
    assert kinds([(PLACE, 0), (PLACE, 1)], [(PLACE, 0), (PLACE, 0)]) == {"class": 1}


def test_only_what_counts_as_found_is_told() -> None:
    target = Boxes.of(CLASSES, (99, 99), [PLACE], [0])
    result = Boxes.of(CLASSES, (99, 99), [PLACE, PLACE], [0, 1], scores=[0.3, 0.9], thresholds=[0.5, 0.5])
    found = counted(Case(CLASSES, [target], [result]))
    assert {kind: count for kind, count in found.items() if count} == {"class": 1}


@pytest.mark.parametrize("flag", ["crowd", "difficult"])
def test_what_need_not_be_found_is_no_error(flag: str) -> None:
    flags = {flag: [True]}
    target = Boxes.of(CLASSES, (99, 99), [PLACE], [0], **flags)
    for predictions in ([PLACE], []):
        result = Boxes.of(CLASSES, (99, 99), predictions, 0)
        assert sum(counted(Case(CLASSES, [target], [result])).values()) == 0


@settings(deadline=None, max_examples=60)
@given(cases(plain=True))
def test_wrong_predictions_and_missed_things_are_counted_once(case: Case) -> None:
    found = counted(case)
    half = case.coco.halfway
    wrong = int((half.counted & ~half.right).sum())
    assert sum(found.values()) - found["missed"] == wrong
    unfound = int((half.finder < 0).sum())
    assert unfound - found["place"] - found["class"] <= found["missed"] <= unfound
    lonely = sum(
        int((overlaps(predictions.xyxy, target.xyxy).max(axis=1, initial=0) < 0.1).sum())
        for target, predictions in zip(case.targets, case.results, strict=True)
    )
    assert found["background"] == lonely


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [(0.0, (83, 1, 0, 1, 0, 97)), (0.5, (38, 1, 0, 0, 0, 462))],
)
def test_real_images_have_the_counts_of_the_authors_program(
    shared_data: Callable[[str], Path], thresholds: float, expected: tuple[int, ...]
) -> None:
    # tidecv 1.0.1, of predictions with scores of at least `thresholds`.
    case = review_case(shared_data("padilla_review"))
    case = Case(case.classes, case.targets, [boxes.at_least(thresholds) for boxes in case.results])
    assert tuple(counted(case).values()) == expected
