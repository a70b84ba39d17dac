"""Labels that heads doubt which learnt from other images."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.training.heard import Heard

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.results import Labels
from convsight.tasks.classification.doubts import FOLDS, _folds, doubts, out_of_fold

CLASSES = ("cat", "dog", "emu")


def _drawn(images: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]:
    """Features that tell classes apart, classes, digests."""
    chance = np.random.default_rng(seed)
    truth = np.arange(images) % 3
    features = chance.normal(0, 0.3, (images, 8))
    features[:, :3] += 6 * np.eye(3)[truth]
    return features.astype(np.float32), truth, np.arange(images, dtype=np.uint64)


def test_planted_labels_come_first_with_what_they_rather_are() -> None:
    features, truth, same = _drawn(120)
    given = truth.copy()
    given[[7, 50, 113]] = (truth[[7, 50, 113]] + 1) % 3
    # Two splits, one after the other: positions go on.
    found = doubts(features, [Labels(given[:80], CLASSES), Labels(given[80:], CLASSES)], same, Silent())
    assert {each.position for each in found.doubted[:3]} == {7, 50, 113}
    for each in found.doubted[:3]:
        assert each.given == CLASSES[given[each.position]]
        assert each.likely == CLASSES[truth[each.position]]
        assert each.given_probability < 0.3  # heads that do not believe single labels are not sure either
        assert each.likely_probability > 0.5
    assert found.looked_at == 120
    assert found.wrong == pytest.approx(3 / 120, abs=0.02)


def test_no_image_is_told_by_a_head_that_learnt_from_it() -> None:
    # Features without any meaning: who has seen an image knows its label, who has not is right by chance.
    chance = np.random.default_rng(1)
    features = chance.normal(0, 1, (90, 200)).astype(np.float32)
    numbers = np.arange(90) % 3
    told = out_of_fold(features, numbers, np.arange(90, dtype=np.uint64))
    np.testing.assert_allclose(told.sum(axis=1), 1)
    assert (told.argmax(axis=1) == numbers).mean() < 0.6


def test_equal_images_are_learnt_from_together_or_not_at_all() -> None:
    chance = np.random.default_rng(2)
    features = np.repeat(chance.normal(0, 1, (45, 200)), 2, axis=0).astype(np.float32)
    numbers = np.repeat(np.arange(45) % 3, 2)
    apart = out_of_fold(features, numbers, np.arange(90, dtype=np.uint64))
    together = out_of_fold(features, numbers, np.repeat(np.arange(45, dtype=np.uint64), 2))
    assert (apart.argmax(axis=1) == numbers).mean() > 0.75  # the copy told it
    assert (together.argmax(axis=1) == numbers).mean() < 0.6


def test_folds_have_as_many_of_every_class() -> None:
    numbers = np.repeat([0, 1], [25, 10])
    folds = _folds(numbers, np.arange(35, dtype=np.uint64), seed=0)
    for fold in range(FOLDS):
        assert np.bincount(numbers[folds == fold]).tolist() == [5, 2]
    assert _folds(numbers, np.arange(35, dtype=np.uint64), seed=1).tolist() != folds.tolist()


def test_of_a_class_with_few_images_nothing_is_said() -> None:
    features, truth, same = _drawn(60)
    rare = np.flatnonzero(truth == 2)
    kept = np.delete(np.arange(60), rare[FOLDS - 1 :])
    heard = Heard()
    found = doubts(features[kept], [Labels(truth[kept], CLASSES)], same[kept], heard)
    assert found.looked_at == 40
    assert all("emu" not in (each.given, each.likely) for each in found.doubted)
    assert any("emu" in line for line in heard.said)
    # One more is enough, but not one that is there twice.
    kept = np.delete(np.arange(60), rare[FOLDS:])
    assert doubts(features[kept], [Labels(truth[kept], CLASSES)], same[kept], Silent()).looked_at == 45
    twice = same[kept].copy()
    twice[np.flatnonzero(truth[kept] == 2)[1]] = twice[np.flatnonzero(truth[kept] == 2)[0]]
    assert doubts(features[kept], [Labels(truth[kept], CLASSES)], twice, Silent()).looked_at == 40


def test_one_class_alone_is_refused() -> None:
    features, truth, same = _drawn(30)
    ones = truth == 0
    with pytest.raises(UserError, match="two or more classes with 5"):
        doubts(features[ones], [Labels(truth[ones], CLASSES)], same[ones], Silent())
