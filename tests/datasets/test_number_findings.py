import numpy as np
import pytest

from convsight.datasets.dataset import Dataset, Split
from convsight.datasets.number_findings import find_odd_numbers
from convsight.results import NumbersOfMany
from convsight.targets import NumberTargets

TARGET = NumberTargets(names=("age",), units=("years",))


def data(values: list[float]) -> Dataset:
    targets = NumbersOfMany(np.array(values)[:, None], TARGET.names, TARGET.units)
    names = [f"{number}.png" for number in range(len(values))]
    split = Split("all", np.zeros((len(values), 2, 2), np.uint8), targets, names)
    return Dataset("x", "x", "regression", TARGET, {"all": split})


def test_usual_numbers_are_no_finding() -> None:
    assert list(find_odd_numbers(data(np.random.default_rng(0).normal(0, 1, 500).tolist()))) == []


def test_what_lies_far_out_is_named_once_and_several_times() -> None:
    values = [*np.linspace(20, 60, 40).tolist(), 4000.0, -999.0, -999.0, -999.0]
    marks, outliers = find_odd_numbers(data(values))
    assert (marks.kind, marks.level, [entry.note for entry in marks.entries]) == ("marks", "suspicion", ["-999"] * 3)
    assert [entry.images[0].name for entry in outliers.entries] == ["40.png"]
    assert outliers.words == "1 image whose age (years) is far from those of the others"


def test_a_constant_number_is_told() -> None:
    (found,) = find_odd_numbers(data([3.0] * 5))
    assert (found.kind, found.entries[0].note) == ("constant-numbers", "age: 3")


@pytest.mark.parametrize("values", [[1.0, 2.0, 900.0], [0.0] * 30 + [1.0]])
def test_few_numbers_and_those_of_no_spread_say_nothing(values: list[float]) -> None:
    assert list(find_odd_numbers(data(values))) == []
