"""A table with a class for each image, or a probability for each class."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.answers.answer_table import answer_table, numbers_in
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.names import class_name
from convsight.errors import UserError, unknown_name
from convsight.results import Label

_CLASS = ("class", "label", "prediction", "predicted", "category", "class_name")
_SUM = 0.01  # by which probabilities may miss 1: rounded to two digits
# What asks for probabilities, and cannot be told of a class alone.
_OF_PROBABILITIES = frozenset({"auc", "log_loss", "calibration_error", "top5"})


def read_labels(given: GivenAnswers) -> Answers:
    """The answers of a .csv or .tsv with a column `image` and either `class` or a column named after each class.

    Where both are there, the probabilities count, as in what `predict --format csv` writes. An image without an answer
    counts as wrong: all its probability is on other classes than the true one. Raises `UserError` naming the line for
    an unknown image or class, an image that is answered twice, and probabilities that are none.
    """
    table = answer_table(given, "a .csv or .tsv table with a column image, and a column class or one for each class")
    of_classes, label = table.name_columns(_CLASS, "class", "classes")
    classes = given.dataset.target.names

    def says(place: str, fields: Sequence[str]) -> NDArray[np.float64] | None:
        texts = [fields[column] for column in of_classes]
        if not any(texts) and (label is None or not fields[label]):
            return None  # an image that could not be predicted
        return _probabilities(place, texts) if of_classes else _certain(place, fields[label or 0], classes)

    found = table.read(says)
    missing = [position for position in range(len(given.split)) if position not in found]

    def result(position: int) -> Label:
        if position in found:
            return Label(classes, found[position])
        true = given.split.targets[position]
        assert isinstance(true, Label)
        return Label(classes, np.where(np.arange(len(classes)) == true.index, 0.0, 1 / max(1, len(classes) - 1)))

    without = frozenset() if of_classes else _OF_PROBABILITIES
    notes = [] if of_classes else ["classes are given without probabilities: what asks for these is left out"]
    return Answers(result, missing, "wrong", notes, without)


def _certain(place: str, text: str, classes: tuple[str, ...]) -> NDArray[np.float64]:
    name = class_name(text)
    if name not in classes:
        raise UserError(f"{place}: {unknown_name('class', name, classes)}")
    found = np.zeros(len(classes))
    found[classes.index(name)] = 1.0
    return found


def _probabilities(place: str, texts: Sequence[str]) -> NDArray[np.float64]:
    values = numbers_in(place, texts, "a probability for each class")
    total = float(values.sum())
    if not (values.min() >= 0 and abs(total - 1) <= _SUM):
        raise UserError(
            f"{place}: the probabilities of the classes sum to {total:g}; they must be at least 0 and sum to 1"
        )
    return values / total
