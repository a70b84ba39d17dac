"""Panoptic numbers of many images against those of the counts, and what cannot be judged."""

import numpy as np
import pytest
from tests.metrics.pixels.scenes import CLASSES, scene

from convsight.metrics.pixels.overlap import mean_defined
from convsight.metrics.pixels.panoptic import PanopticCounts, panoptic_counts
from convsight.results import Label
from convsight.results.panoptic_map import PanopticMap
from convsight.tasks.panoptic.light.metrics import PanopticMetrics

NAMES = ("road", "sky", "car", "cat", "dog")
THINGS = (False, False, True, True, True)


def maps(seed: int) -> tuple[PanopticMap, PanopticMap]:
    truth, found = (
        PanopticMap.of(NAMES, THINGS, each.ids, each.numbers, each.labels, crowd=each.crowd) for each in scene(seed)
    )
    return truth, found


def judged(seeds: range) -> PanopticMetrics:
    metrics = PanopticMetrics(NAMES, THINGS)
    for seed in seeds:
        metrics.update(*maps(seed))
    return metrics


def test_numbers_are_means_over_the_classes_that_occur() -> None:
    found = judged(range(5)).compute(intervals=False)
    counts = PanopticCounts.stacked([panoptic_counts(*scene(seed), CLASSES) for seed in range(5)])
    pooled = counts.pooled(np.ones((1, 5)))
    kinds = {"PQ": pooled.quality[0], "SQ": pooled.segmentation[0], "RQ": pooled.recognition[0]}
    for name, values in kinds.items():
        assert found[name].value == pytest.approx(values[:4].mean())
        assert found[f"{name}_stuff"].value == pytest.approx(values[:2].mean())
        assert found[f"{name}_things"].value == pytest.approx(values[2:4].mean())
        assert [found[f"{name}/{of}"].value for of in NAMES[:4]] == pytest.approx(values[:4].tolist())
        assert f"{name}/dog" not in found
    assert judged(range(5)).absent() == ("dog",)
    assert found["PQ/cat"].value == pytest.approx(found["SQ/cat"].value * found["RQ/cat"].value)
    assert mean_defined(pooled.quality)[0] == found["PQ"].value


def test_a_truth_is_found_whole_by_itself_and_intervals_hold_the_value() -> None:
    truth, _ = maps(3)
    metrics = PanopticMetrics(NAMES, THINGS)
    metrics.update(truth, truth)
    assert metrics.compute()["PQ"].value == 1.0
    for value, low, high in judged(range(6)).compute().values():
        assert low <= value <= high
    assert judged(range(6)).compute()["PQ"].low < judged(range(6)).compute()["PQ"].high


def test_what_cannot_be_judged_is_refused() -> None:
    metrics = PanopticMetrics(NAMES, THINGS)
    with pytest.raises(ValueError, match="no image was judged"):
        metrics.compute()
    with pytest.raises(TypeError, match="not Label and Label"):
        metrics.update(Label.certain(0, NAMES), Label.certain(0, NAMES))
    other = PanopticMap.of(NAMES, THINGS[::-1], np.zeros((2, 2), int), [], [])
    with pytest.raises(ValueError, match="cannot be judged among"):
        metrics.update(other, other)
