"""IoU, Dice and accuracy against torchmetrics and scikit-learn."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score, jaccard_score
from tests.metrics.pixels.maps import IGNORED, guessed, patches
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

from convsight.metrics.pixels.confusion import confusion
from convsight.metrics.pixels.overlap import PixelCounts, mean_defined

CLASSES = 5


@pytest.fixture(scope="module")
def pairs() -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Pictures of which the last two lack classes, and class 4 occurs in none."""
    drawn = []
    for seed, most in enumerate((4, 4, 3, 2)):
        truth = patches(seed, most)
        drawn.append((truth, guessed(truth, seed, most)))
    return drawn


@pytest.fixture(scope="module")
def counts(pairs: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> PixelCounts:
    return PixelCounts.of(np.stack([confusion(truth, found, CLASSES, IGNORED) for truth, found in pairs]))


def test_pooled_numbers_are_those_of_torchmetrics(
    pairs: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]], counts: PixelCounts
) -> None:
    def told(metric: Any) -> NDArray[np.float64]:
        for truth, found in pairs:
            metric.update(torch.from_numpy(found).long(), torch.from_numpy(truth).long())
        return np.asarray(metric.compute(), np.float64)

    options: dict[str, Any] = {"num_classes": CLASSES, "ignore_index": IGNORED}
    pooled = counts.pooled(np.ones((1, len(pairs))))
    shares = told(MulticlassJaccardIndex(average="none", **options))
    np.testing.assert_allclose(pooled.iou[0, :4], shares[:4], atol=1e-7)
    assert np.isnan(pooled.iou[0, 4])
    mean = told(MulticlassJaccardIndex(average="macro", **options))
    np.testing.assert_allclose(mean_defined(pooled.iou), mean, atol=1e-7)
    np.testing.assert_allclose(pooled.accuracy, told(MulticlassAccuracy(average="micro", **options)), atol=1e-7)
    recall = told(MulticlassAccuracy(average="none", **options))
    np.testing.assert_allclose(pooled.recall[0, :4], recall[:4], atol=1e-7)


def test_numbers_of_single_pictures_are_those_of_scikit_learn(
    pairs: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]], counts: PixelCounts
) -> None:
    for row, (truth, found) in enumerate(pairs):
        kept = truth != IGNORED
        true, given = truth[kept], found[kept]
        there = np.union1d(true, given)
        np.testing.assert_allclose(counts.iou[row, there], jaccard_score(true, given, labels=there, average=None))
        np.testing.assert_allclose(counts.dice[row, there], f1_score(true, given, labels=there, average=None))
        np.testing.assert_allclose(counts.accuracy[row], accuracy_score(true, given))
        assert np.isnan(np.delete(counts.iou[row], there)).all()


def test_a_class_that_is_found_alone_counts_as_missed() -> None:
    counts = PixelCounts.of(confusion(np.array([0, 0]), np.array([0, 1]), 3))
    assert counts.iou.tolist()[:2] == [0.5, 0.0]
    assert np.isnan(counts.iou[2])
    assert np.isnan(counts.recall[1])
    assert mean_defined(counts.iou) == 0.25


def test_weighted_pictures_are_pooled_as_often_as_they_count(counts: PixelCounts) -> None:
    weights = np.array([[2.0, 0, 1, 0]])
    again = PixelCounts(*(each[[0, 0, 2]].sum(axis=0, keepdims=True) for each in counts))
    np.testing.assert_array_equal(counts.pooled(weights).dice, again.dice)
    shares = np.array([0.5, np.nan, 0.2, 0.9])
    np.testing.assert_allclose(mean_defined(shares, weights), [(0.5 + 0.5 + 0.2) / 3])
    assert np.isnan(mean_defined(shares, np.array([[0.0, 1, 0, 0]]))).all()
