"""Labels that a head doubts which learnt from other images: a network that has memorised its labels doubts none."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from convsight.errors import UserError
from convsight.metrics.confident_learning import confidence
from convsight.progress import Listener
from convsight.results import Labels
from convsight.tasks.capabilities import Doubt, Doubts
from convsight.tasks.classification.baselines import subset
from convsight.tasks.classification.head_start import regression
from convsight.tasks.head_features import MOST_IMAGES, Standardised
from convsight.words import first_few

FOLDS = 5  # of a class with fewer images nothing is said
_PENALTY = 0.3  # beside the mean loss; stronger than for a head that shall be right: single labels are not believed


def doubts(
    features: NDArray[np.float32], labels: Sequence[Labels], same: NDArray[np.uint64], listener: Listener
) -> Doubts:
    """The doubted labels by confident learning, of classes with enough images; see `Doubting`."""
    classes, given = labels[0].classes, np.concatenate([each.indices for each in labels])
    kept = _judged_classes(given, same)
    if len(kept) < 2:
        raise UserError(f"--doubtful: labels are doubted of two or more classes with {FOLDS} different images each")
    left_out = [classes[each] for each in np.setdiff1d(given, kept).tolist()]
    if left_out:
        few = f"fewer than {FOLDS} different images of their class"
        listener.say(f"note: no label is doubted where there are {few}: {first_few(left_out, most=10)}")
    judged = np.flatnonzero(np.isin(given, kept))
    numbers = np.searchsorted(kept, given[judged])
    with listener.counting("answers of heads that learnt from others", len(judged)) as advance:
        told = out_of_fold(features[judged], numbers, same[judged], advance=advance)
    found = confidence(numbers, told)
    names = [classes[each] for each in kept.tolist()]

    def doubt(row: int) -> Doubt:
        said, likely = int(numbers[row]), int(found.likely[row])
        return Doubt(int(judged[row]), names[said], names[likely], float(told[row, said]), float(told[row, likely]))

    return Doubts(tuple(doubt(row) for row in found.doubted.tolist()), len(judged), found.wrong)


def out_of_fold(
    features: NDArray[np.float32],
    numbers: NDArray[np.int64],
    same: NDArray[np.uint64],
    seed: int = 0,
    advance: Callable[[int], object] = int,
) -> NDArray[np.float64]:
    """Probabilities (images, classes) of each image, by a logistic regression that learnt from the other folds.

    `numbers` (images,) are classes 0, 1, ..., of each of which there are as many different images as folds, or more.
    """
    classes = Labels(numbers, tuple(map(str, range(int(numbers.max()) + 1))))
    told = np.empty((len(numbers), len(classes.classes)))
    fold_of = _folds(numbers, same, seed)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        learnt = outside[subset(classes.select(outside), MOST_IMAGES)]
        given = Standardised.of(features[learnt])
        model = regression(given.values, numbers[learnt], 1 / (_PENALTY * len(learnt)))
        told[inside] = model.predict_proba((features[inside] - given.mean) / given.scale)
        advance(len(inside))
    return told


def _judged_classes(given: NDArray[np.int64], same: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The classes that no fold leaves without an image to learn from."""
    _, firsts = np.unique(same, return_index=True)
    classes, counts = np.unique(given[firsts], return_counts=True)
    return np.asarray(classes[counts >= FOLDS], np.int64)


def _folds(numbers: NDArray[np.int64], same: NDArray[np.uint64], seed: int) -> NDArray[np.int64]:
    """The fold of each image: each has as many of every class, and equal images are in one.

    Otherwise a label that is wrong twice would speak for itself.
    """
    _, firsts, unit_of = np.unique(same, return_index=True, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(firsts))
    order = order[np.argsort(numbers[firsts][order], kind="stable")]
    fold_of = np.empty(len(firsts), np.int64)
    fold_of[order] = np.arange(len(firsts)) % FOLDS
    return fold_of[unit_of]
