"""Counted pixels against scikit-learn's confusion matrix."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix
from tests.metrics.pixels.maps import IGNORED, guessed, patches

from convsight.metrics.pixels import confusion as module
from convsight.metrics.pixels.confusion import confusion


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int64])
@pytest.mark.parametrize("share", [0.01, 0.7])  # runs are counted, then pixels
def test_counts_are_those_of_scikit_learn(seed: int, kind: type, share: float) -> None:
    classes = 2 + seed
    truth = patches(seed, classes)
    found = guessed(truth, seed, classes, share)
    counted = confusion(truth.astype(kind), found.astype(kind), classes, IGNORED)
    kept = truth != IGNORED
    expected = confusion_matrix(truth[kept], found[kept], labels=range(classes))
    assert counted[:, :-1].tolist() == expected.tolist()
    assert not counted[:, -1].any()


def test_maps_of_two_widths_are_counted_alike() -> None:
    truth = patches(1, 4)
    found = guessed(truth, 1, 4)
    assert confusion(truth, found.astype(np.int32), 4, IGNORED).tolist() == confusion(truth, found, 4, IGNORED).tolist()


def test_volumes_and_many_chunks_are_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = patches(3, 5, (9, 20, 30))
    found = guessed(truth, 3, 5)
    whole = confusion(truth, found, 5, IGNORED)
    monkeypatch.setattr(module, "_CHUNK", 17)
    assert confusion(truth, found, 5, IGNORED).tolist() == whole.tolist()
    assert whole.sum() == (truth != IGNORED).sum()


def test_more_classes_than_a_byte_holds() -> None:
    truth = np.arange(600).reshape(20, 30).astype(np.uint16)
    counted = confusion(truth, truth[::-1].copy(), 600)
    assert counted[0, truth[-1, 0]] == 1
    assert counted.sum() == 600


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_no_answer_is_wrong_for_the_true_class_alone(kind: type) -> None:
    counted = confusion(np.array([0, 0, 1, 7], kind), np.array([7, 0, 7, 7], kind), 2, 7)
    assert counted.tolist() == [[1, 0, 1], [0, 0, 1]]


@pytest.mark.parametrize(
    ("truth", "found", "ignored", "words"),
    [
        ([0, 3], [0, 1], None, "truth holds the index 3"),
        ([0, 1], [0, 9], 7, "answer holds the index 9, but there are the classes 0..1 and 7 for none"),
        ([0, 7], [0, 9], 7, "answer holds the index 9"),  # where the truth is ignored, too
        ([0, -1], [0, 0], None, "truth holds the index -1"),
    ],
)
def test_what_is_no_class_is_refused(truth: list[int], found: list[int], ignored: int | None, words: str) -> None:
    kinds: list[type] = [np.int64] if min(truth) < 0 else [np.uint8, np.int64]
    for kind in kinds:
        with pytest.raises(ValueError, match=words):
            confusion(np.array(truth, kind), np.array(found, kind), 2, ignored)


def test_maps_of_two_shapes_are_refused() -> None:
    maps: NDArray[np.uint8] = np.zeros((2, 3), np.uint8)
    with pytest.raises(ValueError, match=r"shape \(3, 2\) cannot be judged by a truth of shape \(2, 3\)"):
        confusion(maps, maps.T, 2)


def test_nothing_is_counted_of_an_empty_map() -> None:
    assert not confusion(np.zeros((0, 4), np.uint8), np.zeros((0, 4), np.uint8), 2).any()
