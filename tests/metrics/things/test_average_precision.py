from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tasks.detection.judged import Case, cases

from convsight.metrics.things import average_precision as module
from convsight.tasks.detection.light.metrics import BoxMeasure

UNHURRIED = settings(deadline=None, max_examples=40)


def untied(case: Case, seed: int) -> Case:
    """The case with scores of which no two are equal."""
    scores = np.random.default_rng(seed).permutation(sum(len(boxes) for boxes in case.results)) / 1000
    parts = np.split(scores, np.cumsum([len(boxes) for boxes in case.results])[:-1])
    changed = [replace(boxes, scores=part) for boxes, part in zip(case.results, parts, strict=True)]
    return Case(case.classes, case.targets, changed)


@UNHURRIED
@given(cases(), st.integers(0, 2**32 - 1))
def test_a_weight_is_an_image_given_so_many_times(case: Case, seed: int) -> None:
    case = untied(case, seed)
    images = len(case.targets)
    weights = np.random.default_rng(seed).integers(0, 4, (3, images)).astype(np.float64)
    weights[:, 0] += 1  # some image is there
    found = BoxMeasure(case.coco)(weights)
    for row, repeats in enumerate(weights.astype(int)):
        places = np.repeat(np.arange(images), repeats).tolist()
        repeated = Case(case.classes, [case.targets[each] for each in places], [case.results[each] for each in places])
        expected = repeated.metrics.compute(intervals=False)
        assert {name for name, values in found.items() if not np.isnan(values[row])} == set(expected)
        for name, measured in expected.items():
            assert found[name][row] == pytest.approx(measured.value, abs=1e-9), name


@UNHURRIED
@given(cases())
def test_small_portions_give_the_same(case: Case) -> None:
    weights = np.random.default_rng(0).integers(1, 4, (5, len(case.targets))).astype(np.float64)
    whole = case.coco.measure(weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", 1)
        parts = case.coco.measure(weights)
    for name, values in whole.items():
        np.testing.assert_array_equal(values, parts[name])
