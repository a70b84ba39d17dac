"""How often images with rare classes are seen."""

import numpy as np
from numpy.typing import NDArray

from convsight.results import BoxLists


def rarest_class_weights(targets: BoxLists) -> tuple[NDArray[np.float64], str]:
    """A weight for each image, by the rarest class on it, and what is to be told.

    Repeat factors of Gupta, Dollar and Girshick, "LVIS", 2019, section 5: the square root of how much rarer a class is
    than the one on most images; an image without boxes counts as one of that.
    """
    shown = [np.unique(boxes.labels[~boxes.crowd]) for boxes in targets]
    images = np.bincount(np.concatenate([*shown, np.empty(0, np.int64)]), minlength=len(targets.classes))
    most = max(1, int(images.max(initial=1)))
    factors = np.sqrt(most / np.maximum(images, 1))
    weights = np.array([factors[labels].max(initial=1.0) for labels in shown])
    often = weights.max() / weights.mean()
    return weights, f"sampling: by the rarest class of an image; those of the rarest {often:.3g} times an epoch"
