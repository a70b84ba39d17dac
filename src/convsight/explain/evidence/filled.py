"""What takes the place of a hidden cell: the picture blurred until little is left of it, or the data's mean."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convsight.explain.subject import Subject
from convsight.inputs import ImageInput

_SPREAD = 1 / 10  # of the blur, a Gaussian's standard deviation as a share of the shorter side
# Filling everything must change the answer by so much of its scale; else there is nothing to tell apart.
LEAST_CHANGE = 0.1


@dataclass(frozen=True)
class Filled:
    """`subject` beside `array`, the same picture with everything in it hidden."""

    subject: Subject
    array: NDArray[Any]

    @cached_property
    def score(self) -> float:
        """What the network answers where everything is hidden."""
        return float(self.subject.scores(self.array[None])[0])

    @property
    def change(self) -> float:
        """By how much hiding everything lowers the answer, below 0 where it rises; 1 is its scale."""
        return self.subject.score - self.score

    @property
    def is_defined(self) -> bool:
        """Whether that is enough for areas to mean something."""
        return abs(self.change) >= LEAST_CHANGE


def blurred(array: NDArray[Any], spread: float = _SPREAD) -> NDArray[Any]:
    """`array` (height, width, channels) under a Gaussian, weights at the edges those of what is inside.

    >>> blurred(np.array([[[0], [90]]], np.uint8), 5.0).ravel().tolist()
    [45, 45]
    """
    height, width = array.shape[:2]
    deviation = spread * min(height, width)
    found = np.tensordot(_gaussian(height, deviation), array, (1, 0))
    found = np.moveaxis(np.tensordot(_gaussian(width, deviation), found, (1, 1)), 0, 1)
    return as_loaded(found, array.dtype)


def mean_of_data(array: NDArray[Any], spec: ImageInput) -> NDArray[Any]:
    """An array like `array` that holds the mean of the training data, as the card tells it, a value a channel."""
    mean = spec.low + np.array(spec.mean) * (spec.high - spec.low)
    return as_loaded(np.broadcast_to(mean, array.shape), array.dtype)


def filled_by_blur(subject: Subject) -> Filled:
    """`subject` with its picture blurred: what verdicts go by."""
    return Filled(subject, blurred(subject.array))


def filled_by_mean(subject: Subject) -> Filled:
    """`subject` with the mean of the training data for a picture: what stands beside it."""
    return Filled(subject, mean_of_data(subject.array, subject.spec))


def _gaussian(side: int, deviation: float) -> NDArray[np.float64]:
    """How much each pixel (side, side) of a line counts for each."""
    distances = np.subtract.outer(np.arange(side), np.arange(side)) / deviation
    weights = np.exp(-(distances**2) / 2)
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares


def as_loaded(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Numbers as a network is given them: whole ones are rounded, and kept in the range of their type.

    >>> as_loaded(np.array([-3.0, 1.6, 300.0]), np.dtype(np.uint8)).tolist()
    [0, 2, 255]
    """
    if dtype.kind not in "ui":
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    found: NDArray[Any] = np.clip(np.rint(values), limits.min, limits.max).astype(dtype)
    return found
