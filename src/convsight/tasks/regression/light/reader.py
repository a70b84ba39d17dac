"""The light half of regression: arrays to `Numbers`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.datasets import Dataset, Split
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.answers.number_answers import read_numbers
from convsight.datasets.number_columns import numeric_classes
from convsight.errors import unknown_name
from convsight.results import Labels, Numbers, NumbersOfMany
from convsight.results.mixture import Mixture
from convsight.targets import Classes, NumberTargets
from convsight.tasks.question import OutputQuestion
from convsight.tasks.reader import Reader
from convsight.tasks.regression.light.metrics import NumberMetrics

if TYPE_CHECKING:
    from convsight.card import Card

_ADOPTED = "label"  # the name of numbers that were classes


@final
class NumberReader(Reader):
    """Reads `weights`, `means` and `deviations`, each (numbers, components), in the numbers' own units."""

    result = Numbers
    pipeline_tag = "other"
    plain_python = """\
numbers = arrays["numbers"][0]
print(dict(zip(classes, numbers.tolist())))
"""

    def __init__(self, card: "Card") -> None:
        super().__init__(card)
        self._target = number_targets(card)
        self._scale = np.array(self._target.scale)

    @classmethod
    def adopted(cls, dataset: Dataset) -> Dataset | None:
        """Classes whose names are all numbers, such as digits or grades, are these numbers."""
        values = numeric_classes(dataset.target.names) if isinstance(dataset.target, Classes) else None
        if values is None or not all(isinstance(split.targets, Labels) for split in dataset.splits.values()):
            return None
        target = NumberTargets(names=(_ADOPTED,), units=("",))
        splits = {name: _as_numbers(split, np.array(values, np.float64)) for name, split in dataset.splits.items()}
        return replace(dataset, task="regression", target=target, splits=splits, findings=())

    @classmethod
    def answers(cls, given: GivenAnswers) -> Answers:
        return read_numbers(given)

    @classmethod
    def judging(cls, given: GivenAnswers) -> NumberMetrics:
        """With the scale of the training numbers, or of those that are judged where the data have no others."""
        target = given.dataset.target
        if not isinstance(target, NumberTargets):
            raise TypeError(f"regression needs numbers as its target, not {type(target).__name__}")
        return NumberMetrics(target.fitted(given.dataset.splits.get("train", given.split).targets))

    def columns(self) -> tuple[str, ...]:
        labels = zip(self._target.names, self._target.units, strict=True)
        ends = [(name, *(_with_unit(f"{name} {end}", unit) for end in ("low", "high"))) for name, unit in labels]
        return tuple(column for each in ends for column in each)

    def read(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...]) -> Numbers:
        parts = (np.asarray(arrays[name], np.float64) for name in ("weights", "means", "deviations"))
        mixture = Mixture(*parts)
        return Numbers(self._target.names, self._target.units, mixture.mean, self._scale, mixture)

    def question(self, arrays: Mapping[str, NDArray[Any]], size: tuple[int, ...], wanted: str | None) -> OutputQuestion:
        """About the number that `wanted` names, by default the first; in its own unit."""
        names = self._target.names
        if wanted is not None and wanted not in names:
            raise unknown_name("number", wanted, names)
        place = 0 if wanted is None else names.index(wanted)
        return OutputQuestion(names[place], place, "numbers", self._target.units[place] or "number")

    def metrics(self) -> NumberMetrics:
        return NumberMetrics(self._target)


def number_targets(card: "Card") -> NumberTargets:
    """What the network on `card` is asked for; raises TypeError where that is no numbers."""
    if not isinstance(card.target, NumberTargets):
        raise TypeError(f"regression needs numbers as its target, not {type(card.target).__name__}")
    return card.target


def _as_numbers(split: Split, values: NDArray[np.float64]) -> Split:
    """The same images; what is true of each is the number of its class among `values` (classes,)."""
    assert isinstance(split.targets, Labels)
    return replace(split, targets=NumbersOfMany(values[split.targets.indices][:, None], (_ADOPTED,), ("",)))


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
