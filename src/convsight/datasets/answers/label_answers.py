"""A table with a class for each image, or a probability for each class."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.answers.answers import Answers, GivenAnswers
from convsight.datasets.names import class_name
from convsight.datasets.text_rows import text_rows
from convsight.errors import UserError, unknown_name
from convsight.results import Label
from convsight.words import first_few, quoted

_IMAGE = ("image", "file", "filename", "file_name", "image_id", "path", "name", "id")
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
    if given.path.suffix.lower() not in {".csv", ".tsv"}:
        raise given.refused("a .csv or .tsv table with a column image, and a column class or one for each class")
    (_, header), *rows = text_rows(given.path)
    image, of_classes, label = _columns(given, header)
    names, classes = given.names, given.dataset.target.names
    found: dict[int, NDArray[np.float64]] = {}
    lines: dict[int, str] = {}
    for line, fields in rows:
        place = f"{given.path}, {line}"
        position = names.find(fields[image], place)
        if position in found:
            raise UserError(f"{place}: {quoted(fields[image])} is answered twice, also in {lines[position]}; keep one")
        texts = [fields[column] for column in of_classes]
        if not any(texts) and (label is None or not fields[label]):
            continue  # an image that could not be predicted
        probabilities = _probabilities(place, texts) if of_classes else _certain(place, fields[label or 0], classes)
        found[position], lines[position] = probabilities, line
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


def _columns(given: GivenAnswers, header: Sequence[str]) -> tuple[int, list[int], int | None]:
    """The columns of the image, of the probability of each class, and of the class, as far as they are there."""
    lowered = [name.strip().lower() for name in header]
    image = next((lowered.index(name) for name in _IMAGE if name in lowered), None)
    if image is None:
        raise UserError(f"{given.path} has no column image; it has {first_few(header)}")
    label = next((lowered.index(name) for name in _CLASS if name in lowered), None)
    places = {class_name(name): place for place, name in enumerate(header) if place not in {image, label}}
    classes = given.dataset.target.names
    lacking = [name for name in classes if name not in places]
    if not lacking:
        return image, [places[name] for name in classes], label
    if label is None:
        there = f"; of the classes it lacks {first_few(lacking)}" if len(lacking) < len(classes) else ""
        raise UserError(
            f"{given.path} has neither a column class nor one for each class{there}; it has {first_few(header)}"
        )
    return image, [], label


def _certain(place: str, text: str, classes: tuple[str, ...]) -> NDArray[np.float64]:
    name = class_name(text)
    if name not in classes:
        raise UserError(f"{place}: {unknown_name('class', name, classes)}")
    found = np.zeros(len(classes))
    found[classes.index(name)] = 1.0
    return found


def _probabilities(place: str, texts: Sequence[str]) -> NDArray[np.float64]:
    try:
        values = np.array([float(text) for text in texts])
    except ValueError as error:
        raise UserError(f"{place}: {error}; expected a probability for each class") from error
    total = float(values.sum())
    if not (math.isfinite(total) and values.min() >= 0 and abs(total - 1) <= _SUM):
        raise UserError(
            f"{place}: the probabilities of the classes sum to {total:g}; they must be at least 0 and sum to 1"
        )
    return values / total
