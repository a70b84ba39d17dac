"""How many images each class has in each split, and whether the splits are alike."""

from collections.abc import Iterator
from itertools import combinations
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from convsight.datasets.dataset import UNSPLIT, Dataset
from convsight.datasets.finding import Entry, Finding
from convsight.targets import counts_by_class
from convsight.words import counted

FEW_IMAGES = 20  # with fewer, a class is learnt by heart, and its share of a test split says next to nothing
DRIFT_SHARE = 0.02  # smaller differences of a class's share matter to nobody, however significant
DRIFT_P = 0.01
_DRAWS = 499


def class_counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """How many images show each class, by split; nothing of targets that name no classes."""
    return {name: counts_by_class(split.targets) for name, split in dataset.splits.items()}


def find_imbalance(dataset: Dataset) -> Iterator[Finding]:
    """Classes that a split lacks, classes with few images to learn from, and splits of different classes."""
    counts = class_counts(dataset)
    missing = [f"{split}: {name}" for split, count in counts.items() for name, number in count.items() if not number]
    if missing:
        words = "splits that hold no image of a class"
        yield Finding("missing-classes", "remark", words, _entries(missing))
    learnt = "train" if "train" in counts else UNSPLIT
    few = [f"{name}: {number}" for name, number in counts.get(learnt, {}).items() if number < FEW_IMAGES]
    if few:
        words = f"{counted(len(few), 'class', 'es')} with fewer than {FEW_IMAGES} images"
        yield Finding("few-pictures", "remark", words, _entries(few))
    if not any(counts.values()):
        return
    drifts = [drift for one, other in combinations(dataset.splits, 2) if (drift := _drift(dataset, one, other))]
    if drifts:
        words = (
            f"{counted(len(drifts), 'pair')} of splits hold the classes in different shares, more than chance explains"
        )
        yield Finding("drift", "suspicion", words, _entries(drifts))


def _entries(notes: list[str]) -> tuple[Entry, ...]:
    return tuple(Entry(note=note) for note in notes)


def _drift(dataset: Dataset, one: str, other: str) -> str | None:
    """Words on the class whose share differs most between two splits, where that is much and no chance."""
    counts = np.array([list(counts_by_class(dataset.splits[name].targets).values()) for name in (one, other)], np.int64)
    images = np.array([len(dataset.splits[name]) for name in (one, other)])
    shares = counts / images[:, None]
    if (counts.sum(axis=1) == images).all():  # a class each: the splits are compared as a whole
        most = int(np.abs(shares[0] - shares[1]).argmax())
        statistic, p = permutation_test(counts)
        how = f"chi-square {statistic:.1f}, p {p:.3f} by {_DRAWS} random cuts"
    else:
        by_class = [fisher_p(shown, images) for shown in counts.T]
        most = int(np.argmin(by_class))
        p = min(1.0, by_class[most] * len(by_class))  # Bonferroni: the smallest of many
        how = f"p {p:.3f} by Fisher's exact test of every class"
    if abs(shares[0, most] - shares[1, most]) < DRIFT_SHARE or p > DRIFT_P:
        return None
    return (
        f"{one} and {other}: {dataset.target.names[most]} is {shares[0, most]:.1%} and {shares[1, most]:.1%} of the "
        f"images ({how})"
    )


def fisher_p(shown: NDArray[np.int64], images: NDArray[np.int64]) -> float:
    """How likely a cut at random parts the images that show a class as unevenly as this, or more.

    Fisher's exact test, two-sided: the sum of the hypergeometric probabilities that are not larger than that of
    `shown` (2,), of `images` (2,) in all.

    >>> round(fisher_p(np.array([8, 1]), np.array([10, 6])), 4)
    0.035
    """
    first, total, marked = int(images[0]), int(images.sum()), int(shown.sum())
    possible = range(max(0, first - (total - marked)), min(first, marked) + 1)
    logs = np.array([_log_choose(marked, k) + _log_choose(total - marked, first - k) for k in possible])
    probabilities = np.exp(logs - _log_choose(total, first))
    here = probabilities[int(shown[0]) - possible.start]
    # Rounding must not tell equal chances apart.
    return min(1.0, float(probabilities[probabilities <= here * (1 + 1e-7)].sum()))


def _log_choose(total: int, chosen: int) -> float:
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)


def permutation_test(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Pearson's chi-square of counts (2, classes), and its p by permutation: how often a cut at random reaches it.

    chi-square = sum of (observed - expected)^2 / expected over both splits, where `expected` gives each split its share
    of every class. p = (1 + cuts that reach it) / (1 + cuts), so never under 0.002.

    >>> permutation_test(np.array([[30, 30], [10, 10]]))
    (0.0, 1.0)
    """
    counts = counts[:, counts.sum(axis=0) > 0]
    classes, first = counts.sum(axis=0), int(counts[0].sum())
    statistic = _chi_square(counts[0], classes, first)
    random = np.random.default_rng(0)  # the same data gives the same words
    draws = (random.multivariate_hypergeometric(classes, first, method="marginals") for _ in range(_DRAWS))
    # Rounding must not tell equal cuts apart.
    reached = sum(_chi_square(draw, classes, first) >= statistic - 1e-9 for draw in draws)
    return statistic, (1 + reached) / (1 + _DRAWS)


def _chi_square(drawn: NDArray[np.int64], classes: NDArray[np.int64], first: int) -> float:
    """Both splits at once: the second differs from what is expected by as much as the first."""
    share = first / classes.sum()
    squares = (drawn - share * classes) ** 2 / classes
    return float(squares.sum() / (share * (1 - share)))
