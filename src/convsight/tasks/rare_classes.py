"""How often images with rare classes are seen, where an image may show several or none."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def rarest_class_weights(shown: Sequence[NDArray[np.integer[Any]]], classes: int) -> tuple[NDArray[np.float64], str]:
    """A weight for each image by the rarest class on it, and what is to be told; `shown` are the classes of each.

    Repeat factors of Gupta, Dollar and Girshick, "LVIS", 2019, section 5: the square root of how much rarer a class is
    than the one on most images; an image that shows none counts as one of that.

    >>> weights, told = rarest_class_weights([np.array([0]), np.array([0, 1]), np.array([0]), np.array([0])], 2)
    >>> weights.tolist(), told
    ([1.0, 2.0, 1.0, 1.0], 'sampling: by the rarest class of an image; those of the rarest 1.6 times an epoch')
    """
    there = [np.unique(labels) for labels in shown]
    images = np.bincount(np.concatenate([*there, np.empty(0, np.int64)]), minlength=classes)
    factors = np.sqrt(max(1, int(images.max(initial=1))) / np.maximum(images, 1))
    weights = np.array([factors[labels].max(initial=1.0) for labels in there])
    often = weights.max() / weights.mean()
    return weights, f"sampling: by the rarest class of an image; those of the rarest {often:.3g} times an epoch"
