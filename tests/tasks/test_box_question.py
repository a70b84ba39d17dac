"""The score of a box in a network's answer, by overlaps that are worked by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from convsight.card import Card
from convsight.inputs import ImageInput
from convsight.results import Boxes
from convsight.targets import Classes
from convsight.tasks import reader_of
from convsight.tasks.question import explainable

CARD = Card(
    task="detection",
    net="yolo-n",
    target=Classes(names=("cat", "dog")),
    input=ImageInput(height=64, width=64, fit="pad", mean=(0.5,) * 3, std=(0.25,) * 3),
    calibration={"threshold/dog": 0.6},
)
ARRAYS = {
    "boxes": np.array([[0.0, 0.25, 0.5, 0.75], [0.5, 0.25, 1.0, 0.75], [0.0, 0.25, 0.25, 0.75], [0, 0, 0, 0]]),
    "scores": np.array([0.5, 0.8, 0.3, 0.0]),
    "labels": np.array([1.0, 0.0, 0.0, 1.0]),
}


def batch(**changed: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {name: changed.get(name, values)[None] for name, values in ARRAYS.items()}


def test_boxes_are_numbered_as_they_are_shown() -> None:
    reader = reader_of(CARD)
    found = reader.read(ARRAYS, (64, 32))
    assert isinstance(found, Boxes)
    shown = [f"{box.name} #{number}" for number, box in enumerate(found.each(), start=1)]
    asked = [explainable(reader).question(ARRAYS, (64, 32), f"#{number}").words for number in (1, 2)]
    assert asked == shown == ["cat #1", "cat #2"]  # the dog of 0.5 is under its threshold


def test_a_box_scores_what_it_was_told_of_it_and_less_where_it_moves() -> None:
    question = explainable(reader_of(CARD)).question(ARRAYS, (64, 32), None)
    assert (question.words, question.unit) == ("cat #1", "score")
    assert question.score(batch()).tolist() == pytest.approx([0.8])
    # Half of it is left of where it was: a third of both together is shared.
    moved = ARRAYS["boxes"].copy()
    moved[1] = [0.25, 0.25, 0.75, 0.75]
    assert question.score(batch(boxes=moved)).tolist() == pytest.approx([0.8 / 3])


def test_other_classes_and_boxes_elsewhere_score_nothing() -> None:
    question = explainable(reader_of(CARD)).question(ARRAYS, (64, 32), "dog")
    assert question.words == "dog, not found"
    assert question.score(batch()).tolist() == [0.5]
    assert question.score(batch(labels=np.zeros(4))).tolist() == [0.0]
    assert question.score(batch(scores=np.array([0.0, 0.8, 0.3, 0.0]))).tolist() == [0.0]


def test_the_largest_product_counts() -> None:
    question = explainable(reader_of(CARD)).question(ARRAYS, (64, 32), "cat")
    boxes = ARRAYS["boxes"].copy()
    boxes[2] = [0.5, 0.25, 0.75, 0.75]  # half of the asked box
    scores = np.array([0.0, 0.3, 0.9, 0.0])
    assert question.score(batch(boxes=boxes, scores=scores)).tolist() == pytest.approx([0.45])
