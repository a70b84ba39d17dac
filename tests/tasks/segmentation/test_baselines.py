import numpy as np
import pytest
from sklearn.metrics import accuracy_score, jaccard_score
from tests.tasks.segmentation.test_task import card, maps

from convsight.datasets import Examples, ImageStore, Split
from convsight.tasks.segmentation.baselines import majority_baseline, place_baseline, usual_classes


def examples(count: int) -> Examples:
    images = np.zeros((count, 20, 30, 3), np.uint8)
    split = Split("train", images, maps(count), [str(n) for n in range(count)])
    return Examples(ImageStore.read(split, card().input)[0], split.targets)


def test_the_most_frequent_class_everywhere() -> None:
    masks = np.stack([maps(6).mask(index) for index in range(6)])
    known = masks != 255
    true, said = masks[known], np.full(known.sum(), np.bincount(masks[known]).argmax())
    found = majority_baseline(maps(6), maps(6))
    assert found["mIoU"].value == pytest.approx(jaccard_score(true, said, average="macro"))
    assert found["pixel_accuracy"].value == pytest.approx(accuracy_score(true, said))


def test_the_most_frequent_class_of_each_place() -> None:
    train, judged = examples(5), examples(3)
    masks = np.stack([train.images.spec.geometry((30, 20)).mask(maps(5).mask(index), 255) for index in range(5)])
    votes = np.stack([(masks == index).sum(axis=0) for index in range(3)])
    np.testing.assert_array_equal(usual_classes(train), votes.argmax(axis=0))
    truth = np.stack([maps(3).mask(index) for index in range(3)])
    said = np.stack([train.images.spec.geometry((30, 20)).mask_back(votes.argmax(axis=0), 255)] * 3)
    known = truth != 255
    expected = jaccard_score(truth[known], said[known], average="macro")
    assert place_baseline(train, judged)["mIoU"].value == pytest.approx(expected)
