"""What simple methods reach on several labels: their frequencies, a linear model of pixels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from convsight.metrics import Measured
from convsight.results import LabelSet, LabelSets
from convsight.tasks.multilabel.light.metrics import LabelSetMetrics
from convsight.tasks.multilabel.light.thresholds import DEFAULT
from convsight.tasks.pixel_features import pixel_features

LINEAR_IMAGES = 5000
_PENALTY = 1.0  # of standardised pixels, for each training image; see `linear_baseline`


def frequency_baseline(train: LabelSets, judged: LabelSets) -> dict[str, Measured]:
    """Every metric of answering each image with how frequent each label is in `train`.

    >>> train = LabelSets(np.array([[True, True], [False, True]]), ("cat", "dog"))
    >>> found = frequency_baseline(train, train)
    >>> found["mAP"].value, found["exact_match"].value
    (0.75, 0.5)
    """
    frequent = train.present.mean(axis=0)
    return _judged(np.broadcast_to(frequent, judged.present.shape), judged)


def linear_baseline(
    train: NDArray[Any], train_labels: LabelSets, test: NDArray[Any], test_labels: LabelSets
) -> dict[str, Measured]:
    """`mAP` on `test` of a ridge regression of standardised pixels on 0 and 1.

    One decomposition serves all labels, and average precision asks for an order alone. Shapes: `train` and `test` are
    (images, height, width, channels), all of one height and width.
    """
    seen, unseen = pixel_features(train, test, len(train_labels.classes))
    scaler = StandardScaler().fit(seen)
    model = Ridge(alpha=_PENALTY * len(seen)).fit(scaler.transform(seen), train_labels.present.astype(np.float32))
    scores = model.predict(scaler.transform(unseen)).reshape(len(unseen), -1)
    found = _judged(np.clip((scores + 1) / 3, 0, 1), test_labels)  # what is clipped lies far beyond 0 and 1
    return {name: found[name] for name in ("mAP",) if name in found}


def _judged(probabilities: NDArray[np.floating[Any]], truth: LabelSets) -> dict[str, Measured]:
    metrics = LabelSetMetrics(truth.classes)
    thresholds = np.full(len(truth.classes), DEFAULT)
    for row, target in enumerate(truth):
        metrics.update(target, LabelSet(truth.classes, probabilities[row], thresholds))
    return _whole(metrics.compute())


def _whole(found: Mapping[str, Measured]) -> dict[str, Measured]:
    """Without the numbers of single labels."""
    return {name: value for name, value in found.items() if "/" not in name}
