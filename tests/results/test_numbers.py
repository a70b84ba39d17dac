import numpy as np
import pytest
from PIL import Image

from convsight.results import Numbers
from convsight.results.mistakes import draw_mistakes, mistakes_of
from convsight.results.mixture import Mixture

NAMES, UNITS = ("age", "ratio"), ("years", "")


def told(age: float, ratio: float, components: int = 1, width: float = 1.0) -> Numbers:
    values = np.array([age, ratio])
    mixture = Mixture(
        np.full((2, components), 1 / components),
        np.repeat(values[:, None], components, 1),
        np.full((2, components), width),
    )
    return Numbers(NAMES, UNITS, mixture.mean, np.array([10.0, 2.0]), mixture)


def true(age: float, ratio: float) -> Numbers:
    return Numbers(NAMES, UNITS, np.array([age, ratio]), np.ones(2))


def test_json_has_unit_and_interval_and_the_parts_of_a_mixture() -> None:
    first, second = told(40.0, 1.0).to_json()["numbers"]
    assert (first["name"], first["value"], first["unit"], second["unit"]) == ("age", 40.0, "years", "")
    assert first["interval"] == pytest.approx({"level": 0.9, "low": 40 - 1.644854, "high": 40 + 1.644854}, abs=1e-4)
    assert "mixture" not in first
    parts = told(40.0, 1.0, components=2).to_json()["numbers"][1]["mixture"]
    assert parts == [{"weight": 0.5, "mean": 1.0, "deviation": 1.0}] * 2
    assert true(40.0, 1.0).to_json()["numbers"][0] == {"name": "age", "value": 40.0, "unit": "years"}


def test_rows_have_the_ends_behind_each_number() -> None:
    (row,) = told(40.0, 1.0).to_rows()
    assert row == pytest.approx((40.0, 38.355, 41.645, 1.0, -0.645, 2.645), abs=1e-3)
    assert true(40.0, 1.0).to_rows() == [(40.0, 1.0)]


def test_a_difference_counts_ends_of_intervals_too() -> None:
    one = told(40.0, 1.0)
    assert one.difference(told(41.0, 1.0)).largest == pytest.approx(0.1, abs=1e-4)
    wider = one.difference(told(40.0, 1.0, width=2.0))
    assert wider.largest == pytest.approx(1.644854 / 2, abs=1e-3)
    assert wider.same == 1.0
    assert one.difference(told(46.0, 1.0)).same == 0.5


def test_a_mistake_is_a_truth_outside_the_interval() -> None:
    assert mistakes_of(told(40.0, 1.0), true(41.5, 2.5)) == []
    (found,) = mistakes_of(told(40.0, 1.0), true(42.0, 1.0))
    assert (found.kind, found.target) == ("outside", "age 42 years")
    assert found.severity == pytest.approx(0.2)
    assert found.prediction.startswith("age 40 [38.36, 41.64] years")
    worst, other = mistakes_of(told(40.0, 1.0), true(50.0, 9.0))
    assert (worst.severity, other.severity) == (4.0, 1.0)


def test_it_is_drawn_above_the_image() -> None:
    image = Image.new("RGB", (220, 100))
    assert told(40.0, 1.0).draw(image).height > 100
    assert draw_mistakes(told(40.0, 1.0), true(60.0, 1.0), image).height > 100
