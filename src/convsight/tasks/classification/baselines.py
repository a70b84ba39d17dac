"""What simple methods reach, so that a reader sees what a network adds: the majority class, a linear model."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from convsight.datasets import ImageStore
from convsight.metrics import Measured
from convsight.metrics.intervals import of_share
from convsight.results import Label, Labels
from convsight.spread import strided
from convsight.tasks.classification.light.metrics import ClassMetrics

LINEAR_IMAGES = 5000
_LONGEST_SIDE_PX = 32
_MAX_COEFFICIENTS = 320_000  # keeps the fit within about ten seconds of two cores, however many classes there are
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
    side_px = _side_px(len(train_labels.classes))
    train, test = _shrunk(train[chosen], side_px), _shrunk(test, side_px)
    if _is_grey(train) and _is_grey(test):
        train, test = train[..., :1], test[..., :1]
    model = _fitted(_pixels(train), train_labels.indices[chosen])
    metrics = ClassMetrics(test_labels.classes)
    position = 0
    for images in _chunks(test):
        probabilities = np.zeros((len(images), len(test_labels.classes)))
        probabilities[:, model.classes_] = model.predict_proba(_pixels(images))
        for row in probabilities:
            metrics.update(test_labels[position], Label(test_labels.classes, row))
            position += 1
    found = metrics.compute()
    return {name: found[name] for name in ("accuracy", "auc") if name in found}


def shrunk_images(images: ImageStore, positions: NDArray[np.int64], classes: int) -> NDArray[Any]:
    """The images at `positions` in the size that `linear_baseline` works on, a few large ones in memory at a time."""
    side_px = _side_px(classes, images.spec.array_shape[-1])
    parts = np.array_split(positions, -(-len(positions) // _IMAGES_AT_A_TIME))
    return np.concatenate([_shrunk(_levels(images, part), side_px) for part in parts])


def _levels(images: ImageStore, positions: NDArray[np.int64]) -> NDArray[Any]:
    """The images at `positions`: RGB as they are, others as floats of which 255 is the upper end of their range."""
    taken, spec = images.take(positions), images.spec
    if taken.dtype == np.uint8 and taken.shape[3] == 3:
        return taken
    return np.moveaxis(spec.scaled(taken) * 255, 1, 3).astype(np.float32)


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


def _side_px(classes: int, channels: int = 3) -> int:
    side = _LONGEST_SIDE_PX
    while side > 4 and side * side * channels * classes > _MAX_COEFFICIENTS:
        side //= 2
    return side


def _shrunk(images: NDArray[Any], longest_px: int) -> NDArray[Any]:
    """The images with the longer side averaged down to `longest_px`, or as they are."""
    height, width = images.shape[1:3]
    if max(height, width) <= longest_px:
        return images
    scale = longest_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if images.dtype == np.uint8:
        return np.stack([_averaged(image, size) for image in images])
    planes = [np.stack([_averaged(plane, size) for plane in np.moveaxis(image, 2, 0)], 2) for image in images]
    return np.stack(planes)


def _averaged(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size, Image.Resampling.BOX))


def _is_grey(images: NDArray[Any]) -> bool:
    """Whether red, green and blue are the same, so that one of them holds all there is to learn."""
    return all(bool((chunk == chunk[..., :1]).all()) for chunk in _chunks(images))


def _chunks(images: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(images), _IMAGES_AT_A_TIME):
        yield images[start : start + _IMAGES_AT_A_TIME]


def _pixels(images: NDArray[Any]) -> NDArray[np.float32]:
    """(images, height, width, channels) to (images, features), 0..1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _fitted(pixels: NDArray[np.float32], indices: NDArray[np.integer[Any]]) -> Pipeline:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=_STEPS))
    with warnings.catch_warnings():
        # Stopping early is meant: see _STEPS.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(pixels, indices)
