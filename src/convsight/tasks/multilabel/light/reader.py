"""The light half of several labels: probabilities to a `LabelSet`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Dataset
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.label_set_answers import read_label_sets
from convsight.results import LabelSet
from convsight.targets import SeveralLabels
from convsight.tasks.multilabel.light.adoption import as_labels
from convsight.tasks.multilabel.light.metrics import LabelSetMetrics
from convsight.tasks.multilabel.light.thresholds import thresholds_of
from convsight.tasks.question import OutputQuestion, class_index
from convsight.tasks.reader import Reader

if TYPE_CHECKING:
    from convsight.card import Card

_PLAIN_PYTHON = """\
thresholds = {thresholds}  # the probability from which a label counts as present
for name, probability in zip(classes, arrays["probabilities"][0]):
    if probability >= thresholds[name]:
        print(name, float(probability))
"""


@final
class LabelSetReader(Reader):
    """Reads the array `probabilities` of shape (labels,), each in 0..1."""

    result = LabelSet
    pipeline_tag = "image-classification"  # the hub has none for several labels
    shares = "probabilities"

    def __init__(self, card: "Card") -> None:
        super().__init__(card)
        usual = card.target.thresholds if isinstance(card.target, SeveralLabels) else None
        self._thresholds = thresholds_of(card.calibration, self.classes, usual)
        chosen = dict(zip(self.classes, self._thresholds.tolist(), strict=True))
        self.plain_python = _PLAIN_PYTHON.format(thresholds=chosen)

    @classmethod
    def adopted(cls, dataset: Dataset) -> Dataset | None:
        return as_labels(dataset)

    @classmethod
    def answers(cls, given: GivenAnswers) -> Answers:
        return read_label_sets(given)

    @classmethod
    def judging(cls, given: GivenAnswers) -> LabelSetMetrics:
        return LabelSetMetrics(given.dataset.target.names)

    def columns(self) -> tuple[str, ...]:
        return ("labels", *self.classes)

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> LabelSet:
        return LabelSet(self.classes, np.asarray(arrays["probabilities"]), self._thresholds)

    def question(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...], wanted: str | None) -> OutputQuestion:
        found = int(np.argmax(arrays["probabilities"])) if wanted is None else class_index(wanted, self.classes)
        return OutputQuestion(self.classes[found], found, "probabilities")

    def metrics(self) -> LabelSetMetrics:
        return LabelSetMetrics(self.classes)
