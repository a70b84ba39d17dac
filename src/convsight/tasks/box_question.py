"""`BoxQuestion`: how sure a network is that a box holds what it was found to hold.

Source: Petsiuk et al., "Black-box Explanation of Object Detectors via Saliency Maps" (D-RISE), CVPR 2021.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.results.overlaps import iou
from convsight.tasks.asked_thing import Candidates, asked_thing
from convsight.tasks.question import Question


@final
@dataclass(frozen=True)
class BoxQuestion(Question):
    """The largest product of a score of class `label` and the overlap of its box with `box`, over a network's boxes.

    Arrays are `boxes` (batch, boxes, 4), left, top, right, bottom as fractions of the fitted picture, as `box` is, and
    `scores` and `labels` (batch, boxes). Overlap is intersection over union.

    >>> dog = BoxQuestion("dog #1", 1, (0.0, 0.0, 0.5, 0.5))
    >>> boxes = np.array([[[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.25], [0, 0, 0.5, 0.5]]])
    >>> dog.score({"boxes": boxes, "scores": np.array([[0.3, 0.8, 0.9]]), "labels": np.array([[1, 1, 0]])}).tolist()
    [0.4]
    """

    words: str
    label: int
    box: tuple[float, float, float, float]
    unit: str = "score"

    def score(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        overlap = iou(np.asarray(arrays["boxes"], np.float64), np.array(self.box))
        same = np.asarray(arrays["labels"]) == self.label
        products: NDArray[np.float64] = overlap * np.asarray(arrays["scores"], np.float64) * same
        found: NDArray[np.float64] = products.max(axis=1, initial=0.0)
        return found


def box_question(
    arrays: Mapping[str, NDArray[Any]], classes: Sequence[str], thresholds: NDArray[np.float64], wanted: str | None
) -> BoxQuestion:
    """The question about the box that `wanted` names, see `asked_thing`; `thresholds` (classes,).

    `arrays` are `boxes` (boxes, 4), `scores` and `labels` (boxes,) of one picture; a score of 0 is no box.
    """
    scores = np.asarray(arrays["scores"], np.float64)
    there = np.flatnonzero(scores > 0)
    order = there[np.argsort(-scores[there], kind="stable")]
    labels = np.asarray(arrays["labels"])[order].astype(np.int64)
    asked = asked_thing(Candidates(classes, labels, scores[order], thresholds[labels]), wanted)
    left, top, right, bottom = np.asarray(arrays["boxes"], np.float64)[order[asked.place]].tolist()
    return BoxQuestion(asked.words, int(labels[asked.place]), (left, top, right, bottom))
