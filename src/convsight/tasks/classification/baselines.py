"""What simple methods reach, so that a reader sees what a network adds: the majority class, a linear model."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from convsight.metrics import Measured
from convsight.metrics.intervals import of_share
from convsight.results import Label, Labels
from convsight.spread import strided
from convsight.tasks.classification.light.metrics import ClassMetrics
from convsight.tasks.pixel_features import pixel_features

LINEAR_IMAGES = 5000
_IMAGES_AT_A_TIME = 500
# On 5,000 images of Fashion-MNIST: the best of 0.003 ... 1, and further steps no longer add accuracy.
_INVERSE_REGULARISATION = 0.01
_STEPS = 60


def majority_baseline(train: Labels, test: Labels) -> dict[str, Measured]:
    """The `accuracy` on `test` of always predicting the most frequent class of `train`.

    >>> train, test = (Labels(np.array(indices), ("cat", "dog")) for indices in ([0, 1, 1], [0, 1, 1, 1]))
    >>> majority_baseline(train, test)["accuracy"].value
    0.75
    """
    prediction = np.bincount(train.indices, minlength=len(train.classes)).argmax()
    right = float((test.indices == prediction).mean())
    return {"accuracy": of_share(right, len(test))}


def linear_baseline(
    train: NDArray[Any], train_labels: Labels, test: NDArray[Any], test_labels: Labels
) -> dict[str, Measured]:
    """`accuracy` and, where defined, `auc` on `test` of a logistic regression on standardised pixels.

    Multinomial, with L2 penalty, on at most 5,000 images of `train` (see `subset`) averaged down to at most
    32 px a side; a linear model gains little from more of either.

    Shapes: `train` and `test` are RGB (images, height, width, 3), all of one height and width.

    Raises ValueError where `train_labels` holds one class only.
    """
    chosen = subset(train_labels, LINEAR_IMAGES)
    seen, unseen = pixel_features(train[chosen], test, len(train_labels.classes))
    model = _fitted(seen, train_labels.indices[chosen])
    metrics = ClassMetrics(test_labels.classes)
    position = 0
    for start in range(0, len(unseen), _IMAGES_AT_A_TIME):
        images = unseen[start : start + _IMAGES_AT_A_TIME]
        probabilities = np.zeros((len(images), len(test_labels.classes)))
        probabilities[:, model.classes_] = model.predict_proba(images)
        for row in probabilities:
            metrics.update(test_labels[position], Label(test_labels.classes, row))
            position += 1
    found = metrics.compute()
    return {name: found[name] for name in ("accuracy", "auc") if name in found}


def subset(labels: Labels, at_most: int) -> NDArray[np.int64]:
    """Positions of `at_most` of the labels, or of all: each class by its share, but at least one of each.

    The choice is random but always the same; the positions ascend.

    >>> subset(Labels(np.array([0, 0, 0, 1, 0, 0, 0]), ("cat", "dog")), 3)
    array([2, 3, 4])
    """
    if len(labels) <= at_most:
        return np.arange(len(labels))
    shuffled = np.random.default_rng(0).permutation(len(labels))
    by_class = shuffled[np.argsort(labels.indices[shuffled], kind="stable")]
    _, firsts = np.unique(labels.indices[by_class], return_index=True)
    others = np.delete(by_class, firsts)
    chosen = by_class[firsts][strided(len(firsts), min(len(firsts), at_most))]
    rest = others[strided(len(others), at_most - len(chosen))]
    return np.sort(np.concatenate([chosen, rest]))


def _fitted(pixels: NDArray[np.float32], indices: NDArray[np.integer[Any]]) -> Pipeline:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=_STEPS))
    with warnings.catch_warnings():
        # Stopping early is meant: see _STEPS.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(pixels, indices)
