from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from convsight.results import Numbers
from convsight.results.mixture import Mixture
from convsight.targets import NumberTargets
from convsight.tasks.regression.light.metrics import NumberMetrics

ONE = NumberTargets(names=("age",), units=("years",), mean=(40.0,), std=(10.0,))
TWO = NumberTargets(names=("age", "height"), units=("years", "m"), mean=(40.0, 1.7), std=(10.0, 0.1))


def judged(target: NumberTargets, count: int = 60, width: float = 1.0) -> tuple[NumberMetrics, Any, Any]:
    random, scale = np.random.default_rng(0), np.array(target.scale)
    true = random.normal(np.array(target.mean), scale, (count, len(scale)))
    said = true + random.normal(0, 0.3, true.shape) * scale
    found = NumberMetrics(target)
    for row in range(count):
        mixture = Mixture(np.ones((len(scale), 1)), said[row][:, None], 0.3 * width * scale[:, None])
        found.update(
            Numbers(target.names, target.units, true[row], np.ones(len(scale))),
            Numbers(target.names, target.units, mixture.mean, scale, mixture),
        )
    return found, true, said


def test_they_are_those_of_scikit_learn() -> None:
    metrics, true, said = judged(ONE)
    found = {name: value.value for name, value in metrics.compute(intervals=False).items()}
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(true, said))
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(true, said))
    assert found["median_error"] == pytest.approx(sk.median_absolute_error(true, said))
    assert found["r2"] == pytest.approx(sk.r2_score(true, said))


def test_a_resample_is_measured_as_its_images_are() -> None:
    """Weights of the bootstrap stand for images drawn so many times: the median and R2 too."""
    metrics, true, said = judged(ONE, 15)
    weights = np.random.default_rng(1).multinomial(15, np.full(15, 1 / 15), 20).astype(np.float32)
    found = metrics._measure("", np.ones(1), slice(None))(weights)
    for row, drawn in enumerate(weights.astype(int)):
        rows = np.repeat(np.arange(15), drawn)
        assert found["median_error"][row] == pytest.approx(sk.median_absolute_error(true[rows], said[rows]))
        assert found["r2"][row] == pytest.approx(sk.r2_score(true[rows], said[rows]), rel=1e-5)


def test_several_are_told_together_in_standard_deviations_and_apart_in_their_units() -> None:
    metrics, true, said = judged(TWO)
    found = {name: value.value for name, value in metrics.compute(intervals=False).items()}
    for column, name in enumerate(TWO.names):
        assert found[f"rmse/{name}"] == pytest.approx(sk.root_mean_squared_error(true[:, column], said[:, column]))
    assert found["mae"] == pytest.approx(np.abs((true - said) / [10.0, 0.1]).mean())
    assert found["r2"] == pytest.approx(sk.r2_score(true, said))
    described = metrics.described()
    assert (described["rmse"].unit, described["rmse/height"].unit, described["rmse/height"].span) == ("std", "m", 0.1)


def test_intervals_hold_the_value_and_coverage_has_that_of_a_share() -> None:
    metrics, _, _ = judged(ONE)
    found = metrics.compute()
    assert all(each.low <= each.value <= each.high for each in found.values())
    assert found["rmse"].low < found["rmse"].value < found["rmse"].high
    assert found["coverage"].value == pytest.approx(0.9, abs=0.1)
    assert found["coverage"].low < 0.9 < found["coverage"].high


@pytest.mark.parametrize("target", [ONE, TWO])
def test_calibrated_intervals_hold_nine_tenths_of_what_they_were_calibrated_on(target: NumberTargets) -> None:
    narrow, _, _ = judged(target, width=0.2)
    assert narrow.compute(intervals=False)["coverage"].value < 0.5
    calibration = narrow.calibration()
    assert calibration.keys() == {f"width/{name}" for name in target.names}
    found = narrow.calibrated(calibration).compute(intervals=False)
    assert found["coverage"].value == pytest.approx(0.9, abs=0.03)
    assert found["nll"].value < narrow.compute(intervals=False)["nll"].value
    assert found["rmse"] == narrow.compute(intervals=False)["rmse"]


def test_without_distributions_there_is_no_coverage_and_of_equal_truths_no_r2() -> None:
    metrics = NumberMetrics(ONE)
    for said in (1.0, 2.0):
        metrics.update(*(Numbers(("age",), ("years",), np.array([each]), np.ones(1)) for each in (3.0, said)))
    assert metrics.compute(intervals=False).keys() == {"rmse", "mae", "median_error"}
    assert metrics.calibration() == {}
