"""The light half of detection: the arrays of a network to `Boxes`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.results import Boxes
from convsight.tasks.detection.metrics import BoxMetrics
from convsight.tasks.detection.thresholds import thresholds_of
from convsight.tasks.reader import Reader

if TYPE_CHECKING:
    from convsight.card import Card


@final
class BoxReader(Reader):
    """Reads the arrays `boxes` (boxes, 4), `scores` (boxes,) and `labels` (boxes,), of which a score of 0 is none.

    Boxes are left, top, right, bottom as fractions of the fitted picture, after suppression.
    """

    pipeline_tag = "object-detection"
    plain_python = """\
for box, score, label in zip(arrays["boxes"][0], arrays["scores"][0], arrays["labels"][0]):
    if score >= 0.25:
        print(classes[int(label)], float(score), box)  # left, top, right, bottom as fractions of the fitted picture
"""

    def __init__(self, card: "Card") -> None:
        super().__init__(card)
        self._least = thresholds_of(card.calibration, card.classes)

    def columns(self) -> tuple[str, ...]:
        return ("label", "score", "left", "top", "right", "bottom")

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, int]) -> Boxes:
        scores = np.asarray(arrays["scores"], np.float64)
        found = np.flatnonzero(scores != 0)  # NaN is kept, to be refused
        labels = np.asarray(arrays["labels"])[found].astype(np.int64)
        fractions = np.asarray(arrays["boxes"], np.float64)[found]
        xyxy = self.card.preprocessing.frame.pixels(fractions, size)
        return Boxes.of(self.classes, size, xyxy, labels, scores=scores[found], least=self._least[labels])

    def metrics(self) -> BoxMetrics:
        return BoxMetrics(self.classes)
