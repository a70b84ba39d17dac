"""Columns of boxes go with their boxes, are reported where they are values, and count in a comparison."""

from typing import Any

import numpy as np
import pytest

from convsight.results import Boxes, BoxLists, Difference, InvalidOutputError

CLASSES = ("cat", "dog")
SIZE = (100, 80)
PLACES = np.array([[[10.0, 20.0, 0.9]], [[50.0, 40.0, 0.8]], [[90.0, 60.0, 0.1]]])


def masks(*flags: str) -> Any:
    """A mask of 1 x 4 cells for each text such as `0110`."""
    return np.array([[[flag == "1" for flag in row]] for row in flags])


def three(**columns: Any) -> Boxes:
    xyxy = [(0, 0, 10, 10), (20, 20, 60, 50), (70, 10, 90, 70)]
    return Boxes.of(CLASSES, SIZE, xyxy, [0, 1, 1], scores=[0.4, 0.9, 0.6], thresholds=0.5, columns=columns)


FULL = three(track=[7, 8, 9], keypoints=PLACES, mask=masks("1000", "0110", "0001"), seen=["a", "b", "c"])


def test_they_go_with_their_boxes() -> None:
    chosen = FULL.select(np.array([2, 0]))
    assert chosen.columns["track"].tolist() == [9, 7]
    np.testing.assert_array_equal(chosen.columns["keypoints"], PLACES[[2, 0]])
    assert FULL.select(FULL.labels == 1).columns["seen"].tolist() == ["b", "c"]
    assert FULL.found.columns["track"].tolist() == [8, 9]
    assert FULL.relabelled(("x", "y", "z"), np.array([2, 1])).columns["track"].tolist() == [7, 8, 9]
    assert FULL.at_least(0.95).columns["track"].tolist() == [7, 8, 9]
    assert list(BoxLists([FULL], CLASSES).aligned(("dog", "cat"))[0].columns) == list(FULL.columns)


def test_keypoints_move_with_their_boxes() -> None:
    moved = FULL.on((200, 40))
    np.testing.assert_allclose(moved.xyxy[1], [40, 10, 120, 25])
    np.testing.assert_allclose(moved.columns["keypoints"][:, 0], [[20, 10, 0.9], [100, 20, 0.8], [180, 30, 0.1]])
    np.testing.assert_array_equal(FULL.columns["keypoints"], PLACES)
    np.testing.assert_array_equal(moved.columns["mask"], FULL.columns["mask"])


def test_values_are_told_and_masks_as_run_lengths() -> None:
    first, second = FULL.to_json()["boxes"]
    assert first == {
        "name": "dog",
        "score": 0.9,
        "xyxy": [20.0, 20.0, 60.0, 50.0],
        "track": 8,
        "keypoints": [[50.0, 40.0, 0.8]],
        "mask": {"size": [80, 100], "counts": "`n1Pm3`n1"},  # 2,000 pixels of others, 4,000, 2,000
        "seen": "b",
    }
    assert second["track"] == 9
    assert FULL.to_rows()[0] == ("dog", 0.9, 20.0, 20.0, 60.0, 50.0, 8, "`n1Pm3`n1", "b")
    assert "flags" not in three(flags=masks("10", "01", "11")).to_json()["boxes"][0]
    assert "track" not in three().to_json()["boxes"][0]


def test_columns_are_replaced_by_name() -> None:
    again = FULL.with_columns(track=np.array([1, 2, 3]))
    assert again.columns["track"].tolist() == [1, 2, 3]
    assert again.columns["seen"] is FULL.columns["seen"]
    assert FULL.columns["track"].tolist() == [7, 8, 9]


@pytest.mark.parametrize("values", [[1, 2], [[1, 2, 3]], 5, []])
def test_a_row_a_box(values: Any) -> None:
    with pytest.raises(ValueError, match="3 boxes but track of shape"):
        three(track=values)


@pytest.mark.parametrize("name", ["name", "score", "xyxy"])
def test_names_that_every_box_has_are_taken(name: str) -> None:
    with pytest.raises(ValueError, match=f"cannot be called '{name}'"):
        three(**{name: [1, 2, 3]})


def test_what_is_no_number_is_no_prediction() -> None:
    with pytest.raises(InvalidOutputError, match="keypoints"):
        three(keypoints=np.where(PLACES == 40, np.nan, PLACES))


def test_answers_differ_as_far_as_their_columns_do() -> None:
    assert FULL.difference(FULL) == Difference(0.0, 1.0, 4)
    places = PLACES.copy()
    places[1, 0, 1] += 4  # of 80 px
    assert FULL.difference(FULL.with_columns(keypoints=places)).largest == pytest.approx(0.05)
    places = PLACES.copy()
    places[2, 0, 2] += 0.3  # how sure it is
    assert FULL.difference(FULL.with_columns(keypoints=places)).largest == pytest.approx(0.3)
    depth = three(depth=[0.1, 0.2, 0.3])
    assert depth.difference(depth.with_columns(depth=np.array([0.1, 0.2, 0.5]))).largest == pytest.approx(0.2)
    assert FULL.difference(FULL.with_columns(track=np.array([1, 2, 3]))).largest == 0  # a number that counts nothing


def test_other_masks_are_other_things() -> None:
    other = FULL.with_columns(mask=masks("1000", "0110", "1000"))
    assert FULL.difference(other).same == 0.5
    near = FULL.with_columns(mask=masks("1000", "0111", "0001"))  # 2 of 3 cells
    assert FULL.difference(near).same == 1
    far = FULL.with_columns(mask=masks("1000", "0011", "0001"))  # 1 of 3
    assert FULL.difference(far).same == 0.5
    empty = FULL.with_columns(mask=masks("0000", "0000", "0000"))
    assert empty.difference(empty).same == 1


def test_a_target_with_other_columns_is_another_target() -> None:
    def line(boxes: Boxes) -> str:
        (found,) = BoxLists([boxes], CLASSES).lines()
        return found

    assert line(three(track=[1, 2, 3])) == line(three(track=[1, 2, 3]).select(np.array([2, 1, 0])))
    others = [
        three(),
        three(track=[1, 2, 3]),
        three(track=[1, 2, 4]),
        three(track=[1.0, 2.0, 3.0]),
        three(track=[0, 0, 0]),
        three(track=[0.0, 0.0, 0.0]),
        three(number=[1, 2, 3]),
        three(track=[[1], [2], [3]]),
        three(seen=["1", "2", "3"]),
        three(seen=["1", "2", "4"]),
        three(mask=masks("10", "10", "10")),
        three(mask=masks("10", "10", "01")),
    ]
    assert len({line(boxes) for boxes in others}) == len(others)
    for width in (np.int32, np.uint64):
        assert line(three(track=np.array([1, 2, 3], width))) == line(three(track=[1, 2, 3]))
    one = np.array([0])
    assert line(three(seen=["a", "b", "c"]).select(one)) == line(three(seen=["a", "long", "c"]).select(one))
    assert line(three()).startswith("cat 0 0 10 10; dog ")  # as it was before there were columns


def test_supervision_is_given_all_of_them() -> None:
    detections = FULL.to_supervision()
    assert detections.tracker_id.tolist() == [8, 9]
    assert detections.mask.shape == (2, 80, 100)
    np.testing.assert_array_equal(detections.mask[0, 0], np.repeat([False, True, True, False], 25))
    assert detections.data["seen"].tolist() == ["b", "c"]
    assert detections.data["class_name"].tolist() == ["dog", "dog"]
    assert three().to_supervision().tracker_id is None
