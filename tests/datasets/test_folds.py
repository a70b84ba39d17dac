"""Folds have the properties that scikit-learn's have."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from convsight.datasets import UNSPLIT, Dataset, Split
from convsight.datasets.folds import cut_folds
from convsight.errors import UserError
from convsight.results import Labels
from convsight.targets import Classes

NAMES = ("a", "b", "c")
Labelled = np.ndarray[tuple[int], np.dtype[np.int64]]


def data_of(labels: Labelled, name: str = UNSPLIT) -> Dataset:
    split = Split(
        name,
        np.zeros((len(labels), 4, 4), np.uint8),
        Labels(labels, NAMES),
        [f"{number:04}" for number in range(len(labels))],
    )
    return Dataset("numbers", "numbers", "classification", Classes(names=NAMES), {name: split})


@pytest.fixture
def labels() -> Labelled:
    return np.random.default_rng(0).choice(3, 200, p=[0.6, 0.3, 0.1])


def judged_images(cut: list[Dataset]) -> list[Labelled]:
    """The images, by number, that each fold is judged by."""
    return [np.array([int(name) for name in each.splits["test"].names]) for each in cut]


@pytest.mark.parametrize("folds", [2, 5, 7])
def test_each_image_is_judged_once_and_classes_are_as_even_as_scikit_learn_has_them(
    labels: Labelled, folds: int
) -> None:
    ours = judged_images(cut_folds(data_of(labels), folds, 0.1, seed=3))
    assert sorted(np.concatenate(ours).tolist()) == list(range(200))
    theirs = [test for _, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(labels, labels)]
    for cut in (ours, theirs):
        counts = np.array([np.bincount(labels[test], minlength=3) for test in cut])
        assert np.ptp(counts, axis=0).max() <= 1
        assert np.ptp(counts.sum(axis=1)) <= 1


def test_train_val_and_test_of_a_fold_share_no_image_and_are_all_of_them(labels: Labelled) -> None:
    for each in cut_folds(data_of(labels), 5, 0.1, seed=3):
        names = [name for split in each.splits.values() for name in split.names]
        assert list(each.splits) == ["train", "val", "test"]
        assert sorted(names) == [f"{number:04}" for number in range(200)]


def test_groups_stay_whole_and_classes_are_as_even_as_scikit_learn_has_them(labels: Labelled) -> None:
    groups = np.random.default_rng(1).integers(0, 40, 200)
    together = {f"{number:04}": int(group) for number, group in enumerate(groups)}
    cut = cut_folds(data_of(labels), 4, 0.1, seed=0, together=together)
    for each in cut:
        seen = [{together[name] for name in split.names} for split in each.splits.values()]
        assert sum(map(len, seen)) == len(set.union(*seen))
    theirs = [test for _, test in StratifiedGroupKFold(4, shuffle=True, random_state=0).split(labels, labels, groups)]
    ours_apart, theirs_apart = (
        np.array([np.bincount(labels[test], minlength=3) for test in each]).std(axis=0).sum()
        for each in (judged_images(cut), theirs)
    )
    assert ours_apart <= 1.1 * theirs_apart


def test_the_seed_decides_and_nothing_else(labels: Labelled) -> None:
    def numbers(seed: int) -> list[list[int]]:
        return [sorted(test.tolist()) for test in judged_images(cut_folds(data_of(labels), 3, 0.1, seed))]

    assert numbers(1) == numbers(1)
    assert numbers(1) != numbers(2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda labels: cut_folds(data_of(labels, "test"), 3, 0.1, 0), "has a test of its own"),
        (lambda labels: cut_folds(data_of(labels), 60, 0.1, 0), "the class 'c' .* each fold needs one; give fewer"),
        (
            lambda labels: cut_folds(data_of(labels), 3, 0.1, 0, {f"{n:04}": n % 2 for n in range(200)}),
            "stay together in 2 groups",
        ),
    ],
)
def test_what_cannot_be_folded_is_refused(labels: Labelled, wrong: Callable[[Labelled], object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        wrong(labels)
