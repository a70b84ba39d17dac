"""What is wrong with boxes: mended, left out, told."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsight.datasets.boxes.annotated import Annotated, AnnotatedBox, Corners
from convsight.datasets.boxes.check_boxes import Checked, checked_boxes
from convsight.errors import UserError

CLASSES = ("cat", "dog")


def check(*corners: Corners, size: tuple[int, int] | None = (40, 30), stated: tuple[int, int] | None = None) -> Checked:
    """Boxes of cats on one image."""
    boxes = [AnnotatedBox(f"line {number}", "cat", box) for number, box in enumerate(corners, start=1)]
    others = [AnnotatedBox("line 1", "dog", (1, 1, 20, 20))]
    images = [
        Annotated("all", "a.png", Path("a.png"), Path("a.txt"), boxes, size, stated),
        Annotated("all", "b.png", Path("b.png"), Path("b.txt"), others, (40, 30)),
    ]
    return checked_boxes(images, CLASSES)


def kinds(found: Checked) -> list[str]:
    return [finding.kind for finding in found.findings]


def test_nothing_wrong() -> None:
    found = check((1, 2, 11, 12), (0, 0, 40, 30))
    assert found.lists[0].xyxy.tolist() == [[1, 2, 11, 12], [0, 0, 40, 30]]
    assert (found.findings, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("box", "kind", "left"),
    [
        ((31, 2, 21, 12), "swapped-corners", [[21, 2, 31, 12]]),
        ((1, 22, 11, 12), "swapped-corners", [[1, 12, 11, 22]]),
        ((5, 5, 5, 9), "empty-boxes", []),
        ((5, 5, 9, 5), "empty-boxes", []),
        ((41, 5, 50, 9), "boxes-outside", []),
        ((-9, 5, 0, 9), "boxes-outside", []),
        ((5, 30, 9, 35), "boxes-outside", []),
        ((-2, 5, 9, 9), "boxes-over-the-edge", [[0, 5, 9, 9]]),
        ((30, 20, 45, 31.5), "boxes-over-the-edge", [[30, 20, 40, 30]]),
        ((5, 5, 5.3, 9), "tiny-boxes", [[5, 5, 5.3, 9]]),
    ],
)
def test_one_box_that_is_not_as_it_should_be(box: Corners, kind: str, left: list[list[float]]) -> None:
    found = check((1, 2, 11, 12), box)
    assert found.lists[0].xyxy.tolist() == [[1, 2, 11, 12], *left]
    assert kinds(found) == [kind]
    (entry,) = found.findings[0].entries
    assert entry.images[0].name == "a.png"
    assert entry.note == f"line 2: cat ({', '.join(f'{side:g}' for side in box)})"
    assert len(found.notes) == (kind != "tiny-boxes")
    assert all("a.png, line 2: cat (" in note for note in found.notes)


def test_rounding_over_the_edge_is_clipped_without_words() -> None:
    found = check((-0.5, 0, 40.9, 31))
    assert found.lists[0].xyxy.tolist() == [[0, 0, 40, 30]]
    assert found.findings == ()


def test_a_repeated_box_stays_and_is_told() -> None:
    found = check((1, 2, 11, 12), (1, 2, 11, 13), (1, 2, 11, 12))
    assert len(found.lists[0]) == 3
    assert kinds(found) == ["repeated-boxes"]
    assert [entry.note for entry in found.findings[0].entries] == ["line 3: cat (1, 2, 11, 12)"]


def test_the_same_corners_of_another_class_are_no_repetition() -> None:
    assert check((1, 1, 20, 20)).findings == ()  # a dog of the other image has these


def test_another_size_than_stated_is_wrong() -> None:
    found = check((1, 2, 11, 12), stated=(30, 40))
    assert (kinds(found), found.findings[0].level) == (["other-size"], "wrong")
    assert found.findings[0].entries[0].note == "is 40 x 30 px, but 30 x 40 px is stated"
    assert check((1, 2, 11, 12), stated=(40, 30)).findings == ()


def test_the_stated_size_counts_where_the_image_cannot_be_read() -> None:
    found = check((1, 2, 50, 12), size=None, stated=(45, 30))
    assert found.lists[0].size == (45, 30)
    assert found.lists[0].xyxy.tolist() == [[1, 2, 45, 12]]


def test_areas_are_those_stated_else_those_of_what_is_left_of_the_box() -> None:
    boxes = [
        AnnotatedBox("1", "cat", (-10, 0, 10, 10)),
        AnnotatedBox("2", "cat", (0, 0, 10, 10), area=7.5),
        AnnotatedBox("3", "dog", (0, 0, 5, 10), area=0.0),
        AnnotatedBox("4", "dog", (0, 0, 9, 10), area=float("nan")),
    ]
    found = checked_boxes([Annotated("all", "a", Path("a"), Path("t"), boxes, (40, 30))], CLASSES)
    assert found.lists[0].areas.tolist() == [100, 7.5, 50, 90]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("side", range(4))
def test_numbers_that_are_none(bad: float, side: int) -> None:
    corners = [1.0, 2.0, 11.0, 12.0]
    corners[side] = bad
    with pytest.raises(UserError, match=r"a\.txt, line 2: cat \(.*\) on a\.png is no box \(as are 0 more\)"):
        check((1, 2, 11, 12), (corners[0], corners[1], corners[2], corners[3]))


SIDE = st.floats(-200, 200)


@given(st.lists(st.tuples(SIDE, SIDE, SIDE, SIDE), max_size=12))
def test_what_is_left_lies_on_the_image_and_covers_what_was_drawn(corners: list[Corners]) -> None:
    found = check(*corners)
    left = found.lists[0].xyxy
    assert (left[:, :2] < left[:, 2:]).all()
    assert (left >= 0).all()
    assert (left <= [40, 30, 40, 30]).all()
    # By the definition of a rectangle: the part of each drawn box that is on the image, where there is any.
    expected = []
    for x1, y1, x2, y2 in corners:
        part = (max(min(x1, x2), 0), max(min(y1, y2), 0), min(max(x1, x2), 40), min(max(y1, y2), 30))
        if part[0] < part[2] and part[1] < part[3]:
            expected.append(part)
    np.testing.assert_array_equal(left, np.array(expected).reshape(-1, 4))
    dropped = sum(len(each.entries) for each in found.findings if each.kind in ("empty-boxes", "boxes-outside"))
    assert len(left) + dropped == len(corners)
