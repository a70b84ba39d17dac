"""ByteTrack as it is set up here."""

import numpy as np
from numpy.typing import NDArray

from convsight.results import Boxes
from convsight.tracking import MotTable, Tracked, Tracker, judge
from convsight.tracking.moving_shapes import MovingShapes

CLASSES = ("cat", "dog")
Spot = tuple[float, int, float]  # left, class, score


def seen(*spots: Spot) -> Boxes:
    """Boxes of 20 x 20 px, of which a score of 0.5 counts as found."""
    xyxy = [(left, 10, left + 20, 30) for left, _, _ in spots]
    labels, scores = [kind for _, kind, _ in spots], [score for _, _, score in spots]
    return Boxes.of(CLASSES, (400, 40), xyxy, labels, scores=scores, thresholds=0.5)


def follow(*frames: Boxes, rate: float = 30.0) -> list[Tracked]:
    tracker = Tracker(rate)
    return [tracker.update(number, boxes) for number, boxes in enumerate(frames, 1)]


def ids(*frames: Boxes, rate: float = 30.0) -> list[list[int]]:
    return [tracked.ids.tolist() for tracked in follow(*frames, rate=rate)]


def test_a_thing_is_told_from_its_second_frame_on_under_one_number() -> None:
    assert ids(*(seen((2 * step, 0, 0.9)) for step in range(5))) == [[], [1], [1], [1], [1]]
    assert ids(seen(), seen((0, 0, 0.9)), seen(), seen((0, 0, 0.9))) == [[], [], [], []]


def test_unsure_boxes_go_on_with_a_track_and_begin_none() -> None:
    sure, unsure, noise = (seen((5, 0, score)) for score in (0.9, 0.2, 0.05))
    assert ids(sure, sure, unsure, unsure) == [[], [1], [1], [1]]
    assert ids(unsure, unsure, unsure) == [[], [], []]
    assert ids(sure, sure, noise) == [[], [1], []]


def test_what_counts_as_found_is_what_the_boxes_say() -> None:
    assert ids(*[seen((5, 0, 0.4))] * 3) == [[], [], []]
    assert ids(*[seen((5, 0, 0.4)).at_least(0.3)] * 3) == [[], [1], [1]]
    # Where very little counts as found, half of it goes on with a track.
    few = [seen((5, 0, score)).at_least(0.08) for score in (0.08, 0.08, 0.05, 0.03)]
    assert ids(*few) == [[], [1], [1], []]


def test_a_lost_thing_keeps_its_number_for_a_second() -> None:
    sure, nothing = seen((5, 0, 0.9)), seen()
    assert ids(sure, sure, *[nothing] * 28, sure)[-1] == [1]
    assert ids(sure, sure, *[nothing] * 40, sure, sure)[-1] == [2]
    assert ids(sure, sure, *[nothing] * 8, sure, rate=10)[-1] == [1]
    assert ids(sure, sure, *[nothing] * 20, sure, sure, rate=10)[-1] == [2]


def test_a_track_is_of_one_class() -> None:
    # A cat and a dog come towards each other, meet, and go on.
    frames = [seen((100 + 4 * step, 0, 0.9), (180 - 4 * step, 1, 0.9)) for step in range(20)]
    for tracked in follow(*frames)[1:]:
        assert {track.id: track.name for track in tracked.each()} == {1: "cat", 2: "dog"}
    assert ids(*[seen((5, 0, 0.9))] * 3, *[seen((5, 1, 0.9))] * 2) == [[], [1], [1], [], [2]]


def test_boxes_are_those_of_the_detector() -> None:
    frames = [seen((100 + 4 * step, 1, 0.6), (5, 0, 0.9)) for step in range(4)]
    for tracked, boxes in zip(follow(*frames)[1:], frames[1:], strict=True):
        assert sorted(tracked.boxes.xyxy.tolist()) == sorted(boxes.xyxy.tolist())
        assert {track.score for track in tracked.each()} == {0.6, 0.9}


def test_drawn_shapes_are_followed_where_they_cross() -> None:
    video = MovingShapes(seed=10, length=60)
    truth = [video.frame(number).truth for number in range(1, 61)]
    tracker = Tracker()
    found = [tracker.update(each.frame, each.boxes) for each in truth]
    judged = judge(MotTable.of(truth), MotTable.of(found))
    assert judged.hota.hota > 0.9
    assert judged.clear.false == 0

    # Planted: each number given at random.
    def shuffled_ids(each: Tracked) -> NDArray[np.int64]:
        return np.random.default_rng(each.frame).permutation(9)[: len(each.ids)] + 1

    shuffled = [Tracked(each.frame, each.boxes.with_columns(track=shuffled_ids(each))) for each in found]
    assert judge(MotTable.of(truth), MotTable.of(shuffled)).hota.assa < 0.4
