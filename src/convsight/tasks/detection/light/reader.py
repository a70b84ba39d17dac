"""The light half of detection: the arrays of a network to `Boxes`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.coco_answers import read_coco_answers
from convsight.metrics.things.thresholds import thresholds_of
from convsight.results import Boxes
from convsight.tasks.box_question import BoxQuestion, box_question
from convsight.tasks.detection.light.metrics import BoxMetrics
from convsight.tasks.reader import Reader

if TYPE_CHECKING:
    from convsight.card import Card


_PLAIN_PYTHON = """\
thresholds = {thresholds}  # the score from which a class counts as found
for box, score, label in zip(arrays["boxes"][0], arrays["scores"][0], arrays["labels"][0]):
    name = classes[int(label)]
    if score >= thresholds[name]:
        print(name, float(score), box)  # left, top, right, bottom as fractions of the fitted image
"""


@final
class BoxReader(Reader):
    """Reads the arrays `boxes` (boxes, 4), `scores` (boxes,) and `labels` (boxes,), of which a score of 0 is none.

    Boxes are left, top, right, bottom as fractions of the fitted image, after suppression.
    """

    result = Boxes
    brings_files = False
    pipeline_tag = "object-detection"

    def __init__(self, card: "Card") -> None:
        super().__init__(card)
        self._thresholds = thresholds_of(card.calibration, card.target.names)
        self.plain_python = _PLAIN_PYTHON.format(
            thresholds=dict(zip(self.classes, self._thresholds.tolist(), strict=True))
        )

    @classmethod
    def answers(cls, given: GivenAnswers) -> Answers:
        return read_coco_answers(given)

    @classmethod
    def judging(cls, given: GivenAnswers) -> BoxMetrics:
        return BoxMetrics(given.dataset.target.names)

    def columns(self) -> tuple[str, ...]:
        return ("label", "score", "left", "top", "right", "bottom")

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Boxes:
        scores = np.asarray(arrays["scores"], np.float64)
        found = np.flatnonzero(scores != 0)  # NaN is kept, to be refused
        labels = np.asarray(arrays["labels"])[found].astype(np.int64)
        fractions = np.asarray(arrays["boxes"], np.float64)[found]
        xyxy = self.card.input.geometry(size).fractions_back(fractions)
        width, height = size
        return Boxes.of(
            self.classes, (width, height), xyxy, labels, scores=scores[found], thresholds=self._thresholds[labels]
        )

    def question(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...], wanted: str | None) -> BoxQuestion:
        return box_question(arrays, self.classes, self._thresholds, wanted)

    def metrics(self) -> BoxMetrics:
        return BoxMetrics(self.classes)
