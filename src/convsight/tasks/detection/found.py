"""How good the boxes are that count as found: those whose score reaches the threshold of their class."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from convsight.tasks.detection.coco import Coco
from convsight.tasks.detection.gathered import Flags, Floats


class Followed(NamedTuple):
    """Precision and recall as the threshold falls; each (answers,), one for each answer that counts.

    `found` is how many of them count as found.
    """

    precision: Floats
    recall: Floats
    found: int


def called_found(coco: Coco) -> Flags:
    """Which answers are sure enough, (answers,)."""
    found: Flags = coco.gathered.answers.scores >= coco.gathered.answers.least
    return found


def found_numbers(coco: Coco) -> dict[str, float]:
    """Precision, recall and F1 at an overlap of 0.5, of all boxes and of each class; NaN where undefined.

    Precision is 0 where true boxes are missed and nothing is found, and undefined where there are neither.

    >>> from convsight.results import Boxes
    >>> from convsight.tasks.detection.gathered import Gathered
    >>> truth = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 4), (5, 5, 9, 9)], [0, 0])
    >>> answer = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 3), (5, 0, 9, 4)], [0, 0], scores=[0.9, 0.1], least=[0.5, 0.5])
    >>> {name: round(value, 4) for name, value in found_numbers(Coco(Gathered(("cat",), [truth], [answer]))).items()}
    {'precision': 1.0, 'recall': 0.5, 'f1': 0.6667, 'precision/cat': 1.0, 'recall/cat': 0.5, 'f1/cat': 0.6667}
    """
    gathered, half = coco.gathered, coco.halfway
    found = called_found(coco)
    counts = [
        np.bincount(pile.labels[flags], minlength=len(gathered.classes))
        for pile, flags in (
            (gathered.answers, half.right & found),
            (gathered.answers, half.counted & found),
            (gathered.truth, half.true),
        )
    ]
    numbers = dict(zip(("precision", "recall", "f1"), _shares(*(int(each.sum()) for each in counts)), strict=True))
    for index, name in enumerate(gathered.classes):
        shares = _shares(*(int(each[index]) for each in counts))
        numbers |= {f"{kind}/{name}": value for kind, value in zip(("precision", "recall", "f1"), shares, strict=True)}
    return numbers


def _shares(right: int, answered: int, true: int) -> Iterator[float]:
    yield right / answered if answered else 0.0 if true else np.nan
    yield right / true if true else np.nan
    yield 2 * right / (answered + true) if answered + true else np.nan


def followed(coco: Coco) -> dict[str, Followed]:
    """Precision and recall at an overlap of 0.5 of each class that has things to be found."""
    gathered, half = coco.gathered, coco.halfway
    labels, order = gathered.answers.labels, gathered.by_class
    order = order[half.counted[order]]
    surely = called_found(coco)
    curves = {}
    for index, name in enumerate(gathered.classes):
        true = int((gathered.truth.labels[half.true] == index).sum())
        some = order[labels[order] == index]
        right = np.cumsum(half.right[some])
        if true:
            curves[name] = Followed(right / np.arange(1, len(some) + 1), right / true, int(surely[some].sum()))
    return curves
