from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.results import ClassMaps

SKY, ROAD, CAR = "sky", "road", "car"


def maps() -> ClassMaps:
    masks = [np.array([[0, 1]], np.uint8), np.array([[1, 1], [2, 255]]), np.array([[0, 255]], np.uint16)]
    return ClassMaps(masks, (SKY, ROAD, CAR))


def test_what_is_known_of_all() -> None:
    assert maps().counts() == {SKY: 2, ROAD: 2, CAR: 1}
    assert maps().pixels().tolist() == [[1, 1, 0], [0, 2, 1], [1, 0, 0]]
    assert maps().to_find() == 6
    assert maps().select(np.array([2, 1])).pixels().tolist() == [[1, 0, 0], [0, 2, 1]]
    assert [len(each.indices) for each in maps()[1:]] == [2, 1]


def test_files_are_read_once_to_be_known_and_again_when_asked_for() -> None:
    read: list[int] = []

    def reading(row: int) -> Callable[[], NDArray[Any]]:
        def mask() -> NDArray[Any]:
            read.append(row)
            return np.full((2, 2), row, np.uint8)

        return mask

    found = ClassMaps([reading(row) for row in range(3)], (SKY, ROAD, CAR))
    assert not read
    found.counts(), found.lines(), found.select(np.array([0, 1])).strata()
    assert sorted(read) == [0, 1, 2]
    assert found[2].summary() == "100.0% car"
    assert sorted(read) == [0, 1, 2, 2]


def test_aligned_maps_count_and_draw_as_others_do() -> None:
    found = maps().aligned((CAR, "tree", SKY, ROAD))
    assert found[1].indices.tolist() == [[3, 3], [0, 255]]
    assert found.counts() == {CAR: 1, "tree": 0, SKY: 2, ROAD: 2}
    assert found.select(np.array([1])).pixels().tolist() == [[1, 0, 0, 2]]
    assert found[0].colours[2:] == maps().colours[:2]
    again = found.aligned((SKY, ROAD, CAR))
    for index in range(3):
        assert again[index].indices.tolist() == maps()[index].indices.tolist()
    assert maps().aligned((SKY, ROAD))[1].indices.tolist() == [[1, 1], [255, 255]]


def test_lines_are_equal_if_and_only_if_the_maps_are() -> None:
    assert maps().aligned((CAR, SKY, ROAD)).lines() == maps().lines()
    other = ClassMaps([np.array([[1, 0]]), np.array([[1, 1], [255, 2]]), np.array([[0], [255]])], (SKY, ROAD, CAR))
    assert not set(other.lines()) & set(maps().lines())
    renamed = ClassMaps([np.array([[0, 1]])], (SKY, "street", CAR))
    assert renamed.lines()[0] != maps().lines()[0]


def test_the_rarest_class_says_which_group_an_example_is_of() -> None:
    masks = [np.array([[0, 1 if row < 12 else 0]], np.uint8) for row in range(40)]
    assert ClassMaps(masks, (SKY, ROAD)).strata().tolist() == [1] * 12 + [0] * 28


@pytest.mark.parametrize("mask", [np.array([[-1, 0]]), np.array([[0.5, 0]]), np.array([[70_000, 0]])])
def test_what_is_no_mask_is_refused(mask: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="a mask holds whole numbers"):
        ClassMaps([mask], (SKY, ROAD))[0]
