"""Numbers of class maps against torchmetrics and scikit-learn, and what is told beside them."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, recall_score
from tests.metrics.pixels.maps import IGNORED, guessed, patches
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

from convsight.metrics.pixels.boundaries import boundary_f1
from convsight.metrics.pixels.surfaces import surface_distances_by_class
from convsight.results import ClassMap, Label
from convsight.tasks.segmentation.light.metrics import ClassMapMetrics

NAMES = ("sky", "road", "car", "tree", "pole")
COLOURS = tuple((20 * index, 0, 0) for index in range(5))


def of(indices: NDArray[Any], **more: Any) -> ClassMap:
    return ClassMap(NAMES, COLOURS, indices, **more)


def pairs(shape: tuple[int, ...] = (40, 52)) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Pictures of which none shows a pole, one finds one all the same, and the last has two classes."""
    found = []
    for seed, most in enumerate((4, 4, 3, 2)):
        truth = patches(seed, most, shape)
        found.append((truth, guessed(truth, seed, most, 0.1)))
    found[0][1][:3, :3] = 4
    return found


def judged(given: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]], **more: Any) -> ClassMapMetrics:
    metrics = ClassMapMetrics(NAMES)
    for truth, found in given:
        metrics.update(of(truth, **more), of(found))
    return metrics


def test_pooled_numbers_are_those_of_torchmetrics() -> None:
    told = judged(pairs()).compute(intervals=False)
    options: dict[str, Any] = {"num_classes": 5, "ignore_index": IGNORED}
    for name, metric in (
        ("mIoU", MulticlassJaccardIndex(average="macro", **options)),
        ("pixel_accuracy", MulticlassAccuracy(average="micro", **options)),
    ):
        for truth, found in pairs():
            metric.update(torch.from_numpy(found).long(), torch.from_numpy(truth).long())
        assert told[name].value == pytest.approx(float(metric.compute()), abs=1e-6)
    assert told["IoU/pole"].value == 0.0
    assert "accuracy/pole" not in told


def test_pooled_numbers_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    truth, said = random.integers(0, 3, (2, 5, 11, 13))  # nothing is a tree or a pole
    ignored = random.random(truth.shape) < 0.1
    metrics = ClassMapMetrics(NAMES)
    for true, found, hidden in zip(truth, said, ignored, strict=True):
        metrics.update(of(np.where(hidden, 255, true).astype(np.uint8)), of(found.astype(np.uint8)))
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
    assert "IoU/tree" not in found


def test_means_over_pictures_are_those_of_scikit_learn() -> None:
    shares: list[list[float]] = [[], []]
    for truth, found in pairs():
        kept = truth != IGNORED
        true, given = truth[kept], found[kept]
        there = np.union1d(true, given)
        shares[0].append(jaccard_score(true, given, labels=there, average="macro"))
        shares[1].append(f1_score(true, given, labels=there, average="macro"))
    told = judged(pairs()).compute(intervals=False)
    assert told["picture_mIoU"].value == pytest.approx(np.mean(shares[0]))
    assert told["picture_mDice"].value == pytest.approx(np.mean(shares[1]))
    assert abs(told["picture_mIoU"].value - told["mIoU"].value) > 0.01


def test_outlines_are_means_over_the_pictures_that_have_them() -> None:
    numbers = np.array([boundary_f1(truth, found, 5, IGNORED) for truth, found in pairs()])
    told = judged(pairs()).compute(intervals=False)
    means = np.nanmean(numbers, axis=0)
    assert [told[f"boundary_F1/{name}"].value for name in NAMES] == pytest.approx(means.tolist())
    assert told["boundary_F1"].value == pytest.approx(means.mean())
    assert np.isnan(numbers).any()
    assert not any(name.startswith(("hausdorff", "surface")) for name in told)


@pytest.mark.parametrize("spacing", [None, (2.0, 0.5, 1.0)])
def test_volumes_have_distances_in_the_unit_that_is_known(spacing: tuple[float, ...] | None) -> None:
    given = pairs((18, 20, 26))
    told = judged(given, spacing=spacing)
    numbers = np.array([surface_distances_by_class(truth, found, 5, IGNORED, spacing) for truth, found in given])
    found = told.compute()
    unit = "px" if spacing is None else "mm"
    for column, kind in enumerate(("hausdorff95", "surface")):
        means = np.nanmean(numbers[..., column], axis=0)
        assert [found[f"{kind}_{unit}/{name}"].value for name in NAMES] == pytest.approx(means.tolist())
        assert found[f"{kind}_{unit}"].value == pytest.approx(means.mean())
        assert told.described()[f"{kind}_{unit}"].unit == unit
        assert told.described()[f"{kind}_{unit}"].better == "lower"
    assert "boundary_F1" not in found
    assert told.remarks() == [
        "1 class nowhere true, and judged by nothing: pole",
        "1 class of a volume true and not found, or found and not true: the diagonal of the volume counts as the "
        "distance of surfaces there",
    ]


def test_classes_that_are_nowhere_true_are_named() -> None:
    assert judged(pairs()).absent() == ("pole",)
    assert judged(pairs()).remarks() == ["1 class nowhere true, and judged by nothing: pole"]
    every = np.arange(5, dtype=np.uint8).reshape(1, 5)
    assert judged([(every, every)]).remarks() == []
    assert judged([(every, every)]).compute(intervals=False)["mIoU"].value == 1.0


def test_what_was_given_no_class_is_wrong_for_the_true_one_alone() -> None:
    truth = np.array([[0, 0, 1, 1]], np.uint8)
    metrics = ClassMapMetrics(NAMES)
    metrics.update(of(truth), of(np.array([[0, 7, 1, 1]], np.uint16), ignore_index=7))
    told = metrics.compute(intervals=False)
    assert (told["IoU/sky"].value, told["IoU/road"].value) == (0.5, 1.0)
    assert metrics.confusion[0].tolist() == [1, 0, 0, 0, 0, 1]


def test_intervals_hold_the_value_and_shares_stay_within_their_range() -> None:
    found = judged(pairs((18, 20, 26)), spacing=(1, 1, 1)).compute()
    assert found["mIoU"].low < found["mIoU"].value < found["mIoU"].high
    assert found["hausdorff95_mm"].low < found["hausdorff95_mm"].high
    for name, (value, low, high) in found.items():
        assert low <= value <= high
        assert name.startswith(("hausdorff", "surface")) or 0 <= low <= high <= 1


def test_what_cannot_be_judged_is_refused() -> None:
    metrics = ClassMapMetrics(NAMES)
    with pytest.raises(ValueError, match="no image was judged"):
        metrics.compute()
    with pytest.raises(TypeError, match="not Label and Label"):
        metrics.update(Label.certain(0, NAMES), Label.certain(0, NAMES))
    with pytest.raises(ValueError, match="cannot be judged among"):
        metrics.update(ClassMap(("a",), ((0, 0, 0),), np.zeros((2, 2), np.uint8)), of(np.zeros((2, 2), np.uint8)))
    with pytest.raises(ValueError, match="cannot be judged by a truth of shape"):
        metrics.update(of(np.zeros((2, 2), np.uint8)), of(np.zeros((2, 3), np.uint8)))
    with pytest.raises(ValueError, match="above 0 and one for each axis"):
        of(np.zeros((2, 2), np.uint8), spacing=(1.0,))
