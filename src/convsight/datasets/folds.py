"""Cutting data into folds: each image is judged once, by a network that was trained on the other folds."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.splits import cut_splits, source_of
from convsight.datasets.together import Together
from convsight.datasets.units import Indices, Parts, assign, units_of
from convsight.errors import UserError
from convsight.targets import counts_by_class
from convsight.words import counted


def cut_folds(
    dataset: Dataset, folds: int, val_fraction: float, seed: int, together: Together | None = None
) -> list[Dataset]:
    """`dataset` once for each of `folds`, which is its test; val is cut from the rest, where the data bring none.

    Folds of one image a unit have equally many images, and equally many of each class, up to one. Images for which
    `together` holds the same value stay in one fold, and the classes are then cut as evenly as that allows. Which image
    is in which fold depends on `seed` and the images' names alone.

    Raises `UserError` where the data bring a test, a class has fewer images than there are folds, or the images stay
    together in fewer groups.
    """
    if "test" in dataset.splits:
        raise UserError(
            f"--folds {folds}: {dataset.source} has a test of its own, and folds are tests of the others; give its "
            "training images alone, or --repeat N to train so often and judge by its test"
        )
    source = source_of(dataset)
    split = dataset.splits[source]
    number = fold_numbers(dataset, split, folds, seed, together or {})
    others = {name: each for name, each in dataset.splits.items() if name != source}
    cut = []
    for fold in range(folds):
        train = split.select(np.flatnonzero(number != fold), "train")
        test = split.select(np.flatnonzero(number == fold), "test")
        splits = {"train": train, **others, "test": test}
        cut.append(cut_splits(replace(dataset, splits=splits), val_fraction, 0.0, seed, together))
    return [replace(each, splits={name: each.splits[name] for name in ("train", "val", "test")}) for each in cut]


def fold_numbers(dataset: Dataset, split: Split, folds: int, seed: int, together: Together) -> Indices:
    """The fold, counted from 0, of each image of `split`; shape (images,). Errors are those of `cut_folds`."""
    present, strata, counts = np.unique(split.targets.strata(), return_inverse=True, return_counts=True)
    if counts.min() < folds:
        few = int(counts.argmin())
        named = counts_by_class(split.targets)
        what = f"the class {dataset.target.names[int(present[few])]!r}" if named else "one part of the range of targets"
        raise UserError(
            f"--folds {folds}: {what} of {dataset.source} has {counted(int(counts[few]), 'image')}, and each fold "
            "needs one; give fewer folds, add images, or remove the class"
        )
    units = units_of(split.names, strata, together)
    if len(units.sizes) < folds:
        raise UserError(
            f"--folds {folds}: the images of {dataset.source} stay together in {counted(len(units.sizes), 'group')}, "
            "and each fold needs one; give fewer folds, or group them otherwise"
        )
    return assign(units, even_quotas(counts, folds), seed)


def even_quotas(counts: NDArray[np.int64], folds: int) -> Parts:
    """How many of `counts` images (classes,) each fold has: shape (folds, classes).

    No two folds differ by more than one image of a class, nor in all.

    >>> even_quotas(np.array([4, 5]), 3).tolist()
    [[2, 1], [1, 2], [1, 2]]
    """
    quotas = np.tile(counts // folds, (folds, 1))
    first = 0  # the next fold that gets one more
    for stratum, rest in enumerate((counts % folds).tolist()):
        quotas[(first + np.arange(rest)) % folds, stratum] += 1
        first = (first + rest) % folds
    return quotas
