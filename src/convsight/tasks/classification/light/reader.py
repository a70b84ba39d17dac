"""The light half of classification: probabilities to a `Label`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Dataset, Split
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.label_answers import read_labels
from convsight.results import Label, Labels, NumbersOfMany
from convsight.targets import Classes
from convsight.tasks.classification.light.metrics import ClassMetrics
from convsight.tasks.question import OutputQuestion, class_index
from convsight.tasks.reader import Reader


@final
class ClassReader(Reader):
    """Reads the array `probabilities` of shape (classes,)."""

    result = Label
    pipeline_tag = "image-classification"
    shares = "probabilities"
    plain_python = """\
best = int(arrays["probabilities"][0].argmax())
print(classes[best], float(arrays["probabilities"][0, best]))
"""

    @classmethod
    def adopted(cls, dataset: Dataset) -> Dataset | None:
        """One number an image is a class for each of its values."""
        numbers = [each.targets for each in dataset.splits.values() if isinstance(each.targets, NumbersOfMany)]
        if len(numbers) < len(dataset.splits) or len(dataset.target.names) != 1:
            return None
        values = np.unique(np.concatenate([each.values[:, 0] for each in numbers]))
        names = tuple(f"{value:g}" for value in values.tolist())
        if len(set(names)) < len(names):
            return None
        splits = {name: _as_classes(split, values, names) for name, split in dataset.splits.items()}
        return replace(dataset, task="classification", target=Classes(names=names), splits=splits, findings=())

    @classmethod
    def answers(cls, given: GivenAnswers) -> Answers:
        return read_labels(given)

    @classmethod
    def judging(cls, given: GivenAnswers) -> ClassMetrics:
        return ClassMetrics(given.dataset.target.names)

    def columns(self) -> tuple[str, ...]:
        return ("label", "probability", *self.classes)

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Label:
        return Label(self.classes, arrays["probabilities"])

    def question(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...], wanted: str | None) -> OutputQuestion:
        found = int(np.argmax(arrays["probabilities"])) if wanted is None else class_index(wanted, self.classes)
        return OutputQuestion(self.classes[found], found, "probabilities")

    def metrics(self) -> ClassMetrics:
        return ClassMetrics(self.classes)


def _as_classes(split: Split, values: NDArray[np.float64], names: tuple[str, ...]) -> Split:
    """The same images; the class of each is the position of its number among the ascending `values`."""
    assert isinstance(split.targets, NumbersOfMany)
    return replace(split, targets=Labels(np.searchsorted(values, split.targets.values[:, 0]), names))
