"""Confident learning, against the cleanlab package, and against an example worked by hand."""

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint, estimate_joint
from cleanlab.filter import find_label_issues
from numpy.typing import NDArray

from convsight.metrics.confident_learning import confidence


def _noisy(seed: int, classes: int, images: int = 400) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels of which a tenth are wrong, and answers that know the truth mostly."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, classes, images)
    given = np.where(chance.random(images) < 0.1, chance.integers(0, classes, images), truth)
    logits = chance.normal(0, 1, (images, classes))
    logits[np.arange(images), truth] += 3
    told = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return _clear(given, told)


def _clear(given: NDArray[np.int64], told: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Without images of which several classes are likely, but not the most probable: cleanlab counts that one.

    The paper, equation 1, and so we, count the most probable of the likely ones.
    """
    while True:
        thresholds = np.array([told[given == each, each].mean() for each in range(told.shape[1])])
        likely = told >= thresholds
        odd = (likely.sum(axis=1) > 1) & ~likely[np.arange(len(told)), told.argmax(axis=1)]
        if not odd.any():
            return given, told
        given, told = given[~odd], told[~odd]


@pytest.mark.parametrize(("seed", "classes"), [(0, 2), (1, 3), (2, 10)])
def test_what_is_doubted_is_what_cleanlab_finds_in_its_order(seed: int, classes: int) -> None:
    given, told = _noisy(seed, classes)
    theirs = find_label_issues(
        given, told, filter_by="confident_learning", return_indices_ranked_by="normalized_margin", n_jobs=1
    )
    assert len(theirs) > 10
    assert confidence(given, told).doubted.tolist() == theirs.tolist()


@pytest.mark.parametrize(("seed", "classes"), [(3, 2), (4, 3), (5, 10)])
def test_the_estimated_shares_are_those_of_cleanlab(seed: int, classes: int) -> None:
    given, told = _noisy(seed, classes)
    counts, images = np.bincount(given), len(given)
    counted = compute_confident_joint(given, told, calibrate=False)
    found = confidence(given, told)
    # Equation 3 of the paper, on their counts.
    joint = counted / counted.sum(axis=1, keepdims=True) * counts[:, None] / images
    np.testing.assert_allclose(found.joint, joint, atol=1e-12)
    # Theirs is rounded to whole images, but no row's sum.
    theirs = estimate_joint(given, told, confident_joint=counted)
    np.testing.assert_allclose(found.joint, theirs, atol=1 / images)
    np.testing.assert_allclose(found.joint.sum(axis=1), theirs.sum(axis=1), atol=1e-12)
    assert found.wrong == pytest.approx(1 - np.trace(joint))
    assert found.wrong == pytest.approx(0.1 * (1 - 1 / classes), abs=0.04)  # a tenth was drawn anew, some as they were


def test_worked_by_hand() -> None:
    # Thresholds: of class 0 (0.9 + 0.7 + 0.2) / 3 = 0.6, of class 1 (0.9 + 0.3) / 2 = 0.6.
    told = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9], [0.55, 0.45]])
    given = np.array([0, 0, 0, 1, 1])
    told[4] = [0.7, 0.3]
    found = confidence(given, told)
    assert found.likely.tolist() == [0, 0, 1, 1, 0]
    np.testing.assert_allclose(found.margin, [0.8, 0.4, -0.6, 0.8, -0.4])
    assert found.doubted.tolist() == [2, 4]
    # Row 0: two of three are 0, one is 1, of 3/5 of the images; row 1: one and one, of 2/5.
    np.testing.assert_allclose(found.joint, [[0.4, 0.2], [0.2, 0.2]])
    assert found.wrong == pytest.approx(0.4)


def test_of_several_likely_classes_the_most_probable_of_them_counts() -> None:
    # Thresholds 0.4, 0.3, 0.8 of single images; the last is likely 0 and 1, and most probably 2, which is not likely.
    told = np.array([[0.4, 0.3, 0.3], [0.4, 0.3, 0.3], [0.1, 0.1, 0.8], [0.31, 0.33, 0.36]])
    found = confidence(np.array([0, 1, 2, 2]), told)
    assert found.likely.tolist()[:3] == [0, 0, 2]
    thresholds = [0.4, 0.3, (0.8 + 0.36) / 2]
    assert told[3, 1] >= thresholds[1]
    assert told[3, 2] < thresholds[2]
    assert found.likely[3] == 1


def test_a_class_without_an_image_is_never_likely() -> None:
    told = np.array([[0.1, 0.1, 0.8], [0.1, 0.2, 0.7]])
    found = confidence(np.array([0, 1]), told)
    assert 2 not in found.likely.tolist()
    assert found.doubted.size == 0
    assert found.wrong == 0
