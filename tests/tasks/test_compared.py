"""Networks of every task beside one another: the difference is that of the metric, and told only where there is one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pytest

from convsight.results import Label, Result
from convsight.results.boxes import Boxes
from convsight.results.class_map import ClassMap
from convsight.results.label_set import LabelSet
from convsight.results.numbers import Numbers
from convsight.results.panoptic_map import PanopticMap
from convsight.targets import NumberTargets
from convsight.tasks.classification.light.metrics import ClassMetrics
from convsight.tasks.detection.light.metrics import BoxMetrics
from convsight.tasks.multilabel.light.metrics import LabelSetMetrics
from convsight.tasks.panoptic.light.metrics import PanopticMetrics
from convsight.tasks.reader import Metrics, compared
from convsight.tasks.regression.light.metrics import NumberMetrics
from convsight.tasks.segmentation.light.metrics import ClassMapMetrics

NAMES = ("a", "b")
COLOURS = ((0, 0, 0), (255, 255, 255))
IMAGES = 60


class Case(NamedTuple):
    """Fresh metrics, what is true of an image, and an answer that is off by so much (0..1)."""

    metrics: Callable[[], Metrics]
    true: Callable[[np.random.Generator], Result]
    said: Callable[[np.random.Generator, Result, float], Result]


def _label(random: np.random.Generator, target: Result, off: float) -> Result:
    assert isinstance(target, Label)
    right = float(random.random() >= 0.5 * off)
    shares = np.array([0.1, 0.1])
    shares[target.index if right else 1 - target.index] += 0.8
    return Label(NAMES, shares)


def _labels(random: np.random.Generator, target: Result, off: float) -> Result:
    assert isinstance(target, LabelSet)
    return LabelSet(NAMES, np.clip(target.probabilities + off * random.normal(0, 1, 2), 0, 1), np.full(2, 0.5))


def _numbers(random: np.random.Generator, target: Result, off: float) -> Result:
    assert isinstance(target, Numbers)
    return Numbers(("x",), ("m",), target.values + off * random.normal(0, 1, 1), np.ones(1))


def _map(random: np.random.Generator, target: Result, off: float) -> Result:
    assert isinstance(target, ClassMap)
    return ClassMap(NAMES, COLOURS, np.where(random.random((8, 8)) < off / 2, 1 - target.indices, target.indices))


def _boxes(random: np.random.Generator, target: Result, off: float) -> Result:
    assert isinstance(target, Boxes)
    moved = target.xyxy + off * random.uniform(-15, 15, (3, 1))
    return Boxes.of(NAMES, (100, 100), moved, target.labels, scores=random.uniform(0.5, 1, 3))


def _segments(random: np.random.Generator, target: Result, off: float) -> Result:
    assert isinstance(target, PanopticMap)
    ids = np.where(random.random((8, 8)) < off / 2, 3 - target.ids, target.ids).astype(np.int32)
    return PanopticMap.of(NAMES, (False, True), ids, [1, 2], [0, 1])


def _half(random: np.random.Generator) -> np.ndarray:
    return (np.arange(64).reshape(8, 8) // 8 > random.integers(2, 6)).astype(np.uint8)


def _three(random: np.random.Generator) -> np.ndarray:
    corners = random.uniform(0, 60, (3, 2))
    return np.concatenate([corners, corners + 30], axis=1)


CASES = {
    "classification": Case(
        lambda: ClassMetrics(NAMES), lambda random: Label.certain(int(random.integers(2)), NAMES), _label
    ),
    "multilabel": Case(
        lambda: LabelSetMetrics(NAMES), lambda random: LabelSet.certain(random.random(2) < 0.5, NAMES), _labels
    ),
    "regression": Case(
        lambda: NumberMetrics(NumberTargets(names=("x",), units=("m",), mean=(0.0,), std=(1.0,))),
        lambda random: Numbers(("x",), ("m",), random.normal(size=1), np.ones(1)),
        _numbers,
    ),
    "segmentation": Case(lambda: ClassMapMetrics(NAMES), lambda random: ClassMap(NAMES, COLOURS, _half(random)), _map),
    "detection": Case(
        lambda: BoxMetrics(NAMES),
        lambda random: Boxes.of(NAMES, (100, 100), _three(random), random.integers(0, 2, 3)),
        _boxes,
    ),
    "panoptic": Case(
        lambda: PanopticMetrics(NAMES, (False, True)),
        lambda random: PanopticMap.of(NAMES, (False, True), 1 + _half(random).astype(np.int32), [1, 2], [0, 1]),
        _segments,
    ),
}


def _judged(case: Case, targets: Sequence[Result], off: float, seed: int) -> Metrics:
    metrics, random = case.metrics(), np.random.default_rng(seed)
    for target in targets:
        metrics.update(target, case.said(random, target, off))
    return metrics


@pytest.mark.parametrize("task", CASES)
def test_the_better_of_two_is_told_as_better_by_the_difference_of_the_metric(task: str) -> None:
    case, random = CASES[task], np.random.default_rng(0)
    targets = [case.true(random) for _ in range(IMAGES)]
    good, bad = _judged(case, targets, 0.2, 1), _judged(case, targets, 0.9, 2)
    found = compared(good, bad)
    assert found is not None
    metric = good.selected_by[0]
    assert found.metric == metric.name
    reached = [metric.key(each.compute(intervals=False)) for each in (good, bad)]
    assert found.difference.value == pytest.approx(reached[0] - reached[1])
    assert found.difference.low <= found.difference.value <= found.difference.high
    assert found.difference.value > 0
    assert found.differs
    back = compared(bad, good)
    assert back is not None
    assert back.difference.value == pytest.approx(-found.difference.value)


@pytest.mark.parametrize("task", CASES)
def test_what_is_alike_is_not_told_as_different(task: str) -> None:
    case, random = CASES[task], np.random.default_rng(3)
    targets = [case.true(random) for _ in range(IMAGES)]
    same = _judged(case, targets, 0.5, 4)
    found = compared(same, _judged(case, targets, 0.5, 4))
    assert found is not None
    assert (found.difference.value, found.p) == (0.0, 1.0)
    assert compared(same, CASES["regression" if task != "regression" else "detection"].metrics()) is None
