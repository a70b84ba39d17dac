"""How good the boxes are that count as found: those whose score reaches the threshold of their class."""

from typing import NamedTuple

import numpy as np

from convsight.tasks.detection.light.coco import Coco, Floats
from convsight.tasks.detection.light.flat_boxes import Flags


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


def measure_found(coco: Coco, weights: Floats) -> dict[str, Floats]:
    """Precision, recall and F1 at an overlap of 0.5, of all boxes and of each class; NaN where undefined.

    Weights of pictures (resamples, pictures) to (resamples,) by name. Precision is 0 where true boxes are missed and
    nothing is found, and undefined where there are neither.

    >>> from convsight.results import Boxes
    >>> from convsight.tasks.detection.light.flat_boxes import Gathered
    >>> truth = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 4), (5, 5, 9, 9)], [0, 0])
    >>> answer = Boxes.of(("cat",), (9, 9), [(0, 0, 4, 3), (5, 0, 9, 4)], [0, 0], scores=[0.9, 0.1], least=[0.5, 0.5])
    >>> found = measure_found(Coco(Gathered(("cat",), [truth], [answer])), np.ones((1, 1)))
    >>> {name: round(float(value[0]), 4) for name, value in found.items()}
    {'precision': 1.0, 'recall': 0.5, 'f1': 0.6667, 'precision/cat': 1.0, 'recall/cat': 0.5, 'f1/cat': 0.6667}
    """
    gathered, half = coco.gathered, coco.halfway
    found = called_found(coco)
    counts = [
        weights @ gathered.counts(pile, flags)  # (resamples, classes)
        for pile, flags in (
            (gathered.answers, half.right & found),
            (gathered.answers, half.counted & found),
            (gathered.truth, half.true),
        )
    ]
    numbers = _shares(*(each.sum(axis=1) for each in counts))
    for index, name in enumerate(gathered.classes):
        shares = _shares(*(each[:, index] for each in counts))
        numbers |= {f"{kind}/{name}": values for kind, values in shares.items()}
    return numbers


def _shares(right: Floats, answered: Floats, true: Floats) -> dict[str, Floats]:
    nothing = np.full_like(right, np.nan)
    return {
        "precision": np.divide(right, answered, out=np.where(true > 0, 0.0, nothing), where=answered > 0),
        "recall": np.divide(right, true, out=nothing.copy(), where=true > 0),
        "f1": np.divide(2 * right, answered + true, out=nothing, where=answered + true > 0),
    }


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
