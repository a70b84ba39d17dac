"""What is wrong about predictions, held against what the metrics count, and drawn."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from convsight.results import Boxes, Label, Numbers
from convsight.results.mistakes import Mistake, draw_mistakes, mistakes_of
from convsight.tasks.detection.light.metrics import BoxMetrics

CLASSES = ("cat", "dog", "owl")


def test_a_wrong_class_is_as_bad_as_it_is_sure() -> None:
    prediction, target = Label(CLASSES, np.array([0.2, 0.7, 0.1])), Label.certain(0, CLASSES)
    assert mistakes_of(prediction, target) == [Mistake("class", "cat", "dog", 0.7)]
    assert mistakes_of(prediction, Label.certain(1, CLASSES)) == []


def test_of_a_result_that_does_not_know_its_difference_counts() -> None:
    one, other = (Numbers(("m",), ("kg",), np.array([value]), np.array([2.0])) for value in (9.0, 3.0))
    assert mistakes_of(one, other) == [Mistake("differs", "m 3 kg", "m 9 kg", 3.0)]
    drawn = draw_mistakes(one, other, Image.new("RGB", (300, 200), "red"))
    assert drawn.size[0] == 300
    assert drawn.size[1] > 200  # the words stand above


def boxes(random: np.random.Generator, count: int, sure: bool) -> Boxes:
    corners = random.integers(0, 5, (count, 2)) * 8.0
    sides = random.integers(2, 5, (count, 2)) * 6.0
    return Boxes.of(
        CLASSES,
        (60, 60),
        np.hstack([corners, corners + sides]),
        random.integers(0, 3, count),
        scores=None if sure else random.permutation(np.linspace(0.05, 0.95, count)),
        thresholds=None if sure else 0.3,
        difficult=random.random(count) < 0.2 if sure else None,
        crowd=random.random(count) < 0.1 if sure else None,
    )


def test_wrong_boxes_are_those_that_the_metrics_count() -> None:
    """Oracle: the kinds of errors of the metrics, which go another way."""
    random = np.random.default_rng(0)
    metrics, counts, to_find = BoxMetrics(CLASSES), dict.fromkeys(KINDS, 0), 0
    for _ in range(150):
        prediction, target = boxes(random, 9, sure=False), boxes(random, 6, sure=True)
        # A thing that is found twice.
        xyxy, labels = prediction.xyxy.copy(), prediction.labels.copy()
        xyxy[:2], labels[:2] = target.xyxy[0] + (0, 0, 0, 0.5), target.labels[0]
        prediction = replace(prediction, xyxy=xyxy, labels=labels)
        metrics.update(target, prediction)
        to_find += int((~(target.crowd | target.difficult)).sum())
        found = mistakes_of(prediction, target)
        for mistake in found:
            counts[mistake.kind] += 1
        assert found == sorted(found, key=lambda mistake: -mistake.severity)
    computed = metrics.compute(intervals=False)
    errors = {kind: round(computed[f"errors/{kind}"].value * to_find) for kind in counts}
    assert counts == errors
    assert min(counts.values()) > 10


KINDS = ("missed", "class", "place", "both", "duplicate", "background")


def test_what_a_mistake_in_a_box_says() -> None:
    target = Boxes.of(CLASSES, (50, 40), [(0, 0, 10, 10), (30, 20, 40, 30), (20, 0, 28, 8)], [0, 1, 2])
    prediction = Boxes.of(
        CLASSES,
        (50, 40),
        [(0, 0, 10, 9), (30, 20, 40, 29), (20, 0, 28, 7)],
        [0, 0, 2],
        scores=[0.9, 0.8, 0.1],
        thresholds=0.5,
    )
    assert mistakes_of(prediction, target) == [
        Mistake("missed", "owl", "nothing", 0.9, (20.0, 0.0, 28.0, 8.0)),
        Mistake("class", "dog", "cat", 0.8, (30.0, 20.0, 40.0, 29.0)),
    ]


@pytest.mark.parametrize("side", [40, 400])
def test_boxes_are_drawn_where_they_are_at_any_size(side: int) -> None:
    """The lower right box is missed, the upper left one is found and not drawn."""
    target = Boxes.of(CLASSES, (40, 40), [(2, 2, 12, 12), (20, 24, 36, 36)], [0, 1])
    prediction = Boxes.of(CLASSES, (40, 40), [(2, 2, 12, 12)], [0], scores=[0.9])
    drawn = np.asarray(draw_mistakes(prediction, target, Image.new("RGB", (side, side), "white")))
    shown = drawn[len(drawn) - drawn.shape[1] :]  # below the words
    scale = len(shown) / 40
    coloured = np.argwhere((shown != 255).any(axis=2)) / scale
    assert coloured[:, 1].min() > 15
    assert np.abs(coloured.max(axis=0) - (36, 36)).max() < 1.5
