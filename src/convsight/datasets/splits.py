"""Cutting the splits that data comes without."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import SPLIT_NAMES, UNSPLIT, Dataset, Split
from convsight.datasets.together import Together
from convsight.datasets.units import Parts, assign, units_of
from convsight.errors import UserError
from convsight.targets import ClassTargets, counts_by_class
from convsight.words import counted

MAX_VALIDATION = 5_000  # images; more of them choose the best epoch no better


def cut_splits(
    dataset: Dataset, val_fraction: float, test_fraction: float, seed: int, together: Together | None = None
) -> Dataset:
    """`dataset` with train, val and test; those it lacks are cut from its training (or uncut) images.

    Each class is cut by the same fractions and keeps at least one image in every part; val takes at most 5,000 images
    in all. Which image goes where depends on `seed` and the images' names alone, so neither the order on disk nor other
    classes change it. With a `test_fraction` of 0 no test is cut.

    Images for which `together` holds the same value stay in one part, and those that it does not hold are on their own.
    The classes are then cut as evenly as that allows: a class may be missing from a part.

    Raises `UserError` where there is nothing to train on, a class has too few images, or the images stay together in
    too few groups.
    """
    if not (0 < val_fraction < 1 and 0 <= test_fraction < 1 and val_fraction + test_fraction < 1):
        raise UserError(f"val_fraction={val_fraction}, test_fraction={test_fraction}: give shares that sum to under 1")
    source = source_of(dataset)
    fractions = {"test": test_fraction, "val": val_fraction}
    lacking = {name: share for name, share in fractions.items() if share and name not in dataset.splits}
    if not lacking:
        return dataset
    split = dataset.splits[source]
    parts = _cut(dataset, split, lacking, seed, together or {})
    made = {name: split.select(positions, name) for name, positions in parts.items()}
    splits = {**dataset.splits, **made}
    words = " and ".join(f"{len(made[name]):,} for {name}" for name in reversed(lacking))
    stratified = isinstance(split.targets, ClassTargets)
    what = f"{counted(len(split), 'image')}, stratified by class" if stratified else counted(len(split), "example")
    notes = [f"cut from {what}: {words}"]
    if "test" in made and "val" in dataset.splits:
        notes.append(_cost(len(made["test"]), len(split)))
    return replace(
        dataset,
        splits={name: splits[name] for name in SPLIT_NAMES if name in splits},
        notes=(*dataset.notes, *notes),
    )


def source_of(dataset: Dataset) -> str:
    """The name of the split that others are cut from; raises `UserError` where there is nothing to train on."""
    source = UNSPLIT if UNSPLIT in dataset.splits else "train"
    if source not in dataset.splits:
        raise UserError(
            f"{dataset.source} has {' and '.join(dataset.splits)} but no training images; "
            "add train, or give the images without splits"
        )
    return source


def _cost(test: int, images: int) -> str:
    """What it costs to keep back a test that the data did not have."""
    points = 100 * 1.96 * 0.5 / test**0.5  # normal approximation of a share of one half
    return (
        f"{test:,} of {images:,} training images are kept back for a test, which tells a share to about {points:.0f} "
        "points either way; --test-fraction 0 learns from them too and has val serve as test"
    )


def _cut(
    dataset: Dataset, split: Split, shares: dict[str, float], seed: int, together: Together
) -> dict[str, NDArray[np.int64]]:
    """Positions in `split` of train and of each part named in `shares`, in the order they have there."""
    names, strata, counts = np.unique(split.targets.strata(), return_inverse=True, return_counts=True)
    needed = 1 + len(shares)
    if counts.min() < needed:
        few = int(names[counts.argmin()])
        raise UserError(
            f"{dataset.source}: {_group(dataset, few)} has {counts.min()} "
            f"image{'' if counts.min() == 1 else 's'}, but {needed} are needed to have one each for train, "
            f"{' and '.join(reversed(shares))}; add some, remove the class, or give splits of your own"
        )
    units = units_of(split.names, strata, together)
    if len(units.sizes) < needed:
        raise UserError(
            f"{dataset.source}: the images stay together in {len(units.sizes)} "
            f"group{'' if len(units.sizes) == 1 else 's'}, but {needed} are needed to have one each for train, "
            f"{' and '.join(reversed(shares))}; group them otherwise, or give splits of your own"
        )
    part = assign(units, _quotas(counts, shares), seed)
    return {name: np.flatnonzero(part == number) for number, name in enumerate(("train", *shares))}


def _quotas(counts: NDArray[np.int64], shares: dict[str, float]) -> Parts:
    """How many images of each class each part should have: train, and those of `shares`; (parts, classes)."""
    quotas = np.zeros((1 + len(shares), len(counts)), np.int64)
    quotas[0] = counts
    for place, (name, share) in enumerate(shares.items(), start=1):
        still_needed = len(shares) - place + 1  # one image each for train and the parts to come
        most = MAX_VALIDATION if name == "val" else int(counts.sum())
        quotas[place] = np.minimum(_sizes(counts, share, most), quotas[0] - still_needed)
        quotas[0] -= quotas[place]
    return quotas


def _group(dataset: Dataset, stratum: int) -> str:
    names = counts_by_class(next(iter(dataset.splits.values())).targets)
    return f"the class {dataset.target.names[stratum]!r}" if names else "one part of the range of targets"


def _sizes(counts: NDArray[np.int64], share: float, most: int) -> NDArray[np.int64]:
    """How many images of each class make up a share of all: the rounded share, at least one, `most` in total."""
    share = min(share, most / int(counts.sum()))
    sizes: NDArray[np.int64] = np.maximum(1, np.floor(counts * share + 0.5)).astype(np.int64)
    # Rounding up many small classes may pass the limit; the largest classes give back.
    while sizes.sum() > most and sizes.max() > 1:
        sizes[sizes.argmax()] -= 1
    return sizes
