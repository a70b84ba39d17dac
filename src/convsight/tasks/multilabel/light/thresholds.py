"""The probability from which a label counts as present, as `Card.calibration` holds it, and how it is chosen."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

THRESHOLD = "threshold/"  # what its names in `Card.calibration` begin with; the label follows
DEFAULT = 0.5  # where no validation chose one
_FEWEST = 10  # images with a label, and without it, of a validation that may choose a threshold of its own for it


def thresholds_of(
    calibration: Mapping[str, float], labels: Sequence[str], usual: Sequence[float] | None = None
) -> NDArray[np.float64]:
    """The threshold of each label, in their order; where none was chosen the `usual` one, or 0.5.

    >>> thresholds_of({"threshold/dog": 0.4}, ("cat", "dog")).tolist()
    [0.5, 0.4]
    """
    plain = usual or [DEFAULT] * len(labels)
    return np.array([calibration.get(f"{THRESHOLD}{name}", value) for name, value in zip(labels, plain, strict=True)])


def best_thresholds(present: NDArray[np.bool_], probabilities: Floats) -> NDArray[np.float64]:
    """For each label the threshold with the best F1; shapes (images, labels) to (labels,).

    Labels that under ten images have, or lack, share the one with the best F1 over all labels together: a few images
    do not tell where a cut should be. It lies half-way between the least probability that counts as present and the
    next lower one, so that another engine's rounding changes nothing; of equally good ones the highest is taken.

    >>> present = np.array([[True], [True], [False]])
    >>> best_thresholds(present.repeat(10, 0), np.array([[0.8], [0.3], [0.1]]).repeat(10, 0)).round(3).tolist()
    [0.2]
    """
    shared = _best(present.ravel(), probabilities.ravel())
    counts, images = present.sum(axis=0), len(present)
    enough = (counts >= _FEWEST) & (images - counts >= _FEWEST)
    return np.array(
        [
            _best(present[:, label], probabilities[:, label]) if own else shared
            for label, own in enumerate(enough.tolist())
        ]
    )


def _best(present: NDArray[np.bool_], probabilities: Floats) -> float:
    if not present.any():
        return DEFAULT
    order = np.argsort(-probabilities, kind="stable")
    scores = probabilities[order].astype(np.float64)
    f1 = 2 * np.cumsum(present[order]) / (np.arange(1, len(scores) + 1) + present.sum())
    following = np.append(scores[1:], 0.0)
    # Equal probabilities are present together or not at all.
    best = int(np.where(scores > following, f1, -1.0).argmax())
    return float(scores[best] + following[best]) / 2
