"""Precision and recall at every threshold, beside what the metrics of one threshold tell."""

import numpy as np
import pytest

from convsight.metrics.things.coco import Coco
from convsight.metrics.things.flat_boxes import EvaluatedBoxes
from convsight.metrics.things.threshold_metrics import metrics_at_thresholds
from convsight.metrics.things.threshold_sweep import threshold_sweep
from convsight.results import Boxes

CLASSES = ("cat", "dog", "bird")


def drawn(seed: int) -> tuple[list[Boxes], list[Boxes]]:
    """Targets and predictions near them, some of a wrong class, some anywhere, some crowds; nobody draws a bird."""
    random = np.random.default_rng(seed)
    targets, predictions = [], []
    for _ in range(12):
        count = int(random.integers(0, 6))
        corners = random.uniform(0, 60, (count, 2))
        xyxy = np.concatenate([corners, corners + random.uniform(10, 30, (count, 2))], axis=1)
        labels = random.integers(0, 2, count)
        targets.append(Boxes.of(CLASSES, (99, 99), xyxy, labels, crowd=random.random(count) < 0.1))
        near = np.concatenate([xyxy + random.normal(0, 2, xyxy.shape), xyxy[:2] + 9])
        said = np.concatenate([np.where(random.random(count) < 0.2, 2, labels), labels[:2]])
        scores = np.round(random.random(len(near)), 1)  # many are equal
        predictions.append(Boxes.of(CLASSES, (99, 99), np.clip(near, 0, 99), said, scores=scores))
    return targets, predictions


@pytest.mark.parametrize("seed", range(3))
def test_each_threshold_is_that_of_the_metrics(seed: int) -> None:
    targets, predictions = drawn(seed)
    thresholds = np.linspace(0, 1, 21)
    swept = threshold_sweep(Coco(EvaluatedBoxes(CLASSES, targets, predictions)), thresholds)
    assert set(swept) == {"", "cat", "dog"}  # of birds there is nothing to find
    for place, threshold in enumerate(thresholds):
        kept = [each.at_least(threshold) for each in predictions]
        found = metrics_at_thresholds(Coco(EvaluatedBoxes(CLASSES, targets, kept)), np.ones((1, len(targets))))
        for name, sweep in swept.items():
            suffix = f"/{name}" if name else ""
            assert sweep.recall[place] == pytest.approx(found[f"recall{suffix}"][0])
            if np.isnan(sweep.precision[place]):  # nothing is found, which the metrics call a precision of 0
                assert found[f"precision{suffix}"][0] == found[f"recall{suffix}"][0] == 0
            else:
                assert sweep.precision[place] == pytest.approx(found[f"precision{suffix}"][0])
    assert swept["cat"].true + swept["dog"].true == swept[""].true


def test_where_nothing_is_to_be_found_there_is_no_recall() -> None:
    nothing = Boxes.of(CLASSES, (99, 99), [], [])
    found = Boxes.of(CLASSES, (99, 99), [(0, 0, 9, 9)], [0], scores=[0.5])
    swept = threshold_sweep(Coco(EvaluatedBoxes(CLASSES, [nothing], [found])), np.array([0.5, 0.6]))
    assert set(swept) == {""}
    assert np.isnan(swept[""].recall).all()
    np.testing.assert_array_equal(swept[""].precision, [0.0, np.nan])
