"""What a metric says about its numbers: which way is better, how much is a point, how they are reported."""

import math

import pytest

from convsight.metrics import Measured, Metric, metric_of

RMSE = Metric("rmse", "lower", perfect=0.0, span=12.5, unit="m", share=False)


@pytest.mark.parametrize(("metric", "best"), [(Metric("recall"), 0.9), (RMSE, 0.1)])
def test_the_better_value_has_the_larger_key_and_beats_the_other(metric: Metric, best: float) -> None:
    values = [0.1, 0.5, 0.9]
    assert max(values, key=lambda value: metric.key({metric.name: Measured(value, value, value)})) == best
    assert all(metric.beats(best, other) for other in values if other != best)
    assert not metric.beats(best, best)
    assert not metric.beats(math.nan, best)


def test_a_point_is_a_hundredth_of_the_span() -> None:
    assert Metric("accuracy").points(0.99, 0.984) == 100 * (0.99 - 0.984)
    assert Metric("accuracy").points(0.5, 0.6) == pytest.approx(-10)
    assert RMSE.points(3.0, 4.25) == pytest.approx(10)
    assert RMSE.points(3.0, 1.75) == pytest.approx(-10)
    assert math.isnan(RMSE.points(3.0, math.nan))


def test_what_is_left_is_the_way_to_perfect() -> None:
    assert Metric("accuracy").left(0.75) == 0.25
    assert RMSE.left(3.2) == 3.2
    assert Metric("psnr", perfect=math.inf, span=20.0).left(30.0) == math.inf


@pytest.mark.parametrize(
    ("span", "text"), [(1.0, "0.1235"), (12.5, "0.123"), (9.9, "0.1235"), (4e6, "0"), (0.002, "0.1234568")]
)
def test_numbers_have_the_digits_that_their_span_makes_worth_telling(span: float, text: str) -> None:
    assert Metric("error", span=span).text(0.12345678) == text
    assert Metric("error", span=span, unit="m").text(0.12345678) == f"{text} m"


def test_intervals_have_as_many_digits_and_no_unit() -> None:
    assert RMSE.interval(Measured(3.2, 2.9, 3.5), " to ") == "2.900 to 3.500"
    assert RMSE.interval(Measured(3.2, 3.20001, 3.20002), " to ") == ""


@pytest.mark.parametrize("span", [0.0, -1.0, math.inf, math.nan])
def test_a_span_that_no_point_can_be_part_of_is_refused(span: float) -> None:
    with pytest.raises(ValueError, match="the span of error must be a positive number"):
        Metric("error", span=span)


def test_parts_and_baselines_are_of_the_metric_that_they_name() -> None:
    described = {"rmse": RMSE}
    for name in ("test/rmse", "val/rmse/bend", "test/baseline/mean/rmse", "rmse"):
        assert metric_of(described, name) is RMSE
    assert metric_of(described, "test/accuracy") == Metric("accuracy", "higher", 1.0, 1.0, "", True)


def test_a_part_may_have_a_unit_of_its_own() -> None:
    described = {"rmse": Metric("rmse", unit="std"), "rmse/age": Metric("rmse/age", unit="years")}
    assert metric_of(described, "test/rmse/age").unit == "years"
    assert metric_of(described, "test/rmse/height").unit == metric_of(described, "test/rmse").unit == "std"
