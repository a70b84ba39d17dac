"""`ClassMapMetrics`: how good a class for every pixel is, by one confusion matrix of all pixels of all images."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from convsight.metrics import Described, Measured, Metric
from convsight.metrics.bootstrap import bootstrapped, measured, resamples_for
from convsight.metrics.shares import Floats, mean_where
from convsight.results import ClassMap, Result
from convsight.tasks.reader import Metrics

_NAMES = ("mIoU", "mDice", "pixel_accuracy", "mean_accuracy", "IoU", "Dice", "accuracy")
_DESCRIBED = {name: Metric(name) for name in _NAMES}


@final
class ClassMapMetrics(Metrics):
    """Overlap of the classes of pixels, of all images together.

    - `IoU/<class>`: of the pixels that are or are said to be of the class, those that are both; `mIoU` its mean;
    - `Dice/<class>`: twice those that are both among those that are and those that are said to be; `mDice` its mean;
    - `accuracy/<class>`: of the pixels of the class, those said to be; `mean_accuracy` its mean;
    - `pixel_accuracy`: of all pixels, those that are right.

    Pixels count alike, whatever image they are in; those without a true class do not count. A class that neither the
    truth nor a prediction has is left out, of means too. Intervals are of resamples of images.

    >>> metrics = ClassMapMetrics(("sky", "road"))
    >>> of = lambda *row: ClassMap(metrics.classes, ((0, 0, 0), (9, 9, 9)), np.array([row], np.uint8))
    >>> metrics.update(of(0, 0, 1, 255), of(0, 1, 1, 1))
    >>> {name: round(found.value, 3) for name, found in metrics.compute(intervals=False).items() if name[0] == "m"}
    {'mIoU': 0.5, 'mDice': 0.667, 'mean_accuracy': 0.75}
    """

    selection = ("mIoU", "pixel_accuracy")
    drawn = ("mIoU", "mDice", "pixel_accuracy")

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._counts: list[NDArray[np.int64]] = []  # of each image both, true and said pixels of each class
        self.confusion = np.zeros((len(classes), len(classes) + 1), np.int64)  # true, said; the last is no class

    def update(self, target: Result, result: Result) -> None:
        if not (isinstance(target, ClassMap) and isinstance(result, ClassMap)):
            raise TypeError(f"expected two class maps, not {type(target).__name__} and {type(result).__name__}")
        for each in (target, result):
            if each.classes is not self.classes and each.classes != self.classes:
                raise ValueError(f"the classes {each.classes} cannot be judged among {self.classes}")
        if target.indices.shape != result.indices.shape:
            raise ValueError(f"a prediction of {result.indices.shape} pixels for a target of {target.indices.shape}")
        found = _confusion(target.indices, result.indices, len(self.classes))
        self.confusion += found
        self._counts.append(np.stack([np.diagonal(found), found.sum(axis=1), found[:, :-1].sum(axis=0)]))

    def compute(self, intervals: bool = True) -> dict[str, Measured]:
        if not self._counts:
            raise ValueError("no image was judged, so there is nothing to measure")
        images = len(self._counts)
        if not intervals:
            return measured(self._measure, images)
        return bootstrapped(self._measure, images, resamples_for(images, len(self.classes)))

    def described(self) -> Described:
        return _DESCRIBED

    def _measure(self, weights: Floats) -> dict[str, Floats]:
        counts = np.stack(self._counts, axis=1).astype(np.float64)
        both, true, said = (weights @ each for each in counts)
        return _shares(both, true, said, self.classes)


def _confusion(true: NDArray[np.integer[Any]], said: NDArray[np.integer[Any]], classes: int) -> NDArray[np.int64]:
    """How many pixels of each true class are said to be of each: (classes, classes + 1), the last none.

    Indices from `classes` on are of no class: pixels without a true one do not count.
    """
    width = classes + 1
    rows, columns = (np.minimum(each, classes).astype(np.intp, copy=False) for each in (true, said))
    pairs = (rows * width + columns).reshape(-1)
    return np.bincount(pairs, minlength=width * width).reshape(width, width)[:classes].astype(np.int64)


def _shares(both: Floats, true: Floats, said: Floats, classes: tuple[str, ...]) -> dict[str, Floats]:
    """IoU, Dice and accuracy of each class, and their means, of pixels (resamples, classes); NaN where undefined."""
    of = {"IoU": (both, true + said - both), "Dice": (2 * both, true + said), "accuracy": (both, true)}
    shares = {name: _ratio(part, whole) for name, (part, whole) in of.items()}
    means = {name: mean_where(values, ~np.isnan(values)) for name, values in shares.items()}
    found = {"mIoU": means["IoU"], "mDice": means["Dice"], "mean_accuracy": means["accuracy"]}
    found["pixel_accuracy"] = _ratio(both.sum(axis=1), true.sum(axis=1))
    for name, values in shares.items():
        found |= {f"{name}/{each}": values[:, index] for index, each in enumerate(classes)}
    return found


def _ratio(part: Floats, whole: Floats) -> Floats:
    """NaN where there is no whole."""
    found = np.full(part.shape, np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found
