"""What chooses between epochs."""

import pytest

from convsight.metrics import Measured, Selection


@pytest.mark.parametrize(("better", "best"), [("higher", 0.9), ("lower", 0.1)])
def test_the_better_value_has_the_larger_key_and_beats_the_other(better: str, best: float) -> None:
    selection = Selection("error", better)  # type: ignore[arg-type]
    values = [0.1, 0.5, 0.9]
    assert max(values, key=lambda value: selection.key({"error": Measured(value, value, value)})) == best
    assert all(selection.beats(best, other) for other in values if other != best)
    assert not selection.beats(best, best)
