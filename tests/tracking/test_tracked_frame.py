"""Steps of a video whose frames cannot all be read."""

import pytest

from convsight.results import Boxes, Label
from convsight.runtime.prediction import Prediction
from convsight.tracking.tracked_frame import TrackedFrame, tracked_frames
from convsight.tracking.tracker import Tracker

CLASSES = ("cat", "dog")


def seen(number: int) -> Prediction:
    """A cat that moves by 9 px a frame, and a dog that comes after ten frames and stays."""
    dog = number >= 10
    xyxy = [(9 * number, 10, 9 * number + 40, 50), (300, 60, 340, 90)][: 1 + dog]
    boxes = Boxes.of(CLASSES, (400, 100), xyxy, [0, 1][: 1 + dog], scores=[0.9, 0.9][: 1 + dog], thresholds=0.5)
    return Prediction(f"{number}.png", boxes)


def follow(lost: range | list[int], gap: Prediction, rate: float = 30.0) -> list[TrackedFrame]:
    predictions = [gap if number in lost else seen(number) for number in range(30)]
    return list(tracked_frames(iter(predictions), Tracker(rate)))


def ids(found: list[TrackedFrame]) -> list[list[int]]:
    return [frame.tracked.ids.tolist() if frame.tracked else [] for frame in found]


UNREADABLE = Prediction("x.png", error="x.png is damaged")
EMPTY = Prediction("x.png", Boxes.of(CLASSES, (400, 100), [], []))


@pytest.mark.parametrize(
    ("lost", "rate"),
    [(range(5), 30), (range(5, 10), 30), (range(5, 17), 30), ([0, 2, 4, 11, 20, 21], 30), (range(15, 27), 10)],
    ids=str,
)
def test_frames_that_cannot_be_read_are_as_empty_ones(lost: range | list[int], rate: float) -> None:
    unreadable, empty = follow(lost, UNREADABLE, rate), follow(lost, EMPTY, rate)
    assert ids(unreadable) == ids(empty)
    assert [frame.number for frame in unreadable] == list(range(1, 31))
    assert [frame.number - 1 for frame in unreadable if frame.tracked is None] == list(lost)
    assert all((frame.error is None) == (frame.tracked is not None) for frame in unreadable)


def test_what_moves_while_frames_cannot_be_read_keeps_its_number() -> None:
    assert ids(follow(range(5, 10), UNREADABLE))[10:12] == [[1], [1, 2]]


def test_what_is_no_box_cannot_be_followed() -> None:
    label = Prediction("a.png", Label.certain(0, CLASSES))
    with pytest.raises(TypeError, match="only boxes can be followed, not a Label"):
        list(tracked_frames(iter([UNREADABLE, label]), Tracker()))
