"""The loop: when weights are averaged, and what of them is checked."""

from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from tests.training.begun import begun
from torch import Tensor, nn

from convsight.errors import UserError
from convsight.progress import Silent
from convsight.training.ema import Ema
from convsight.training.fit import fit


@pytest.mark.parametrize("accumulate", [1, 3])
def test_weights_are_averaged_once_a_step_of_the_optimizer(photos: Path, tmp_path: Path, accumulate: int) -> None:
    t = begun(photos, tmp_path / "run", accumulate=accumulate, batch=4, epochs=2, export=False)
    taken: list[tuple[int, Tensor]] = []
    update = Ema.update

    def noted(self: Ema, model: nn.Module, step: int) -> None:
        taken.append((step, next(model.parameters()).detach().clone()))
        update(self, model, step)

    t.run.path.mkdir()
    with patch.object(Ema, "update", noted):
        fit(t, Silent())
    steps = -(-t.loader.steps // accumulate) * 2
    assert t.loader.steps % 3, "a group must be left at the end"
    assert [step for step, _ in taken] == list(range(steps))
    assert torch.equal(taken[-1][1], next(t.learner.network.parameters()))  # the last step is in the average
    weights = [values for _, values in taken]
    assert not any(torch.equal(one, next_) for one, next_ in pairwise(weights))


def test_infinite_weights_of_a_network_that_is_not_kept_are_found(photos: Path, tmp_path: Path) -> None:
    t = begun(photos, tmp_path / "run", epochs=1, export=False)
    t.learner.critic = nn.Linear(2, 2)
    nn.init.constant_(t.learner.critic.weight, torch.inf)
    t.run.path.mkdir()
    with pytest.raises(UserError, match="the weights became infinite in epoch 1"):
        fit(t, Silent())
