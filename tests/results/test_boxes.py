"""Boxes: what is told of them, how two predictions differ, and what is no prediction."""

import numpy as np
import pytest
from PIL import Image

from convsight.results import Boxes, BoxLists, Difference, InvalidOutputError

CLASSES = ("cat", "dog")
SIZE = (100, 80)


def boxes(*rows: tuple[float, ...], labels: list[int] | None = None, scores: list[float] | None = None) -> Boxes:
    return Boxes.of(CLASSES, SIZE, rows, labels or [0] * len(rows), scores=scores)


ONE = boxes((10, 10, 30, 30), (50, 50, 90, 70), labels=[0, 1], scores=[0.9, 0.6])


def test_the_same_boxes_do_not_differ_in_whatever_order() -> None:
    assert ONE.difference(ONE.select(np.array([1, 0]))) == Difference(0.0, 1.0, 4)


def test_scores_and_sides_differ_as_far_as_they_do() -> None:
    moved = boxes((10, 10, 30, 34), (50, 50, 90, 70), labels=[0, 1], scores=[0.9, 0.6])
    assert ONE.difference(moved).largest == pytest.approx(4 / 80)
    surer = boxes((10, 10, 30, 30), (50, 50, 90, 70), labels=[0, 1], scores=[0.7, 0.6])
    assert ONE.difference(surer).largest == pytest.approx(0.2)


def test_boxes_without_partner_are_no_common_prediction() -> None:
    assert ONE.difference(ONE.select(np.array([0]))).same == pytest.approx(2 / 3)
    assert ONE.difference(boxes()).same == 0
    assert boxes().difference(boxes()) == Difference(0.0, 1.0, 0)
    other_class = boxes((10, 10, 30, 30), (50, 50, 90, 70), labels=[0, 0], scores=[0.9, 0.6])
    assert ONE.difference(other_class).same == pytest.approx(0.5)


def test_where_nothing_is_found_the_surest_boxes_are_compared() -> None:
    shy = ONE.at_least(0.95)
    assert shy.difference(boxes().at_least(0.95)) == Difference(0.9, 1.0, 0)
    assert shy.difference(shy) == Difference(0.0, 1.0, 0)


def test_a_box_told_twice_has_one_partner() -> None:
    twice = boxes((10, 10, 30, 30), (10, 10, 30, 30), (50, 50, 90, 70), labels=[0, 0, 1], scores=[0.9, 0.9, 0.6])
    assert ONE.difference(twice).same == pytest.approx(4 / 5)


def test_boxes_that_are_told_in_one_alone_may_be_less_sure_in_the_other() -> None:
    shy = ONE.at_least(0.65)
    assert shy.difference(ONE).same == 1


@pytest.mark.parametrize("row", [(3, 0, 1, 5), (0, 5, 5, 1), (np.nan, 0, 1, 1)])
def test_corners_out_of_order_or_no_numbers_are_no_prediction(row: tuple[float, ...]) -> None:
    with pytest.raises(InvalidOutputError, match="left <= right"):
        boxes(row)


@pytest.mark.parametrize("score", [-0.1, 1.1, np.nan])
def test_scores_are_probabilities(score: float) -> None:
    with pytest.raises(InvalidOutputError, match=r"0\.\.1"):
        boxes((0, 0, 1, 1), scores=[score])


def test_classes_out_of_range() -> None:
    with pytest.raises(ValueError, match="class indices"):
        boxes((0, 0, 1, 1), labels=[2])


def test_rows_and_json_hold_what_is_sure_enough_surest_first() -> None:
    told = boxes((0, 0, 9, 9), (1, 1, 9, 9), scores=[0.2, 0.8]).at_least(0.1)
    assert [row[1] for row in told.to_rows()] == [0.8, 0.2]
    assert told.at_least(0.5).to_json() == {"boxes": [{"name": "cat", "score": 0.8, "xyxy": [1.0, 1.0, 9.0, 9.0]}]}
    assert told.at_least(0.9).summary() == "nothing found"


def test_what_is_true_is_drawn_without_a_score() -> None:
    """Words end where the name does: less of the image is under them than under a name with a score."""
    image = Image.new("RGB", SIZE)
    place = (10.0, 30.0, 90.0, 70.0)
    changed = [np.asarray(boxes(place, scores=[score]).draw(image)).any(axis=2).sum() for score in (1.0, 0.99)]
    assert changed[0] < 0.9 * changed[1]


def test_drawing_marks_the_box_and_leaves_the_image_alone() -> None:
    image = Image.new("RGB", SIZE)
    drawn = np.asarray(ONE.draw(image))
    assert not np.asarray(image).any()
    assert drawn[60, 50].any()
    assert drawn[50:70, 50:90].any(axis=2).mean() < 0.6  # outlined, not filled


def test_strata_leave_no_small_class() -> None:
    rare = [boxes((0, 0, 1, 1), labels=[1])] * 3
    lists = BoxLists([*rare, *[boxes((0, 0, 1, 1))] * 30, boxes()], CLASSES)
    assert set(lists.strata().tolist()) == {0}
    assert lists.counts() == {"cat": 30, "dog": 3}


def test_alignment_is_by_name() -> None:
    lists = BoxLists([ONE], CLASSES).aligned(("dog", "owl", "cat"))
    assert [box.name for box in lists[0].each()] == ["cat", "dog"]


def test_the_order_of_boxes_is_no_other_target() -> None:
    one, two = BoxLists([ONE, ONE.select(np.array([1, 0]))], CLASSES).lines()
    assert one == two


def test_what_nobody_need_find_does_not_count() -> None:
    hidden = Boxes.of(CLASSES, SIZE, [(0, 0, 9, 9)] * 2, [0, 1], crowd=[True, False], difficult=[False, True])
    assert BoxLists([hidden], CLASSES).to_find() == 0
    assert BoxLists([hidden, ONE], CLASSES).to_find() == 2
