import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, recall_score

from convsight.results import ClassMap, usual_colours
from convsight.tasks.segmentation.light.metrics import ClassMapMetrics

CLASSES = ("sky", "road", "car", "boat")


def of(indices: np.ndarray) -> ClassMap:
    return ClassMap(CLASSES, usual_colours(CLASSES), indices.astype(np.uint8))


def test_numbers_are_those_of_scikit_learn_over_all_pixels() -> None:
    random = np.random.default_rng(0)
    truth, said = random.integers(0, 3, (2, 5, 11, 13))  # nothing is a boat
    ignored = random.random(truth.shape) < 0.1
    metrics = ClassMapMetrics(CLASSES)
    for true, found, hidden in zip(truth, said, ignored, strict=True):
        metrics.update(of(np.where(hidden, 255, true)), of(found))
    found, true, given = metrics.compute(), truth[~ignored], said[~ignored]
    expected = {
        "mIoU": jaccard_score(true, given, average="macro"),
        "mDice": f1_score(true, given, average="macro"),
        "pixel_accuracy": accuracy_score(true, given),
        "mean_accuracy": recall_score(true, given, average="macro"),
        "IoU/road": jaccard_score(true == 1, given == 1),
        "Dice/car": f1_score(true == 2, given == 2),
        "accuracy/sky": recall_score(true == 0, given == 0),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value), name
        assert found[name].low < found[name].value < found[name].high
    assert "IoU/boat" not in found


def test_pixels_that_were_given_no_class_are_wrong() -> None:
    metrics = ClassMapMetrics(CLASSES)
    metrics.update(of(np.array([[0, 0, 1, 255]])), of(np.array([[0, 255, 1, 0]])))
    found = metrics.compute(intervals=False)
    assert found["pixel_accuracy"].value == pytest.approx(2 / 3)
    assert found["IoU/sky"].value == 0.5
    assert metrics.confusion[0].tolist() == [1, 0, 0, 0, 1]


def test_maps_of_other_sizes_or_classes_are_refused() -> None:
    metrics = ClassMapMetrics(CLASSES)
    with pytest.raises(ValueError, match="a prediction of"):
        metrics.update(of(np.zeros((2, 2))), of(np.zeros((2, 3))))
    with pytest.raises(ValueError, match="cannot be judged"):
        metrics.update(of(np.zeros((2, 2))), ClassMap(("a",), ((0, 0, 0),), np.zeros((2, 2), np.uint8)))
    with pytest.raises(ValueError, match="no image was judged"):
        metrics.compute()
