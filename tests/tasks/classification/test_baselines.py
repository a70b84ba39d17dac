import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from convsight.results import Labels
from convsight.tasks.classification.baselines import LINEAR_IMAGES, linear_baseline, majority_baseline, subset


def labels(indices: list[int] | NDArray[np.int64], count: int) -> Labels:
    return Labels(np.asarray(indices, np.int64), tuple(f"c{index}" for index in range(count)))


def shaded(indices: NDArray[np.int64], side: int = 12, seed: int = 0) -> NDArray[np.uint8]:
    """Grey noise that is a little lighter, in one row, the higher the class."""
    generator = np.random.default_rng(seed)
    images = generator.integers(80, 120, (len(indices), side, side, 1))
    images[:, 3] += 30 * indices[:, None, None]
    return np.repeat(images, 3, axis=3).astype(np.uint8)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 300), min_size=10, max_size=10).filter(any), st.integers(1, 3200))
def test_a_subset_keeps_the_shares_of_the_classes(counts: list[int], at_most: int) -> None:
    indices = np.random.default_rng(at_most).permutation(np.repeat(np.arange(10), counts))
    whole = labels(indices, 10)
    chosen = subset(whole, at_most)
    assert len(chosen) == min(at_most, len(indices))
    assert (np.diff(chosen) > 0).all()
    assert (chosen == subset(whole, at_most)).all()
    present = int(np.count_nonzero(counts))
    for name, number in whole.select(chosen).counts().items():
        have = whole.counts()[name]
        if present <= at_most and have:
            # One of each class first, the others by share, rounded up or down.
            expected = 1 + (have - 1) * (len(chosen) - present) / max(len(indices) - present, 1)
            assert abs(number - expected) <= 1
            assert 1 <= number <= have


def test_a_subset_is_spread_over_the_whole_class() -> None:
    chosen = subset(labels([0] * 1000, 1), 100)
    assert 400 < chosen.mean() < 600
    assert len(set(np.diff(chosen))) > 5


def test_the_majority_is_that_of_the_training_images() -> None:
    found = majority_baseline(labels([0, 1, 1, 2], 3), labels([2] * 60 + [1] * 40, 3))["accuracy"]
    assert found.value == 0.4
    assert 0.25 < found.low < 0.36
    assert 0.44 < found.high < 0.55


def test_a_linear_difference_is_found() -> None:
    indices = np.arange(300) % 3
    train = labels(indices, 3)
    found = linear_baseline(shaded(indices), train, shaded(indices, seed=1), train)
    assert found["accuracy"].value > 0.97
    assert found["auc"].value > 0.99
    assert found["accuracy"].low <= found["accuracy"].value <= found["accuracy"].high
    assert set(found) == {"accuracy", "auc"}


def test_no_difference_is_not_found() -> None:
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (400, 8, 8, 3)).astype(np.uint8)
    target = labels(generator.integers(2, size=400), 2)
    found = linear_baseline(noise[:200], target[:200], noise[200:], target[200:])
    assert 0.35 < found["accuracy"].value < 0.65
    assert found["auc"].low < 0.5 < found["auc"].high


def test_a_difference_in_colour_counts() -> None:
    generator = np.random.default_rng(0)
    target = labels(np.arange(200) % 2, 2)
    images = generator.integers(100, 120, (200, 8, 8, 3))
    images[target.indices == 1, :, :, 2] += 20
    images[target.indices == 1, :, :, 1] -= 20  # just as light
    found = linear_baseline(images.astype(np.uint8), target, images.astype(np.uint8), target)
    assert found["accuracy"].value > 0.98


def test_grey_training_and_coloured_test_images_go_together() -> None:
    indices = np.arange(120) % 2
    test = shaded(indices, seed=1)
    test[..., 2] += 1
    target = labels(indices, 2)
    assert linear_baseline(shaded(indices), target, test, target)["accuracy"].value > 0.9


def test_large_images_are_averaged_down() -> None:
    indices = np.arange(120) % 2
    wide = shaded(indices).repeat(20, axis=1).repeat(30, axis=2)
    target = labels(indices, 2)
    assert linear_baseline(wide, target, wide, target)["accuracy"].value > 0.97


def test_classes_that_are_missing_on_either_side() -> None:
    train, test = np.arange(200) % 2 * 2, np.repeat([0, 2, 3], [60, 60, 30])
    found = linear_baseline(shaded(train), labels(train, 4), shaded(test, seed=1), labels(test, 4))
    assert found["accuracy"].value == pytest.approx(0.8, abs=0.04)  # the last class was never learned
    assert np.isfinite(found["auc"]).all()


def test_where_one_class_occurs_there_is_no_auc() -> None:
    train, test = np.arange(100) % 2, np.zeros(50, np.int64)
    found = linear_baseline(shaded(train), labels(train, 2), shaded(test), labels(test, 2))
    assert set(found) == {"accuracy"}


def test_one_class_only_cannot_be_learned() -> None:
    only = labels([0] * 10, 2)
    with pytest.raises(ValueError, match="at least 2 classes"):
        linear_baseline(shaded(only.indices), only, shaded(only.indices), only)


def read_idx(path: Path, offset: int) -> NDArray[np.uint8]:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def test_fashion_mnist(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("fashion_mnist")
    targets = labels(read_idx(folder / "train-labels-idx1-ubyte.gz", 8).astype(np.int64), 10)
    predictions = labels(read_idx(folder / "t10k-labels-idx1-ubyte.gz", 8).astype(np.int64), 10)
    chosen = subset(targets, LINEAR_IMAGES)
    train = read_idx(folder / "train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)[chosen].repeat(3, axis=3)
    test = read_idx(folder / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1).repeat(3, axis=3)
    assert majority_baseline(targets, predictions)["accuracy"].value == 0.1
    found = linear_baseline(train, targets.select(chosen), test, predictions)
    assert 0.82 <= found["accuracy"].value <= 0.85
    assert 0.97 < found["auc"].value < 0.99
    assert found["accuracy"].high - found["accuracy"].low == pytest.approx(0.015, abs=0.003)
