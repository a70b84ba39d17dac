"""A table with the labels of each image, or a probability for each label."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.answers.answer_table import Row, answer_table, numbers_in
from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.names import class_name
from convsight.errors import UserError, unknown_name
from convsight.results import LabelSet
from convsight.results.label_set import NONE, SEPARATOR
from convsight.targets import SeveralLabels

_WANTED = "a .csv or .tsv table with a column image, and a column labels or one for each label"
_LABELS = ("labels", "label", "tags", "classes", "predictions")
_USUAL = 0.5  # the probability from which a label counts as present
# What asks for probabilities, and cannot be told of names alone.
_OF_PROBABILITIES = frozenset({"mAP", "AP", "log_loss"})


def read_label_sets(given: GivenAnswers) -> Answers:
    """The answers of a .csv or .tsv with a column `image`, and `labels` (`cat;dog`, `none`) or a column for each label.

    A column of a label holds its probability, or 0 and 1. Where both are there, as in what `predict --format csv`
    writes, the names say which labels count as present, and the probabilities how sure each is; without names those of
    at least the data's threshold, else 0.5. An image without an answer counts as one with none of the labels.

    Raises `UserError` naming the line for an unknown image or label, an image that is answered twice, and
    probabilities outside 0..1.
    """
    table = answer_table(given, _WANTED)
    classes = given.dataset.target.names
    lowered = {name.lower() for name in classes}
    of_labels, names = table.name_columns([each for each in _LABELS if each not in lowered], "label", "labels")
    usual = np.array(_thresholds(given) or [_USUAL] * len(classes))

    def says(place: str, fields: Sequence[str]) -> Row | None:
        texts = [fields[column] for column in of_labels]
        if not any(texts) and (names is None or not fields[names].strip()):
            return None  # an image that could not be predicted
        present = None if names is None else _flags(place, fields[names], classes)
        if not of_labels:
            assert present is not None
            return np.stack([present.astype(np.float64), usual])
        sure = numbers_in(place, texts, "a probability for each label")
        if sure.min() < 0 or sure.max() > 1:
            raise UserError(f"{place}: probabilities lie in 0..1, not {sure.min():g} to {sure.max():g}")
        # What is named counts as present, however sure: another tool has thresholds of its own.
        return np.stack([sure, usual if present is None else np.where(present, sure, np.nextafter(sure, 2))])

    found = table.read(says)

    def result(position: int) -> LabelSet:
        sure, least = found.get(position, np.stack([np.zeros(len(classes)), usual]))
        return LabelSet(classes, sure, least)

    missing = [position for position in range(len(given.split)) if position not in found]
    notes = [] if of_labels else ["labels are given without probabilities: what asks for these is left out"]
    without = frozenset() if of_labels else _OF_PROBABILITIES
    return Answers(result, missing, "images with none of the labels", notes, without)


def _thresholds(given: GivenAnswers) -> Sequence[float] | None:
    target = given.dataset.target
    return target.thresholds if isinstance(target, SeveralLabels) else None


def _flags(place: str, text: str, classes: tuple[str, ...]) -> NDArray[np.bool_]:
    """Whether each label is named in a text such as `cat;dog`."""
    found = np.zeros(len(classes), np.bool_)
    named = [class_name(part) for part in text.split(SEPARATOR) if part.strip()]
    for name in named if named != [NONE] or NONE in classes else []:
        if name not in classes:
            raise UserError(f"{place}: {unknown_name('label', name, classes)}")
        found[classes.index(name)] = True
    return found
