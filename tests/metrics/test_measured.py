"""A measured number in words."""

from convsight.metrics import Measured


def test_an_interval_without_width_is_not_told() -> None:
    assert str(Measured(1.0, 1.0, 1.0)) == "1.0000"
    assert Measured(0.5, 0.4, 0.6).interval(" .. ") == "0.4000 .. 0.6000"


def test_it_stands_for_its_value() -> None:
    assert float(Measured(0.5, 0.4, 0.6)) == 0.5
