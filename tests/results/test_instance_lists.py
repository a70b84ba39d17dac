from collections.abc import Callable

import numpy as np
import pytest

from convsight.results import Boxes, InstanceLists, boxes_of_ids

_CLASSES = ("cat", "dog")


def _counting(boxes: Boxes, made: list[int]) -> Callable[[], Boxes]:
    def make() -> Boxes:
        made.append(1)
        return boxes

    return make


def test_things_of_a_map() -> None:
    ids = np.array([[1, 1, 0, 0], [0, 0, 4, 4], [0, 0, 4, 0]], np.uint16)
    boxes = boxes_of_ids(ids, np.array([1, 0, 0, 0]), _CLASSES, crowd=[True, False, False, False])
    assert boxes.size == (4, 3)
    assert boxes.xyxy.tolist() == [[0, 0, 2, 1], [2, 1, 4, 3]]
    assert (boxes.labels.tolist(), boxes.areas.tolist(), boxes.crowd.tolist()) == ([1, 0], [2, 3], [True, False])
    assert [mask.full((4, 3)).astype(int).tolist() for mask in boxes.columns["mask"]] == [
        [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0]],
    ]


def test_things_are_made_when_asked_for_and_looked_at_once() -> None:
    made: list[int] = []
    boxes = boxes_of_ids(np.array([[1, 2]]), np.array([0, 1]), _CLASSES)
    lists = InstanceLists([_counting(boxes, made)] * 1, _CLASSES)
    chosen = lists.select(np.array([0]))
    assert made == []
    assert chosen.counts() == {"cat": 1, "dog": 1}
    assert lists.to_find() == 2
    assert lists.lines() == chosen.lines()
    assert lists.aligned(("dog", "fox", "cat")).counts() == {"dog": 1, "fox": 0, "cat": 1}
    assert made == [1]
    assert lists[0].summary() == "1 cat, 1 dog"
    assert made == [1, 1]


@pytest.mark.parametrize("count", [3, 30])
def test_counts_groups_and_classes_by_name(count: int) -> None:
    cat = boxes_of_ids(np.array([[1, 1]]), np.array([0]), _CLASSES)
    dogs = boxes_of_ids(np.array([[1, 2]]), np.array([1, 1]), _CLASSES, difficult=[True, False])
    lists = InstanceLists([lambda: cat] * count + [lambda: dogs] * 11, _CLASSES)
    assert lists.counts() == {"cat": count, "dog": 11}
    assert lists.things() == {"cat": count, "dog": 22}
    assert lists.to_find() == count + 11
    assert lists[2:4].classes == _CLASSES
    moved = lists.aligned(("dog", "cat"))
    assert moved[0].labels.tolist() == [1]
    assert moved.things() == {"dog": 22, "cat": count}
    assert moved.lines() == lists.lines()
    assert moved.aligned(("cat", "dog", "fox")).counts() == {"cat": count, "dog": 11, "fox": 0}
    strata = lists.strata()
    assert len(set(strata[count:].tolist())) == 1
    if count >= 10:
        assert strata[0] != strata[-1]


def test_lines_tell_pixels_apart() -> None:
    whole, less = (boxes_of_ids(np.array(ids), np.array([0]), _CLASSES) for ids in ([[1, 1], [1, 1]], [[1, 0], [1, 1]]))
    one, other = InstanceLists([lambda: whole], _CLASSES), InstanceLists([lambda: less], _CLASSES)
    assert one[0].xyxy.tolist() == other[0].xyxy.tolist()
    assert one.lines() != other.lines()
