"""Targets are held where an eighth of the memory has room for them."""

import numpy as np
import pytest
import torch

from convsight.tasks import target_tensors
from convsight.tasks.target_tensors import HeldTargets, TargetsOnDemand, held_where_it_fits


@pytest.mark.parametrize(("free", "held"), [(8 * 40, True), (8 * 40 - 1, False)])
def test_they_are_held_up_to_an_eighth_of_the_memory(monkeypatch: pytest.MonkeyPatch, free: int, held: bool) -> None:
    monkeypatch.setattr(target_tensors, "available_memory_bytes", lambda: free)
    made = TargetsOnDemand(lambda sample: {"number": torch.tensor(10 * sample)})
    found = held_where_it_fits(made, 4, 10)
    assert isinstance(found, HeldTargets) == held
    assert found.take(np.array([3, 1]))["number"].tolist() == [30, 10]
