"""The verdict whether maps depend on the model, of measured likeness."""

import numpy as np
import pytest

from convsight.explain.randomisation import Alike, Randomisation

RNG = np.random.default_rng(3)
FLOOR = RNG.normal(0.1, 0.05, 20)


def alike(above: float, spread: float = 0.02) -> Alike:
    noise = RNG.normal(0, spread, 20)
    return Alike.of(FLOOR + above + noise - noise.mean(), FLOOR)


def test_intervals_hold_the_means_and_narrow_with_the_pictures() -> None:
    found = alike(0.3)
    assert found.floor.value == pytest.approx(FLOOR.mean())
    assert found.untrained.value - found.floor.value == pytest.approx(found.above.value)
    assert found.above.low < found.above.value < found.above.high
    error = 0.02 / np.sqrt(20)
    assert found.above.high - found.above.low == pytest.approx(2 * 1.96 * error, rel=0.4)


@pytest.mark.parametrize(
    ("above", "spread", "expected"),
    [
        (0.3, 0.02, "does not depend on the model"),
        (-0.05, 0.02, "depends on the model"),
        (0.0, 0.02, "depends on the model"),
        (0.01, 0.001, "depends on the model"),
        (0.0, 0.2, "undecided"),
        (0.02, 0.02, "undecided"),
    ],
)
def test_maps_more_alike_than_those_of_two_pictures_do_not_depend_on_the_model(
    above: float, spread: float, expected: str
) -> None:
    rank = alike(0.3)
    found = Randomisation("saliency", 20, 5, rank, alike(above, spread))
    assert found.verdict == expected
    assert found.depends == {"undecided": None}.get(expected, expected == "depends on the model")


def test_its_json_holds_verdict_and_intervals() -> None:
    found = Randomisation("saliency", 20, 5, alike(0.3), alike(0.3)).to_json()
    assert found["verdict"] == "does not depend on the model"
    assert set(found["rank"]) == {"untrained", "floor", "above"}
